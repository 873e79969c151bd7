// From targets to everything they stand on.
import type { Graph } from './graph.ts'
import type { Node } from './node.ts'

/**
 * The targets and all that they need, directly or not, in topological order.
 *
 * @example const order = plan(graph, select(graph, ['link'])).map(({ name }) => name)
 */
export function plan(graph: Graph, targets: readonly Node[]): readonly Node[] {
  if (targets.length === graph.nodes.length) return graph.nodes
  const wanted = new Set<Node>()
  const stack = [...targets]
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (wanted.has(node)) continue
    wanted.add(node)
    stack.push(...node.needs, ...node.after)
  }
  return graph.nodes.filter((node) => wanted.has(node))
}
