// What is known of each node from what happened to it: its last record, or why it has none.
import type { NodeName } from './node.ts'
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
  /** How long a node took when it last was done, whether or not its record still stands. */
  readonly durations: Map<NodeName, number>
  /** Outputs of the last record of a node, so that a rerun can remove them. */
  readonly lastOutputs: Map<NodeName, readonly (readonly [string, FileState])[]>
  /** What the node last produced, so that a rerun can say whether it produced the same. */
  readonly lastResults: Map<NodeName, string>
  /** Inputs that the last record discovered, so that a rerun can watch them. */
  readonly lastDiscovered: Map<NodeName, readonly string[]>
}

export function remember(history: History, node: NodeName, record: NodeRecord): void {
  history.records.set(node, record)
  history.troubles.delete(node)
  history.durations.set(node, record.ms)
  history.lastOutputs.set(node, record.outputs)
  history.lastResults.set(node, record.result)
  history.lastDiscovered.set(node, record.discovered)
}

export function forget(history: History, node: NodeName): void {
  history.records.delete(node)
  history.troubles.delete(node)
  history.lastOutputs.delete(node)
  history.lastResults.delete(node)
  history.lastDiscovered.delete(node)
}

export function emptyHistory(): History {
  return {
    records: new Map(),
    troubles: new Map(),
    durations: new Map(),
    lastOutputs: new Map(),
    lastResults: new Map(),
    lastDiscovered: new Map(),
  }
}
