// Where the boxes and edges of a picture go: dagre decides, this file speaks to it.
import { Graph, layout } from '@dagrejs/dagre'

export interface Box {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Line {
  readonly from: string
  readonly to: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly lines: readonly Line[]
}

const LETTER = 7.3
const MARGIN = 12

/** Lays boxes out from left to right; `label` decides a box's width. Pixels; x and y are its centre. */
export function layOut(
  nodes: readonly { readonly id: string; readonly label: string }[],
  edges: readonly (readonly [from: string, to: string])[],
): Layout {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 44, marginx: MARGIN, marginy: MARGIN })
  for (const { id, label } of nodes)
    graph.setNode(id, { width: Math.max(90, label.length * LETTER + 20), height: 44 })
  for (const [from, to] of edges) graph.setEdge(from, to, {})
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  const boxes = nodes.map(({ id }) => ({ id, ...(graph.node(id) as Omit<Box, 'id'>) }))
  const lines = edges.map(([from, to]) => {
    const { points = [] } = graph.edge(from, to) as { points?: Line['points'] }
    return { from, to, points }
  })
  return { width, height, boxes, lines }
}
