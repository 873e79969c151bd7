// The names of a graph that nobody runs yet: what its tasks declare says them, and no node is bound. Of
// 10,000 nodes it takes a third of the time.
import * as engine from '../graph/index.ts'
import { exportedWith } from './load-graph.ts'
import { sortedNames } from './node-names.ts'

/**
 * Sorted; the same that `namesOf` says of the graph in the file.
 *
 * @throws whatever the file throws
 */
export async function declaredNamesIn(file: string): Promise<readonly string[]> {
  const definitions = new WeakMap<object, engine.GraphDefinition>()
  const defineGraph = (definition: engine.GraphDefinition): engine.Graph => {
    const graph = boundWhenAsked(definition)
    definitions.set(graph, definition)
    return graph
  }
  const graph = (await exportedWith({ ...engine, defineGraph }, file)) as engine.Graph
  const definition = definitions.get(graph)
  if (definition !== undefined) return sortedNames(engine.declaredNames(definition))
  // It was taken apart, or is the shipped one.
  return sortedNames(graph.nodes)
}

// The file itself may look at what it made.
function boundWhenAsked(definition: engine.GraphDefinition): engine.Graph {
  let bound: engine.Graph | undefined
  const all = (): engine.Graph => (bound ??= engine.defineGraph(definition))
  return {
    get nodes() {
      return all().nodes
    },
    get byName() {
      return all().byName
    },
    get pools() {
      return all().pools
    },
    get roots() {
      return all().roots
    },
    get cache() {
      return all().cache
    },
  }
}
