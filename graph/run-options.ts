// How a caller wants a run to go.
import type { NodeFailure, RunEvent } from './event.ts'
import type { Live } from './live.ts'
import type { SealOptions } from './look-recorder.ts'
import type { Node } from './node.ts'

export interface RunOptions {
  /** Selectors; empty means every node. */
  readonly targets: readonly string[]
  /** Nodes that run at once; unless said what the make that started us allows, else the number of cores. */
  readonly jobs?: number
  /** While anything runs, begin no node unless the machine's load average is below this. */
  readonly maxLoad?: number
  /** Run the targets even if they are fresh. */
  readonly force?: boolean
  /** Touch the targets alone: what they need is taken as it was last made. */
  readonly only?: boolean
  /** A selector: run these even if fresh, and what stands on them; the rest is taken as it is. */
  readonly from?: string
  /** Run also what failed before under the same key, instead of answering with that failure. */
  readonly retry?: boolean
  /** False: nothing is restored from the cache, nothing is stored. */
  readonly cache?: boolean
  /**
   * False: commands see the whole environment. What they make then is in no key: it is neither recorded as
   * fresh nor stored, nothing is restored, and no failure of before is told again.
   */
  readonly strictEnv?: boolean
  /** Runs another line in place of a command, as one that watches it; the key stays that of the command. */
  readonly wrap?: (text: string) => string
  /** After a failure go on with what does not depend on it. */
  readonly keepGoing?: boolean
  /** After a failure end at once what runs; otherwise it may come to its end. */
  readonly failFast?: boolean
  /** Aborting cancels: no process is left. */
  readonly signal?: AbortSignal
  readonly report?: (event: RunEvent) => void
  /** Each line of the run's record as soon as it is written; also of a run with nothing to do, which keeps none. */
  readonly onLine?: (line: string) => void
  /** Asked once, when something has to run: what listens and watches is needed only then. */
  readonly whenStale?: () => Promise<Pick<RunOptions, 'signal' | 'report'>>
  /** Remember what was found fresh, so that `checkSeal` can say it at once. */
  readonly seal?: SealOptions
  /** Read logs while they grow and report progress and output. */
  readonly follow?: boolean
  /** Asked after each failed try: a class for the report, and whether to try again. */
  readonly onFailure?: (
    node: Node,
    failure: NodeFailure,
    attempt: number,
  ) => Verdict | Promise<Verdict>
  /** False: fail at once when another run holds the lock. */
  readonly wait?: boolean
  /** Milliseconds to wait for the lock at most. */
  readonly lockTimeoutMs?: number
  /** Given by who watches: much is known already, and files may change while the run goes on. */
  readonly live?: Live
}

export interface Verdict {
  readonly class?: string
  /** False: the same may go well the next time, so it is not remembered under the key. */
  readonly isLasting?: boolean
  /** Try again after so many milliseconds. */
  readonly retryAfterMs?: number
}
