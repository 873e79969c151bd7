// What a node has made and may be taken away. What it declares as its output is its own. A file that the graph
// no longer gives it may have become somebody's: it goes only as it was made, and if nobody else names it.
import type { Place } from './command.ts'
import { GraphError } from './error.ts'
import { isPattern } from './file-names.ts'
import { foundOutputs, lastOutputs } from './history.ts'
import { outputFiles, stateOrOdd } from './look.ts'
import type { Node } from './node.ts'
import type { Memory } from './state.ts'

/** Relative to the graph's folder, in the record's order. */
export function removableOutputs(node: Node, memory: Memory): readonly string[] {
  const { journal, world } = memory
  const last = lastOutputs(journal.history, node.name)
  if (last.length === 0) return []
  const kept = new Set([...foundOutputs(journal.history, node.name), ...ownInputs(node, memory)])
  const made = last.filter(([path]) => !kept.has(path))
  const literal = new Set(node.spec.outputs)
  if (made.every(([path]) => literal.has(path))) return made.map(([path]) => path)
  const declared = new Set(outputFiles(node, memory))
  return made
    .filter(([path, state]) => {
      if (declared.has(path)) return true
      const isAsMade = stateOrOdd(() => world.output(world.path(path))) === state
      return isAsMade && !isNamed(path, node, memory)
    })
    .map(([path]) => path)
}

// Who writes what it reads has no other copy of it.
function ownInputs(node: Node, { world }: Memory): readonly string[] {
  try {
    return world.inputs(node).map(({ name }) => name)
  } catch (error) {
    // An input is missing: whoever needs that says so.
    if (error instanceof GraphError) return []
    throw error
  }
}

// By name, or as an output that matches: an input that only matches a pattern would count what is left over.
function isNamed(path: string, maker: Node, memory: Memory): boolean {
  const { graph, world } = memory
  const full = world.path(path)
  const isInput = (spec: string | Place): boolean => {
    const name = typeof spec === 'string' ? spec : spec.path
    if (isPattern(name.replace(/\?$/, ''))) return false
    const plain = name.replace(/\?$/, '')
    return world.path(typeof spec === 'string' ? plain : { ...spec, path: plain }) === full
  }
  return graph.nodes.some(
    (node) =>
      node.spec.inputs?.some(isInput) ||
      (node !== maker && outputFiles(node, memory).includes(path)),
  )
}
