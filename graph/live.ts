// What a run and the one who watches have to say to each other.
import type { Node } from './node.ts'
import type { Reason } from './reason.ts'
import type { Memory, Session } from './state.ts'

export interface Live {
  /** Reads what is remembered, as far as it is not known from the last run. */
  recall(session: Session): Memory
  /** The run has written all that it will write. */
  keep(): void
  /** Resolves when files may have changed since the call. */
  hinted(): Promise<void>
  /** What decides a node, as it stood when its commands began. */
  began(node: Node, key: string): void
  /** An input changed before the node had ended, perhaps by itself. */
  wroteInput(node: Node): void
  /** What decided a node when it last failed, if it did. */
  sawBefore(node: Node): string | undefined
  /** Asked before a running node is ended because of this. */
  mayEnd(node: Node, reason: Reason, afterMs: number): boolean
}
