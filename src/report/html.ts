// One run as a page of its own: graph, timeline, and of each node its reasons, its failure and its log.
// No script, nothing fetched: it can be mailed, and opened years later.
import { criticalPath } from './critical-path.ts'
import { escapeMarkup as escaped, escapeLines } from './markup.ts'
import type { PastNode } from './past-nodes.ts'
import { svgText } from './svg.ts'
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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(new Date(at).toISOString())} &#183; ${escaped(targets.join(' ') || 'all nodes')}</p>
<pre class="summary">${escapeLines(summary)}</pre>
</header>
<section><h2>Graph</h2><div class="wide">${svgText(nodes.map(pictured))}</div></section>
<section><h2>Timeline</h2>${timeline(page)}</section>
<section><h2>Nodes</h2>
${nodes.map((node) => detail(node, page)).join('\n')}
</section>
</body>
</html>
`
}

function pictured(node: PastNode, i: number) {
  const { name, title, needs, outcome = 'killed', ms } = node
  return { name, title, needs, state: outcome, ms, href: `#n${i}` }
}

const BAR = 18

function timeline({ nodes, at }: Page): string {
  const ran = nodes.filter(({ startedAt }) => startedAt !== undefined)
  if (ran.length === 0) return '<p>nothing ran</p>'
  const end = Math.max(...ran.map(({ startedAt, ms }) => (startedAt as number) + ms))
  const span = Math.max(1, end - at)
  const critical = new Set(criticalPath(nodes).map(({ name }) => name))
  const rows = [...ran]
    .sort((a, b) => (a.startedAt as number) - (b.startedAt as number))
    .map(({ name, startedAt, ms, outcome = 'killed' }, row) => {
      const left = (((startedAt as number) - at) / span) * 100
      const width = Math.max(0.2, (ms / span) * 100)
      const kind = `bar s-${escaped(outcome)}${critical.has(name) ? ' critical' : ''}`
      const index = nodes.findIndex((node) => node.name === name)
      return `<a href="#n${index}"><rect class="${kind}" x="${left.toFixed(2)}%" y="${row * BAR + 2}" width="${width.toFixed(2)}%" height="${BAR - 4}"><title>${escaped(name)} ${seconds(ms)}</title></rect><text x="${left > 60 ? left.toFixed(2) : (left + width).toFixed(2)}%" dx="${left > 60 ? -4 : 4}" y="${row * BAR + 13}"${left > 60 ? ' text-anchor="end"' : ''}>${escaped(name)} ${seconds(ms)}</text></a>`
    })
  return `<svg class="timeline" width="100%" height="${rows.length * BAR}" role="img" aria-label="timeline">${rows.join('')}</svg>
<p class="note">${seconds(span)} in all; outlined: the chain of needs that took longest</p>`
}

function detail(node: PastNode, { nodes, logOf }: Page): string {
  const { name, title, outcome = 'killed', ms, reasons, failure, blockedBy, attempts } = node
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
  return `<details id="n${nodes.indexOf(node)}"${isOpen}><summary><span class="tag s-${escaped(outcome)}">${escaped(outcome + by)}</span> <b>${escaped(name)}</b> <span class="note">${escaped(title)} &#183; ${seconds(ms)}${tries}</span></summary>
${parts.filter(Boolean).join('\n')}
</details>`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)}s`
}

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:1rem 1.5rem;color:#1b2430;background:#fff}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.6rem 0 .5rem}
header p{margin:.1rem 0;color:#4a5568}.note{color:#5a6577;font-size:.87rem}
.wide{overflow-x:auto}.timeline{font:12px ui-monospace,monospace}
pre{background:#f5f6f8;border:1px solid #dfe3ea;border-radius:6px;padding:.6rem;overflow-x:auto;font:12.5px/1.45 ui-monospace,monospace}
details{border-top:1px solid #e6e9ef;padding:.35rem 0}summary{cursor:pointer}
.tag{display:inline-block;min-width:5.5rem;text-align:center;border-radius:4px;font-size:.8rem;padding:0 .4rem;background:#eef1f5}
.bar{fill:#9fb4cc}.bar.critical{stroke:#1b2430;stroke-width:1.5}
.tag.s-fresh,.tag.s-unchanged,.tag.s-restored{background:#e3f4e8}.bar.s-unchanged,.bar.s-restored{fill:#8fcaa2}
.tag.s-changed{background:#dfeefb}.bar.s-changed{fill:#84b6e0}
.tag.s-failed,.tag.s-timed-out,.tag.s-killed{background:#fbe1e1}.bar.s-failed,.bar.s-timed-out,.bar.s-killed{fill:#e39090}
.tag.s-blocked,.tag.s-cancelled{background:#eceaf3}.bar.s-cancelled{fill:#bdb5da}
.failure{color:#a32020;font-family:ui-monospace,monospace;font-size:.9rem}
@media (prefers-color-scheme:dark){body{color:#dde3ec;background:#12161c}pre{background:#1a2029;border-color:#2c3542}.note,header p{color:#93a0b4}details{border-color:#262e3a}.tag{color:#1b2430}.timeline text{fill:#dde3ec}.failure{color:#ff8f8f}.wide{background:#fff;border-radius:6px}}
`.replaceAll('\n', '')
