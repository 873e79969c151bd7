// The picture of a graph: a box for each node with its state and time, an arrow for each need.
import { layOut } from './layout.ts'
import { escapeMarkup as escaped } from './markup.ts'

export interface Pictured {
  readonly name: string
  readonly title: string
  readonly needs: readonly string[]
  /** As 'fresh', 'stale', 'failed': decides the colour and is written in the box. */
  readonly state: string
  readonly ms: number | undefined
  /** Where a click on it leads. */
  readonly href?: string
}

// A picture with more boxes than this says nothing; tasks are drawn then, each with the number of its nodes.
const MOST = 300

/** An SVG document of its own. */
export function svgText(nodes: readonly Pictured[]): string {
  const drawn = nodes.length > MOST ? byTask(nodes) : nodes
  const known = new Set(drawn.map(({ name }) => name))
  const edges = drawn.flatMap(({ name, needs }) =>
    needs.filter((need) => known.has(need)).map((need) => [need, name] as const),
  )
  const { width, height, boxes, lines } = layOut(
    drawn.map(({ name, state, ms }) => ({ id: name, label: longer(name, note(state, ms)) })),
    edges,
  )
  const arrows = lines.map(({ points }) => {
    const [first, ...rest] = points.map(({ x, y }) => `${round(x)},${round(y)}`)
    return `<path class="edge" d="M${first} L${rest.join(' ')}" marker-end="url(#arrow)"/>`
  })
  const rects = boxes.map((box, i) => boxText(drawn[i] as Pictured, box))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" aria-label="graph of ${drawn.length} nodes">
<style>${STYLE}</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" class="head"/></marker></defs>
${[...arrows, ...rects].join('\n')}
</svg>
`
}

const STYLE = `
.edge{fill:none;stroke:#8a94a6;stroke-width:1.3}.head{fill:#8a94a6}
.box rect{fill:#eef1f5;stroke:#8a94a6;rx:6}.box text{font:13px ui-monospace,monospace;fill:#1b2430}
.box .note{font-size:11px;fill:#4a5568}
.s-fresh rect,.s-unchanged rect,.s-restored rect{fill:#e3f4e8;stroke:#3f9a5b}
.s-changed rect{fill:#dfeefb;stroke:#2f78b7}
.s-stale rect,.s-maybe rect{fill:#fdf3d7;stroke:#b98a1d}
.s-failed rect,.s-timed-out rect,.s-killed rect{fill:#fbe1e1;stroke:#c23b3b}
.s-blocked rect,.s-cancelled rect{fill:#eceaf3;stroke:#7b6fa8}
`.replaceAll('\n', '')

function boxText(
  { name, title, state, ms, href }: Pictured,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): string {
  const [left, top] = [round(x - width / 2), round(y - height / 2)]
  const body = `<g class="box s-${escaped(state)}"><title>${escaped(title)}</title><rect x="${left}" y="${top}" width="${round(width)}" height="${round(height)}" rx="6"/><text x="${round(x)}" y="${round(y - 3)}" text-anchor="middle">${escaped(name)}</text><text class="note" x="${round(x)}" y="${round(y + 14)}" text-anchor="middle">${escaped(note(state, ms))}</text></g>`
  return href === undefined ? body : `<a href="${escaped(href)}">${body}</a>`
}

function note(state: string, ms: number | undefined): string {
  return ms === undefined || ms === 0 ? state : `${state} ${(ms / 1000).toFixed(1)}s`
}

function longer(a: string, b: string): string {
  return a.length >= b.length ? a : b
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

// The worst state of its nodes is the state of a task.
const WORST = ['failed', 'timed-out', 'killed', 'blocked', 'cancelled', 'stale', 'maybe', 'changed']

function byTask(nodes: readonly Pictured[]): readonly Pictured[] {
  const taskOf = (name: string): string => name.replace(/\[.*/s, '')
  const tasks = new Map<string, Pictured[]>()
  for (const node of nodes) {
    const task = taskOf(node.name)
    tasks.set(task, [...(tasks.get(task) ?? []), node])
  }
  return [...tasks].map(([name, of]) => {
    const states = new Set(of.map(({ state }) => state))
    const state = WORST.find((one) => states.has(one)) ?? (of[0] as Pictured).state
    const needs = new Set(of.flatMap((node) => node.needs.map(taskOf)))
    needs.delete(name)
    const ms = of.reduce((sum, node) => sum + (node.ms ?? 0), 0)
    return { name, title: `${of.length} nodes`, needs: [...needs], state, ms }
  })
}
