// All that a run can tell. Every view (live, lines, JSON) is a function of this stream.
import type { LockOwner } from './host.ts'
import type { NodeName } from './node.ts'
import type { Reason } from './reason.ts'

export type Outcome =
  | 'fresh'
  /** It ran and produced other bytes than before. */
  | 'changed'
  /** It ran and produced the same bytes: its dependents may stay fresh. */
  | 'unchanged'
  /** It did not run: the cache had what it makes under the same key. */
  | 'restored'
  | 'failed'
  | 'timed-out'
  | 'cancelled'
  /** A need failed. */
  | 'blocked'

export type RunEvent =
  | { readonly type: 'planned'; readonly at: number; readonly nodes: readonly PlannedNode[] }
  | {
      readonly type: 'waiting'
      readonly at: number
      readonly lock: string
      readonly owner: LockOwner | undefined
    }
  | {
      readonly type: 'stale'
      readonly at: number
      readonly node: NodeName
      readonly reasons: readonly Reason[]
    }
  | {
      readonly type: 'started'
      readonly at: number
      readonly node: NodeName
      readonly attempt: number
      readonly log: string
    }
  /** A step of the node's own tool, as ninja's `[12/77]`, and its last line. */
  | {
      readonly type: 'progress'
      readonly at: number
      readonly node: NodeName
      readonly done: number
      readonly total: number
      readonly line: string
    }
  | {
      readonly type: 'output'
      readonly at: number
      readonly node: NodeName
      readonly lines: readonly string[]
    }
  | {
      readonly type: 'retrying'
      readonly at: number
      readonly node: NodeName
      readonly attempt: number
      readonly afterMs: number
      readonly failure: NodeFailure
    }
  /** An input changed while the node ran: what it made is used, but not recorded as fresh. */
  | {
      readonly type: 'input-moved'
      readonly at: number
      readonly node: NodeName
      readonly name: string
    }
  /** Nodes are ready, and the load of the machine is not below the limit: they wait. */
  | {
      readonly type: 'held-back'
      readonly at: number
      readonly load: number
      readonly maxLoad: number
    }
  /** Inputs of these changed while the run went on: they, and what stands on them, are open again. */
  | { readonly type: 'reopened'; readonly at: number; readonly nodes: readonly NodeName[] }
  /** The disk refused what a node made: from here on the run stores nothing. */
  | {
      readonly type: 'not-stored'
      readonly at: number
      readonly node: NodeName
      readonly errno: string
    }
  | {
      readonly type: 'finished'
      readonly at: number
      readonly node: NodeName
      readonly outcome: Outcome
      readonly ms: number
      readonly failure?: NodeFailure
      readonly blockedBy?: NodeName
    }
  | { readonly type: 'done'; readonly at: number; readonly summary: RunSummary }

export interface PlannedNode {
  readonly node: NodeName
  readonly title: string
  readonly needs: readonly NodeName[]
  /** Milliseconds that it took when it last ran, or others of its task did on average. */
  readonly expectedMs: number | undefined
}

/** Why a node did not succeed. */
export interface NodeFailure {
  /** One line: 'command failed with exit code 1: make …'. */
  readonly message: string
  readonly how: 'command' | 'contract' | 'output' | 'input' | 'tool' | 'system'
  readonly exitCode?: number
  readonly signal?: string
  readonly errno?: string
  /** The last 64 KiB of what the commands printed. */
  readonly tail: string
  /** '' when it failed before its first command. */
  readonly log: string
  readonly hint?: string
  /** When it failed, if it did not run now: milliseconds since 1970. Its key is the same. */
  readonly before?: number
  /** The caller's word for the kind of failure, if it gave one. */
  readonly class?: string
}

export interface RunSummary {
  /** Under which the run is remembered; undefined when nothing had to be done. */
  readonly run?: string
  readonly ok: boolean
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly ms: number
  readonly failures: readonly { readonly node: NodeName; readonly failure: NodeFailure }[]
  /** The person or a signal stopped it. */
  readonly cancelled: boolean
}
