// Where the boxes and edges of a picture go: dagre decides, this file speaks to it.
import { Graph, layout } from '@dagrejs/dagre'

interface Point {
  readonly x: number
  readonly y: number
}

export interface Box extends Point {
  readonly id: string
  readonly width: number
  readonly height: number
}

export interface Line {
  readonly from: string
  readonly to: string
  /** From the right of a box to the left of another, and what it passes between. */
  readonly points: readonly Point[]
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
}

type Labelled = { readonly id: string; readonly label: string }
type Edge = readonly [from: string, to: string]

// Of 13 pixels in the widest of the usual monospaced fonts.
const LETTER = 7.9
const HEIGHT = 44
const GAP = 14
const MARGIN = 12
// Boxes that stand alone fill rows of this width, where nothing else is wider.
const ROW = 1000

/** Lays boxes out from left to right; `label` decides a box's width. Pixels; x and y are its centre. */
export function layOut(nodes: readonly Labelled[], edges: readonly Edge[]): Layout {
  const joined = new Set(edges.flat())
  const chained = connected(
    nodes.filter(({ id }) => joined.has(id)),
    edges,
  )
  const alone = rows(
    nodes.filter(({ id }) => !joined.has(id)),
    {
      top: chained.height > 0 ? chained.height + GAP : MARGIN,
      width: Math.max(ROW, chained.width),
    },
  )
  const boxes = new Map([...chained.boxes, ...alone].map((box) => [box.id, box]))
  return {
    width: Math.max(
      chained.width,
      extent(alone, ({ x, width }) => x + width / 2),
    ),
    height: Math.max(
      chained.height,
      extent(alone, ({ y, height }) => y + height / 2),
    ),
    // In the order of the nodes: whoever draws them goes by it.
    boxes: nodes.map(({ id }) => boxes.get(id) as Box),
    lines: chained.lines,
  }
}

function connected(nodes: readonly Labelled[], edges: readonly Edge[]): Layout {
  if (nodes.length === 0) return { width: 0, height: 0, boxes: [], lines: [] }
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: GAP, ranksep: 56, marginx: MARGIN, marginy: MARGIN })
  // dagre begins at the bottom: so the first one comes out at the top.
  for (const { id, label } of nodes.toReversed())
    graph.setNode(id, { width: widthOf(label), height: HEIGHT })
  for (const [from, to] of edges.toReversed()) graph.setEdge(from, to, {})
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  const boxes = nodes.map(({ id }) => ({ id, ...(graph.node(id) as Omit<Box, 'id'>) }))
  const boxOf = new Map(boxes.map((box) => [box.id, box]))
  const lines = edges.map(([from, to]) => {
    const { points = [] } = graph.edge(from, to) as { points?: Line['points'] }
    const [source, target] = [boxOf.get(from) as Box, boxOf.get(to) as Box]
    const start = { x: source.x + source.width / 2, y: source.y }
    const end = { x: target.x - target.width / 2, y: target.y }
    // Between neighbours dagre names three points, and the curve needs none of them.
    const between = points.length <= 3 ? [] : points.slice(1, -1)
    return { from, to, points: [start, ...between, end] }
  })
  return { width, height, boxes, lines }
}

function rows(
  nodes: readonly Labelled[],
  { top, width }: { readonly top: number; readonly width: number },
): readonly Box[] {
  const cell = Math.max(...nodes.map(({ label }) => widthOf(label)))
  const columns = Math.max(1, Math.floor((width - MARGIN) / (cell + GAP)))
  return nodes.map(({ id }, i) => ({
    id,
    x: MARGIN + (i % columns) * (cell + GAP) + cell / 2,
    y: top + Math.floor(i / columns) * (HEIGHT + GAP) + HEIGHT / 2,
    width: cell,
    height: HEIGHT,
  }))
}

function widthOf(label: string): number {
  return Math.max(90, label.length * LETTER + 20)
}

function extent(boxes: readonly Box[], end: (box: Box) => number): number {
  return MARGIN + boxes.reduce((most, box) => Math.max(most, end(box)), 0)
}
