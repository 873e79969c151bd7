// What a try that came to nothing has left where the output globs of its node look: the next run of the node
// takes it away like any other output. Otherwise it would count among what that one has made.
import { GraphError } from './error.ts'
import { isPattern } from './file-names.ts'
import { foundOutputs, lastOutputs } from './history.ts'
import { stateOrOdd } from './look.ts'
import type { Node } from './node.ts'
import type { Memory } from './state.ts'
import type { World } from './world.ts'

/** The files that a node's output globs match, and as what each was written. */
export type Globbed = ReadonlyMap<string, string>

export function globbed({ spec }: Node, { world }: Memory): Globbed {
  const patterns = spec.outputs?.filter(isPattern) ?? []
  const paths = patterns.length === 0 ? [] : world.glob(patterns, world.folder)
  return new Map(paths.map((path) => [path, writtenAs(path, world)]))
}

/**
 * What lay there before the commands began and was not written by them. A folder of generated files may hold
 * some that a person has written: those stay that person's.
 */
export function foundBy(
  node: Node,
  before: Globbed,
  { journal, world }: Memory,
): readonly string[] {
  if (before.size === 0) return []
  const { history } = journal
  const found = new Set(foundOutputs(history, node.name))
  const made = lastOutputs(history, node.name).filter(([path]) => !found.has(path))
  const own = new Set(made.map(([path]) => path))
  return [...before]
    .filter(([path, was]) => !own.has(path) && writtenAs(path, world) === was)
    .map(([path]) => path)
}

function writtenAs(path: string, world: World): string {
  const stat = world.host.disk.lstat(world.path(path))
  return stat === undefined ? '' : `${stat.mtimeMs}:${stat.ino}:${stat.size}`
}

/** `before`: what the globs matched when the commands began; that was made by others. */
export function noteLeftovers(node: Node, before: Globbed, memory: Memory): void {
  const { journal, world } = memory
  const made = new Map(lastOutputs(journal.history, node.name))
  const known = made.size
  try {
    for (const path of globbed(node, memory).keys()) {
      if (before.has(path) || made.has(path)) continue
      const state = stateOrOdd(() => world.output(world.path(path)))
      if (state !== undefined) made.set(path, state)
    }
  } catch (error) {
    // A folder that nobody may look into.
    if (!(error instanceof GraphError)) throw error
  }
  if (made.size > known) journal.noteOutputs(node.name, [...made])
}
