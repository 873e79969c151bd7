// A selector that must name one node.
import { type Graph, GraphError, type Node, type Session, select } from '../graph/index.ts'

/**
 * The node that the words behind `--` are for.
 *
 * @throws GraphError 'unknown-node' when the targets are none, or several
 */
export function oneTarget(graph: Graph, targets: readonly string[]): Node {
  const [only] = targets
  if (only !== undefined && targets.length === 1) return oneNode({ graph }, only)
  throw new GraphError(`words behind -- are for one node, and ${targets.length} are named`, {
    code: 'unknown-node',
    place: targets[0] ?? '',
    hint: 'name it before them: NODE -- WORDS...',
  })
}

/**
 * The node that a selector names.
 *
 * @throws GraphError 'unknown-node' when it names none, or several
 */
export function oneNode({ graph }: Pick<Session, 'graph'>, name: string): Node {
  const found = select(graph, [name])
  if (found.length === 1) return found[0] as Node
  const names = found.slice(0, 4).map((node) => node.name)
  throw new GraphError(`'${name}' is ${found.length} nodes`, {
    code: 'unknown-node',
    place: name,
    hint: `name one: ${names.join(', ')}`,
  })
}
