// What lies where a node writes because another node has made it, which is gone from the graph or makes something
// else now: a task was renamed, or its outputs were given to another one. A node that knew of its own outputs
// alone would take it for a person's, count it for ever among what its globs find, or write through a link.
import { foundOutputs, type History, lastOutputs } from './history.ts'
import { outputFiles, stateOrOdd } from './look.ts'
import type { Node, NodeName } from './node.ts'
import type { Memory } from './state.ts'

/** Relative to the graph's folder, sorted; only what is still as it was made. */
export function inheritedOutputs(node: Node, memory: Memory): readonly string[] {
  const { history } = memory.journal
  if (history.lastDone.size === 0) return []
  const own = new Set(lastOutputs(history, node.name).map(([path]) => path))
  const others = outputFiles(node, memory).filter((path) => !own.has(path))
  return others.filter((path) => isLeftBehind(path, memory))
}

function isLeftBehind(path: string, memory: Memory): boolean {
  const { graph, journal, world } = memory
  const { history } = journal
  if (world.host.disk.lstat(world.path(path)) === undefined) return false
  const makers = makersIn(history).get(path) ?? []
  return makers.some((maker) => {
    if (foundOutputs(history, maker).includes(path)) return false
    const still = graph.byName.get(maker)
    if (still !== undefined && outputFiles(still, memory).includes(path)) return false
    const made = lastOutputs(history, maker).find(([name]) => name === path)
    return made !== undefined && stateOrOdd(() => world.output(world.path(path))) === made[1]
  })
}

const known = new WeakMap<History, ReadonlyMap<string, readonly NodeName[]>>()

// As it was when it was first asked for: what a run has made since is no one's leaving.
function makersIn(history: History): ReadonlyMap<string, readonly NodeName[]> {
  const last = known.get(history)
  if (last !== undefined) return last
  const makers = new Map<string, NodeName[]>()
  for (const [name, { outputs }] of history.lastDone)
    for (const [path] of outputs)
      if (makers.get(path)?.push(name) === undefined) makers.set(path, [name])
  known.set(history, makers)
  return makers
}
