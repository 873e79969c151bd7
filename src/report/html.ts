// One run as a page of its own: graph, timeline, and of each node its reasons, its failure and its log.
// No script, nothing fetched: it can be mailed, and opened years later.
import { escapeMarkup as escaped, escapeLines } from './markup.ts'
import { STYLE } from './page-style.ts'
import { type PastNode, stateOf } from './past-nodes.ts'
import type { Pictured } from './pictured.ts'
import { svgText } from './svg.ts'
import { seconds, timelineText } from './timeline.ts'
import { reasonText } from './words/reason.ts'

export interface Page {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly targets: readonly string[]
  /** The last lines of the run, as the terminal showed them. */
  readonly summary: string
  readonly nodes: readonly PastNode[]
  /** What is known of a node's log; '' when another run has overwritten it. */
  readonly logOf: (node: PastNode) => string
}

/** The whole document. */
export function htmlText(page: Page): string {
  const { id, at, targets, summary, nodes } = page
  const title = `run ${id}`
  const when = new Date(at).toISOString().slice(0, 19).replace('T', ' ')
  return documentOf(
    title,
    `<header>
<h1>${escaped(title)}</h1>
<p>${escaped(when)} UTC &#183; ${escaped(targets.join(' ') || 'all nodes')}</p>
<p>${chips(nodes)}</p>
<pre class="summary">${escapeLines(summary.trimEnd())}</pre>
</header>
<section><h2>Graph</h2><div class="wide">${svgText(nodes.map(pictured))}</div></section>
<section><h2>Timeline</h2>${timelineText(nodes, at)}</section>
<section><h2>Nodes</h2>
${[...nodes]
  .sort((a, b) => Number(isFailed(b)) - Number(isFailed(a)))
  .map((node) => detail(node, page))
  .join('\n')}
</section>`,
  )
}

/** A page with the picture of a graph and nothing else. */
export function graphPage(nodes: readonly Pictured[]): string {
  const picture = nodes.length === 0 ? '<p>the graph has no nodes</p>' : svgText(nodes)
  return documentOf('graph', `<div class="whole">${picture}</div>`)
}

function documentOf(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`
}

// How many nodes became what: also the legend of the colours.
function chips(nodes: readonly PastNode[]): string {
  const counts = new Map<string, number>()
  for (const state of nodes.map(stateOf)) counts.set(state, (counts.get(state) ?? 0) + 1)
  return [...counts]
    .map(
      ([state, count]) => `<span class="tag s-${escaped(state)}">${count} ${escaped(state)}</span>`,
    )
    .join(' ')
}

function isFailed({ failure }: PastNode): boolean {
  return failure !== undefined
}

function pictured(node: PastNode, i: number) {
  const { name, title, needs, ms } = node
  return { name, title, needs, state: stateOf(node), ms, href: `#n${i}` }
}

function detail(node: PastNode, { nodes, logOf }: Page): string {
  const { name, title, ms, reasons, failure, blockedBy, attempts } = node
  const state = stateOf(node)
  const tries = attempts > 1 ? `, ${attempts} tries` : ''
  const by = blockedBy === undefined ? '' : ` by ${blockedBy}`
  const why = reasons.map((reason) => `<li>${escaped(reasonText(reason))}</li>`).join('')
  const log = failure?.tail || logOf(node)
  const parts = [
    why && `<ul>${why}</ul>`,
    failure && `<p class="failure">${escaped(failure.message)}</p>`,
    failure?.hint && `<p>hint: ${escaped(failure.hint)}</p>`,
    log && `<pre>${escapeLines(log)}</pre>`,
  ]
  const isOpen = failure === undefined ? '' : ' open'
  return `<details id="n${nodes.indexOf(node)}"${isOpen}><summary><span class="tag s-${escaped(state)}">${escaped(state + by)}</span> <b>${escaped(name)}</b> <span class="note">${[title === name ? '' : escaped(title), ms > 0 ? seconds(ms) : ''].filter(Boolean).join(' &#183; ')}${tries}</span></summary>
${parts.filter(Boolean).join('\n')}
</details>`
}
