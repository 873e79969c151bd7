// A selector that must name one node.
import { GraphError, type Node, type Session, select } from '../graph/index.ts'

/**
 * The node that a selector names.
 *
 * @throws GraphError 'unknown-node' when it names none, or several
 */
export function oneNode({ graph }: Session, name: string): Node {
  const found = select(graph, [name])
  if (found.length === 1) return found[0] as Node
  const names = found.slice(0, 4).map((node) => node.name)
  throw new GraphError(`'${name}' is ${found.length} nodes`, {
    code: 'unknown-node',
    place: name,
    hint: `name one: ${names.join(', ')}`,
  })
}
