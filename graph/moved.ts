// While nodes run, files change. Who saw something else than what is there now?
import { changedParts } from './difference.ts'
import { GraphError } from './error.ts'
import { partsText } from './fingerprint.ts'
import { knownDiscovered } from './look.ts'
import type { Node } from './node.ts'
import type { Reason } from './reason.ts'
import type { NodeState } from './schedule.ts'
import type { Memory } from './state.ts'

export interface RunSoFar {
  readonly wanted: readonly Node[]
  readonly memory: Memory
  readonly stateOf: (node: Node) => NodeState
  readonly resultOf: (need: Node) => string
  /** What a node saw when its commands began. */
  readonly keyAtStart: (node: Node) => string | undefined
}

/** The nodes of a run that began or ended with other inputs than there are now, and what differs. */
export function movedNodes(run: RunSoFar): ReadonlyMap<Node, readonly Reason[]> {
  const moved = new Map<Node, readonly Reason[]>()
  for (const node of run.wanted) {
    const saw = keySeen(node, run)
    if (saw === undefined) continue
    const reasons = difference(node, saw, run)
    if (reasons.length > 0) moved.set(node, reasons)
  }
  return moved
}

function keySeen(node: Node, { memory, stateOf, keyAtStart }: RunSoFar): string | undefined {
  const state = stateOf(node)
  if (state === 'done') return memory.journal.history.records.get(node.name)?.parts
  return state === 'running' || state === 'failed' ? keyAtStart(node) : undefined
}

/** What differs between what a node saw and what it would see now. */
export function difference(
  node: Node,
  saw: string,
  { memory, resultOf }: Pick<RunSoFar, 'memory' | 'resultOf'>,
): readonly Reason[] {
  const { journal, world } = memory
  try {
    const discovered = knownDiscovered(node, journal.history)
    const now = partsText(node, world, { resultOf, discovered })
    return now === saw ? [] : changedParts(saw, now)
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    return [{ kind: 'input-missing', name: error.place ?? node.name, detail: error.message }]
  }
}
