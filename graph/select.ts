// A selector to nodes: 'build[tools,cpu]', 'build[cuda]' (any subset of values),
// 'build' (all of them).
import { GraphError } from './error.ts'
import type { Graph } from './graph.ts'
import { nearest } from './nearest.ts'
import type { Node } from './node.ts'

/**
 * The nodes that the selectors name, in graph order and without repeats; all nodes for no selector.
 *
 * @throws GraphError 'unknown-node' with the nearest valid name
 * @example const nodes = select(graph, ['object[debug]', 'link'])
 */
export function select(graph: Graph, selectors: readonly string[]): readonly Node[] {
  if (selectors.length === 0) return graph.nodes
  const found = new Set<Node>()
  for (const selector of selectors) for (const node of selectOne(graph, selector)) found.add(node)
  return graph.nodes.filter((node) => found.has(node))
}

function selectOne(graph: Graph, selector: string): readonly Node[] {
  const exact = graph.byName.get(selector)
  if (exact) return [exact]
  const match = /^([^[\]]+?)(?:\[([^[\]]*)\])?$/.exec(selector)
  const task = match?.[1]
  const wanted = match?.[2] === undefined ? [] : match[2].split(',').map((value) => value.trim())
  const nodes = graph.nodes.filter((node) => {
    const values = Object.values(node.values)
    return node.task === task && wanted.every((value) => values.includes(value))
  })
  if (nodes.length > 0) return nodes
  throw unknownNode(graph, selector, task)
}

function unknownNode(graph: Graph, selector: string, task: string | undefined): GraphError {
  const sameTask = graph.nodes.filter((node) => node.task === task).map((node) => node.name)
  const names = [...graph.byName.keys(), ...new Set(graph.nodes.map((node) => node.task))]
  const near = nearest(selector, sameTask.length > 0 ? sameTask : names)
  const hint =
    near !== undefined
      ? `did you mean '${near}'?`
      : sameTask.length > 0
        ? `there is ${sameTask.slice(0, 6).join(', ')}`
        : `there is ${[...new Set(graph.nodes.map((node) => node.task))].slice(0, 8).join(', ')}`
  return new GraphError(`no node is called ${JSON.stringify(selector).slice(0, 120)}`, {
    code: 'unknown-node',
    place: selector,
    hint,
  })
}
