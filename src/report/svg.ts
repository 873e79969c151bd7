// The picture of a graph: a box for each node with its state and time, an arrow for each need.
import { type Line, layOut } from './layout.ts'
import { escapeMarkup as escaped } from './markup.ts'
import { type Pictured, stateText } from './pictured.ts'
import { toneRules } from './tones.ts'
import { counted } from './words/watch.ts'

// What is written in a box below its name.
interface Noted extends Pictured {
  readonly note: string
}

// A picture with more boxes than this says nothing; tasks are drawn then, each with the number of its nodes.
const MOST = 80

/** An SVG document of its own. */
export function svgText(nodes: readonly Pictured[]): string {
  const isByTask = nodes.length > MOST
  const drawn = isByTask ? byTask(nodes) : nodes.map(noted)
  const known = new Set(drawn.map(({ name }) => name))
  const edges = drawn.flatMap(({ name, needs }) =>
    needs.filter((need) => known.has(need)).map((need) => [need, name] as const),
  )
  const { width, height, boxes, lines } = layOut(
    drawn.map(({ name, note }) => ({ id: name, label: longer(name, note) })),
    edges,
  )
  const arrows = lines.map(
    (line) => `<path class="edge" d="${curve(line)}" marker-end="url(#arrow)"/>`,
  )
  const rects = boxes.map((box, i) => boxText(drawn[i] as Noted, box))
  // What leads somewhere is no mere picture: a reader of the screen has to find the links.
  const role = nodes.some(({ href }) => href !== undefined) ? 'group' : 'img'
  const label = `graph of ${counted(drawn.length, isByTask ? 'task' : 'node')}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="${role}" aria-label="${label}">
<style>${STYLE}</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" class="head"/></marker></defs>
${[...arrows, ...rects].join('\n')}
</svg>
`
}

const TONES = toneRules((of, { fill, line }) => `.box${of} rect{fill:${fill};stroke:${line}}`)
const STYLE = `
.edge{fill:none;stroke:#8a94a6;stroke-width:1.3}.head{fill:#8a94a6}
.box rect{fill:#eef1f5;stroke:#8a94a6}.box text{font:13px ui-monospace,monospace;fill:#1b2430}
.box .note{font-size:11px;fill:#4a5568}a:hover rect{stroke-width:2}
${TONES.light}
@media(prefers-color-scheme:dark){.edge{stroke:#6b7688}.head{fill:#6b7688}.box rect{fill:#222a35;stroke:#6b7688}.box text{fill:#dde3ec}.box .note{fill:#a3afc0}${TONES.dark}}
`.replaceAll('\n', '')

// It leaves and comes in level, so that lines that meet in a box can be told apart.
function curve({ points }: Line): string {
  const [first, ...rest] = points.map(({ x, y }) => ({ x: round(x), y: round(y) }))
  let { x, y } = first as { x: number; y: number }
  const parts = rest.map((to) => {
    const middle = round((x + to.x) / 2)
    const part = `C${middle},${y} ${middle},${to.y} ${to.x},${to.y}`
    ;({ x, y } = to)
    return part
  })
  return `M${first?.x},${first?.y} ${parts.join(' ')}`
}

function boxText(
  { name, title, state, note, href }: Noted,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): string {
  const [left, top] = [round(x - width / 2), round(y - height / 2)]
  const body = `<g class="box s-${escaped(state)}"><title>${escaped(title)}</title><rect x="${left}" y="${top}" width="${round(width)}" height="${round(height)}" rx="6"/><text x="${round(x)}" y="${round(y - 3)}" text-anchor="middle">${escaped(name)}</text><text class="note" x="${round(x)}" y="${round(y + 14)}" text-anchor="middle">${escaped(note)}</text></g>`
  return href === undefined ? body : `<a href="${escaped(href)}">${body}</a>`
}

function noted(node: Pictured): Noted {
  return { ...node, note: stateText(node) }
}

function longer(a: string, b: string): string {
  return a.length >= b.length ? a : b
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

// The worst state of its nodes is the state of a task.
const WORST = ['failed', 'timed-out', 'killed', 'blocked', 'cancelled', 'stale', 'maybe', 'changed']

function byTask(nodes: readonly Pictured[]): readonly Noted[] {
  const taskOf = (name: string): string => name.replace(/\[.*/s, '')
  const tasks = new Map<string, Pictured[]>()
  for (const node of nodes) {
    const task = taskOf(node.name)
    tasks.set(task, [...(tasks.get(task) ?? []), node])
  }
  return [...tasks].map(([name, of]) => {
    const [first, ...others] = of as [Pictured, ...Pictured[]]
    const needs = new Set(of.flatMap((node) => node.needs.map(taskOf)))
    needs.delete(name)
    if (others.length === 0) return { ...noted(first), needs: [...needs] }
    const counts = new Map<string, number>()
    for (const { state } of of) counts.set(state, (counts.get(state) ?? 0) + 1)
    const state = WORST.find((one) => counts.has(one)) ?? first.state
    const { href } = of.find((node) => node.state === state) ?? first
    const ms = of.reduce((sum, node) => sum + (node.ms ?? 0), 0)
    const all = [...counts].map(([one, count]) => `${count} ${one}`).join(', ')
    const note = stateText({ state: all, ms })
    const link = href === undefined ? {} : { href }
    return { name, title: `${of.length} nodes`, needs: [...needs], state, ms, note, ...link }
  })
}
