// How one try of a node ended.
import type { NodeFailure } from './event.ts'
import type { Node } from './node.ts'
import type { Memory } from './state.ts'

export type Done =
  | {
      readonly how: 'done'
      readonly result: string
      readonly ms: number
      /** An input that changed while the node ran: it is not recorded as fresh. */
      readonly movedInput: string | undefined
      /** One changed before its commands had ended: it may have written that itself. */
      readonly wroteInput: boolean
    }
  | Failed
  | { readonly how: 'cancelled'; readonly ms: number }

export interface Failed {
  readonly how: 'failed' | 'timed-out'
  readonly failure: NodeFailure
  /** Under which it would fail again; undefined when that cannot be told. */
  readonly key?: string
  readonly ms: number
}

/** Notes in the journal that the node failed. */
export function failed(node: Node, failure: NodeFailure, memory: Memory, ms: number): Failed {
  const { clock } = memory.world.host
  memory.journal.fail(node.name, {
    what: 'failed',
    detail: failure.message,
    log: failure.log,
    at: clock.now(),
  })
  return { how: 'failed', failure, ms }
}
