// The order in which nodes can be done, and the circle that forbids one.
import { GraphError } from './error.ts'
import type { Draft, Node, NodeName } from './node.ts'

/**
 * Every node after what it needs, and otherwise in the order of declaration: depth first, and a node
 * that is still open when it is met again closes a cycle.
 *
 * @throws GraphError 'cycle'
 */
export function sorted(drafts: ReadonlyMap<NodeName, Draft>): Node[] {
  const order: Draft[] = []
  const state = new Map<Draft, 'open' | 'done'>()
  for (const start of drafts.values()) {
    if (state.has(start)) continue
    const stack: { draft: Draft; next: number; edges: Node[] }[] = []
    const open = (draft: Draft): void => {
      state.set(draft, 'open')
      const edges = draft.after.length === 0 ? draft.needs : [...draft.needs, ...draft.after]
      stack.push({ draft, next: 0, edges })
    }
    open(start)
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as (typeof stack)[number]
      const edge = top.edges[top.next++] as Draft | undefined
      if (edge === undefined) {
        state.set(top.draft, 'done')
        top.draft.index = order.length
        order.push(top.draft)
        stack.pop()
      } else if (state.get(edge) === 'open')
        throw cycle(
          stack.map((frame) => frame.draft.name),
          edge.name,
        )
      else if (!state.has(edge)) open(edge)
    }
  }
  return order
}

function cycle(open: readonly NodeName[], again: NodeName): GraphError {
  const path = [...open.slice(open.indexOf(again)), again]
  return new GraphError(`the needs go in a circle: ${path.join(' -> ')}`, {
    code: 'cycle',
    place: again,
    hint: 'take one of these needs away',
  })
}
