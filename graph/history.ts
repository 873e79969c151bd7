// What is known of each node from what happened to it: its last record, or why it has none.
import { type Node, type NodeName, taskOf } from './node.ts'
import type { FileState } from './snapshot.ts'

/** What is remembered of a node that was done. */
export interface NodeRecord {
  readonly fingerprint: string
  readonly result: string
  /** Milliseconds that its commands took. */
  readonly ms: number
  /** When it was done: milliseconds since 1970. */
  readonly at: number
  /** Its outputs were fsynced before the record was written. */
  readonly durable: boolean
  /** Every part of its fingerprint, as text. */
  readonly parts: string
  readonly outputs: readonly (readonly [path: string, state: FileState])[]
  readonly discovered: readonly string[]
  /** Outputs that lay there before its commands first ran, and that they did not write: somebody's. */
  readonly found?: readonly string[]
  /** Start of the machine in which it was written. */
  readonly boot: string
}

/** A failure that comes again under the same key. */
export interface FailedUnder {
  readonly key: string
  readonly how: 'command' | 'contract'
  readonly exitCode?: number
  readonly class?: string
}

/** Why a node has no record. */
export interface Trouble {
  /** 'unrecorded': its commands did well, and nothing can be said of when they would do the same. */
  readonly what: 'interrupted' | 'failed' | 'unrecorded'
  readonly detail: string
  readonly log: string
  readonly at: number
  /** When all that decided the failure is in the key. */
  readonly under?: FailedUnder
}

export interface History {
  readonly records: Map<NodeName, NodeRecord>
  readonly troubles: Map<NodeName, Trouble>
  /** What a node made when it was last done, whether or not its record still stands. */
  readonly lastDone: Map<NodeName, LastDone>
}

export type LastDone = Pick<NodeRecord, 'ms' | 'result' | 'outputs' | 'discovered' | 'found'>

export function remember(
  { records, troubles, lastDone }: History,
  node: NodeName,
  record: NodeRecord,
): void {
  records.set(node, record)
  troubles.delete(node)
  lastDone.set(node, record)
}

/** What it wrote is known, and no record says what it would write again. */
export function noteOutputs(
  { lastDone }: History,
  node: NodeName,
  outputs: NodeRecord['outputs'],
  found: readonly string[] = foundOutputs({ lastDone }, node),
): void {
  const { ms = 0, result = '', discovered = [] } = lastDone.get(node) ?? {}
  lastDone.set(node, { ms, result, outputs, discovered, found })
}

/** How long it took is all that stays of it. */
export function forget({ records, troubles, lastDone }: History, node: NodeName): void {
  records.delete(node)
  troubles.delete(node)
  const last = lastDone.get(node)
  if (last) lastDone.set(node, { ms: last.ms, result: '', outputs: [], discovered: [] })
}

export function emptyHistory(): History {
  return { records: new Map(), troubles: new Map(), lastDone: new Map() }
}

/**
 * Milliseconds that a node took when it was last done; undefined when it never was.
 *
 * @example const ms = lastMs(recall(session).journal.history, 'link')
 */
export function lastMs({ lastDone }: History, node: NodeName): number | undefined {
  return lastDone.get(node)?.ms
}

/**
 * Tells of a node how many milliseconds it is likely to take: what it took when it was last done, otherwise
 * what the nodes of its task took on average; undefined when none of them was ever done.
 *
 * @example
 * const likely = likelyMs(recall(session).journal.history)
 * const ms = graph.nodes.map((node) => likely(node) ?? 0)
 */
export function likelyMs(history: History): (node: Node) => number | undefined {
  let ofTasks: ReadonlyMap<string, number> | undefined
  return ({ name, task }) => {
    const last = lastMs(history, name)
    if (last !== undefined) return last
    // Most runs know all their nodes, and are not to pay for this.
    ofTasks ??= averages(history)
    return ofTasks.get(task)
  }
}

function averages({ lastDone }: History): ReadonlyMap<string, number> {
  const all = new Map<string, number[]>()
  for (const [name, { ms }] of lastDone) {
    const task = taskOf(name)
    const known = all.get(task)
    if (known) known.push(ms)
    else all.set(task, [ms])
  }
  return new Map(
    [...all].map(([task, times]) => [task, times.reduce((sum, ms) => sum + ms, 0) / times.length]),
  )
}

/**
 * What a node is known to have made, with the states in which it did.
 *
 * @example const made = lastOutputs(recall(session).journal.history, 'link').map(([path]) => path)
 */
export function lastOutputs({ lastDone }: History, node: NodeName): NodeRecord['outputs'] {
  return lastDone.get(node)?.outputs ?? []
}

/** Those of a node's outputs that it has not made. */
export function foundOutputs(
  { lastDone }: Pick<History, 'lastDone'>,
  node: NodeName,
): readonly string[] {
  return lastDone.get(node)?.found ?? []
}
