// What the machine shows of one node now: the other half of freshness, which is pure.
import { GraphError } from './error.ts'
import { isPattern } from './file-names.ts'
import { partsText } from './fingerprint.ts'
import { decide, type Seen, withoutRecord } from './freshness.ts'
import type { History, NodeRecord } from './history.ts'
import type { Node } from './node.ts'
import type { Reason } from './reason.ts'
import type { Memory } from './state.ts'
import { changedParam, withoutTraces } from './vanished.ts'
import type { World } from './world.ts'

/**
 * Why a node would run now; empty when it is fresh. `resultOf` says what its needs produced.
 *
 * @throws GraphError when an input is missing or cannot be read
 */
export function reasonsOf(
  node: Node,
  memory: Memory,
  resultOf: (need: Node) => string,
): readonly Reason[] {
  const { graph, journal, world } = memory
  const { history } = journal
  const record = history.records.get(node.name)
  if (record === undefined) return [whyWithoutRecord(node, memory)]
  const parts = partsText(node, world, { resultOf, discovered: record.discovered })
  const reasons = decide(record, undefined, { parts, ...seenOutputs(node, record, world) })
  return withoutTraces(reasons, { node, record, graph, history })
}

/** Why a node that has no record has none: something happened to it, or it is new. */
export function whyWithoutRecord(node: Node, { graph, journal: { history } }: Memory): Reason {
  const trouble = history.troubles.get(node.name)
  const param = trouble === undefined ? changedParam(node, graph, history) : undefined
  return param ?? withoutRecord(trouble)
}

/** What stands where a node's recorded outputs were, and what else matches its globs. */
export function seenOutputs(node: Node, record: NodeRecord, world: World): Omit<Seen, 'parts'> {
  const outputs = record.outputs.map(([path]) => stateOrOdd(() => world.output(world.path(path))))
  const unknownOutputs = unknown(node, record, (patterns) => world.glob(patterns, world.folder))
  return { outputs, unknownOutputs, isAlways: node.spec.always === true }
}

/** The inputs that a node was last known to discover. */
export function knownDiscovered(node: Node, { lastDone }: History): readonly string[] {
  return node.spec.depfile === undefined ? [] : (lastDone.get(node.name)?.discovered ?? [])
}

export interface Looked {
  readonly reasons: readonly Reason[]
  /** An input is missing or unreadable: the node cannot run. */
  readonly error?: GraphError
}

/** The same, with a missing input as a reason. */
export function look(node: Node, memory: Memory, resultOf: (need: Node) => string): Looked {
  try {
    return { reasons: reasonsOf(node, memory, resultOf) }
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    const { place, message } = error
    return { reasons: [{ kind: 'input-missing', name: place ?? '', detail: message }], error }
  }
}

/** What a node produced when it was last done; '' when that is not known. */
export function recordedResult(history: History, node: Node): string {
  return history.records.get(node.name)?.result ?? ''
}

/**
 * The files that a node's outputs name now, sorted; literal outputs whether they are there or not.
 *
 * @example const made = outputFiles(node, recall(session))
 */
export function outputFiles(node: Node, { world }: Memory): readonly string[] {
  const specs = node.spec.outputs ?? []
  const literal = specs.filter((spec) => !isPattern(spec))
  const patterns = specs.filter(isPattern)
  if (patterns.length === 0) return literal.length < 2 ? literal : [...new Set(literal)].sort()
  return [...new Set([...literal, ...world.glob(patterns, world.folder)])].sort()
}

function unknown(
  node: Node,
  record: NodeRecord,
  glob: (patterns: readonly string[]) => readonly string[],
): readonly string[] {
  const patterns = node.spec.outputs?.filter(isPattern) ?? []
  if (patterns.length === 0) return []
  const known = new Set(record.outputs.map(([path]) => path))
  return glob(patterns).filter((path) => !known.has(path))
}

/** A folder or a device where an output should be is a changed output, not an error. */
export function stateOrOdd(look: () => string | undefined): string | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof GraphError) return 'no-file'
    throw error
  }
}
