// What a node has made and may be taken away. What it declares as its output is its own. A file that the graph
// no longer gives it may have become somebody's: it goes only as it was made, and if nobody else names it.
import { dirname } from 'node:path'

import type { Place } from './command.ts'
import { GraphError } from './error.ts'
import { isMinus, isPattern } from './file-names.ts'
import { foundOutputs, lastOutputs } from './history.ts'
import { inheritedOutputs } from './inherited.ts'
import { outputFiles, stateOrOdd } from './look.ts'
import type { Node } from './node.ts'
import { plainPath } from './spelling.ts'
import type { Memory } from './state.ts'
import type { World } from './world.ts'

/** Relative to the graph's folder; its own in the record's order. */
export function removableOutputs(node: Node, memory: Memory): readonly string[] {
  const { journal, world } = memory
  const last = lastOutputs(journal.history, node.name)
  const inherited = inheritedOutputs(node, memory)
  if (last.length + inherited.length === 0) return []
  const found = new Set(foundOutputs(journal.history, node.name))
  const isRead = ownInputs(node, memory)
  const made = last.filter(([path]) => !found.has(path) && !isRead(path))
  const left = inherited.filter((path) => !isRead(path) && !isOfAnother(path, node, memory))
  const literal = new Set(node.spec.outputs)
  if (made.every(([path]) => literal.has(path))) return [...made.map(([path]) => path), ...left]
  const declared = new Set(outputFiles(node, memory))
  const own = made.filter(([path, state]) => {
    if (declared.has(path)) return true
    const isAsMade = stateOrOdd(() => world.output(world.path(path))) === state
    return isAsMade && !isOfAnother(path, node, memory) && !isNamed(path, memory)
  })
  return [...own.map(([path]) => path), ...left]
}

// Who writes what it reads has no other copy of it. By where the file lies: it may be named below a root, or
// behind a link.
function ownInputs(node: Node, { world }: Memory): (output: string) => boolean {
  if ((node.spec.inputs ?? []).length === 0) return () => false
  const folders = new Map<string, string>()
  const placeOf = (path: string): string => {
    const folder = dirname(path)
    const known = folders.get(folder)
    const real = known ?? world.host.disk.realPath(folder) ?? folder
    if (known === undefined) folders.set(folder, real)
    return `${real}${path.slice(path.lastIndexOf('/'))}`
  }
  const places = new Set(inputPaths(node, world).map(placeOf))
  return (output) => places.has(placeOf(world.path(output)))
}

// A pattern that finds nothing keeps the node from running, and says nothing of what the others find.
function inputPaths(node: Node, world: World): readonly string[] {
  const inputs = (node.spec.inputs ?? []).map(orNothing)
  try {
    return world.inputs(node).map(({ path }) => path)
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return world.inputs({ ...node, spec: { ...node.spec, inputs } }).map(({ path }) => path)
  }
}

function orNothing(input: string | Place): string | Place {
  const { path } = typeof input === 'string' ? { path: input } : input
  if (isMinus(path) || path.endsWith('?')) return input
  return typeof input === 'string' ? `${path}?` : { ...input, path: `${path}?` }
}

// Who only declares it, or looks there with a pattern, would find what is left over.
function isOfAnother(path: string, maker: Node, memory: Memory): boolean {
  const { history } = memory.journal
  return memory.graph.nodes.some(
    (node) =>
      node !== maker &&
      lastOutputs(history, node.name).some(([made]) => made === path) &&
      outputFiles(node, memory).includes(path),
  )
}

// As an input that nobody makes: then it is a person's now.
function isNamed(path: string, { graph, world }: Memory): boolean {
  const full = world.path(path)
  const isInput = (spec: string | Place): boolean => {
    const name = typeof spec === 'string' ? spec : spec.path
    if (isPattern(name.replace(/\?$/, ''))) return false
    const plain = name.replace(/\?$/, '')
    const path = world.path(typeof spec === 'string' ? plain : { ...spec, path: plain })
    return plainPath(path) === full
  }
  const isMade = graph.nodes.some(({ spec }) => spec.outputs?.includes(path))
  return !isMade && graph.nodes.some(({ spec }) => spec.inputs?.some(isInput))
}
