// The names of all nodes and tasks of a graph, for completion: kept beside the graph as it was evaluated,
// and believed under the same conditions. A shell asks at each TAB, and a graph of 10,000 nodes is long to read.
import { type Graph, machine, sealedAnswer } from '../graph/index.ts'
import { stateFolderOf } from './sealed.ts'

/** Sorted; a task's own name among them. */
export function namesOf({ nodes }: Graph): readonly string[] {
  return sortedNames(nodes)
}

/** The same of nodes of which no more is known. */
export function sortedNames(
  nodes: readonly { readonly name: string; readonly task: string }[],
): readonly string[] {
  return [...new Set(nodes.flatMap(({ name, task }) => [name, task]))].sort()
}

/** Under which the names of a graph file are kept. */
export function namesSeal(file: string): { readonly key: string; readonly name: string } {
  return { key: `names of ${file}`, name: 'names' }
}

/** What `namesOf` said when the file was evaluated; undefined when that may be no longer so. */
export function rememberedNames(file: string): readonly string[] | undefined {
  return sealedAnswer(stateFolderOf(file), namesSeal(file), machine(process.env))?.split('\n')
}
