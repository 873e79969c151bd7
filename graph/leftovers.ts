// What a try that came to nothing has left where the output globs of its node look: the next run of the node
// takes it away like any other output. Otherwise it would count among what that one has made.
import { GraphError } from './error.ts'
import { isPattern } from './file-names.ts'
import { lastOutputs } from './history.ts'
import { stateOrOdd } from './look.ts'
import type { Node } from './node.ts'
import type { Memory } from './state.ts'

/** The files that a node's output globs match now. */
export function globbed({ spec }: Node, { world }: Memory): ReadonlySet<string> {
  const patterns = spec.outputs?.filter(isPattern) ?? []
  return new Set(patterns.length === 0 ? [] : world.glob(patterns, world.folder))
}

/** `before`: what the globs matched when the commands began; that was made by others. */
export function noteLeftovers(node: Node, before: ReadonlySet<string>, memory: Memory): void {
  const { journal, world } = memory
  const made = new Map(lastOutputs(journal.history, node.name))
  const known = made.size
  try {
    for (const path of globbed(node, memory)) {
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
