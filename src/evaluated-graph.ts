// A user's graph: evaluated, or, while its sources are as they were, as it came out the last time. Only a
// graph that is a function of its source files is remembered.
import { existsSync } from 'node:fs'

import {
  type Graph,
  type Host,
  packGraph,
  SealRecorder,
  sealedAnswer,
  unpackGraph,
} from '../graph/index.ts'
import { isFunctionOfSources } from './graph-seal.ts'
import { namesOf, namesSeal } from './node-names.ts'
import { ownFiles } from './package.ts'
import { stateFolderOf } from './sealed.ts'

export interface EvaluatedGraph {
  readonly graph: Graph
  /** The files that it was evaluated from, absolute. */
  readonly sources: readonly string[]
}

/**
 * The graph in a file.
 *
 * @throws GraphError 'bad-graph' with file and line when it does not load or exports no graph
 */
export async function evaluatedGraph(file: string, host: Host): Promise<EvaluatedGraph> {
  const stateFolder = stateFolderOf(file)
  const seal = { key: `graph of ${file}`, name: 'graph' }
  const known = remembered(sealedAnswer(stateFolder, seal, host))
  if (known !== undefined) return known
  const recorder = new SealRecorder(host)
  const { loadGraphFile } = await import('./load-graph.ts')
  const { graph, sources } = await loadGraphFile(file)
  // Who only looks makes no folder.
  if (existsSync(stateFolder) && isFunctionOfSources(sources)) {
    const answer = `${JSON.stringify(sources)}\n${packGraph(graph)}`
    const files = [...sources, ...ownFiles()]
    recorder.seal(stateFolder, { ...seal, files }, answer)
    recorder.seal(stateFolder, { ...namesSeal(file), files }, namesOf(graph).join('\n'))
  }
  return { graph, sources }
}

function remembered(answer: string | undefined): EvaluatedGraph | undefined {
  if (answer === undefined) return undefined
  const end = answer.indexOf('\n')
  const graph = unpackGraph(answer.slice(end + 1))
  return graph && { graph, sources: JSON.parse(answer.slice(0, end)) as readonly string[] }
}
