// When each node of a run ran, as bars under an axis of time.
import { criticalPath } from './critical-path.ts'
import { escapeMarkup as escaped } from './markup.ts'
import { type PastNode, stateOf } from './past-nodes.ts'

const BAR = 18
const AXIS = 20

interface Ran extends PastNode {
  readonly startedAt: number
}

/** The bars as SVG, and what is outlined; `at`: when the run began, milliseconds since 1970. */
export function timelineText(nodes: readonly PastNode[], at: number): string {
  const ran = nodes.filter((node): node is Ran => node.startedAt !== undefined)
  if (ran.length === 0) return '<p>nothing ran</p>'
  const span = Math.max(1, Math.max(...ran.map(({ startedAt, spanMs }) => startedAt + spanMs)) - at)
  const critical = new Set(criticalPath(nodes).map(({ name }) => name))
  const places = new Map(nodes.map(({ name }, i) => [name, i]))
  const bars = [...ran]
    .sort((a, b) => a.startedAt - b.startedAt)
    .map((node, row) => {
      const kind = critical.has(node.name) ? ' critical' : ''
      return `<a href="#n${places.get(node.name)}">${barText(node, kind, { at, span, row })}</a>`
    })
  const height = AXIS + bars.length * BAR
  return `<div class="wide"><svg class="timeline" width="100%" height="${height}" role="group" aria-label="timeline">${axis(span, height)}${bars.join('')}</svg></div>
<p class="note">${seconds(span)} in all; outlined: the chain of needs that took longest</p>`
}

function barText(
  node: Ran,
  kind: string,
  { at, span, row }: { readonly at: number; readonly span: number; readonly row: number },
): string {
  const { name, startedAt, spanMs } = node
  const left = ((startedAt - at) / span) * 100
  const right = left + Math.max(0.2, (spanMs / span) * 100)
  const top = AXIS + row * BAR
  const says = `${escaped(name)} ${seconds(spanMs)}`
  // A label stands where there is more room for it: right of its bar, or left.
  const label =
    100 - right > left
      ? `x="${right.toFixed(2)}%" dx="4"`
      : `x="${left.toFixed(2)}%" dx="-4" text-anchor="end"`
  const inside = right - left > 60 ? `x="${left.toFixed(2)}%" dx="6"` : label
  return `<rect class="bar s-${stateOf(node)}${kind}" x="${left.toFixed(2)}%" y="${top + 2}" width="${(right - left).toFixed(2)}%" height="${BAR - 4}" rx="2"><title>${says}</title></rect><text ${inside} y="${top + 13}">${says}</text>`
}

// At round times, of which there is room for so many.
const MOST_TICKS = 6
// A label behind this would run out of the picture.
const LAST = 0.95

function axis(span: number, height: number): string {
  const step = roundStep(span / MOST_TICKS)
  const digits = Math.max(0, 3 - Math.floor(Math.log10(step)))
  const count = Math.floor((span * LAST) / step) + 1
  return Array.from({ length: count }, (_, i) => {
    const x = `${(((i * step) / span) * 100).toFixed(2)}%`
    const time = `${((i * step) / 1000).toFixed(digits)}s`
    const label = `<text class="tick" x="${x}" dx="3" y="12">${time}</text>`
    return `<line class="tick" x1="${x}" x2="${x}" y1="0" y2="${height}"/>${label}`
  }).join('')
}

/** The next of 1, 2, 5, 10, 20, 50, …, and never less than a millisecond. */
function roundStep(least: number): number {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(least)))
  return (([1, 2, 5, 10] as const).find((one) => one * power >= least) ?? 10) * power
}

/** `4.20s`, `12.3s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)}s`
}
