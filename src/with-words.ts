// The words behind `--`: more words for the last command of the one node that is named, for this call.
import { addWords, type Graph, GraphError, type LoadedGraph } from '../graph/index.ts'
import { oneTarget } from './one-node.ts'

/**
 * The same graph without words; otherwise one in which that node has a longer command.
 *
 * @throws GraphError 'unknown-node' when the targets are not one node
 */
export function withWords(
  graph: Graph,
  targets: readonly string[],
  words: readonly string[] = [],
): Graph {
  return words.length === 0 ? graph : addWords(graph, oneTarget(graph, targets), words)
}

/** The same of a graph that may be none: one in which the node is gone is none either. */
export function loadedWithWords(
  loaded: LoadedGraph,
  targets: readonly string[],
  words?: readonly string[],
): LoadedGraph {
  if (loaded.graph instanceof GraphError) return loaded
  try {
    return { ...loaded, graph: withWords(loaded.graph, targets, words) }
  } catch (error) {
    if (error instanceof GraphError) return { ...loaded, graph: error }
    throw error
  }
}
