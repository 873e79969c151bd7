// What holds back a node that is ready and has room: the load of the machine, or tools inside other nodes
// that have all jobs of the run.
import type { RunEvent } from './event.ts'
import type { Host, TokenPipe } from './host.ts'
import { JobTokens } from './job-tokens.ts'
import type { Node } from './node.ts'
import type { RunOptions } from './run-options.ts'
import type { Session } from './state.ts'
import type { Tally } from './tally.ts'

export interface ThrottleOptions {
  readonly host: Host
  readonly jobs: number
  /** Begin nothing beside what runs unless the load is below this. */
  readonly maxLoad: number | undefined
  readonly parent: TokenPipe | undefined
  /** Where the tokens of the run lie. */
  readonly pipe: string
  readonly tell: (event: RunEvent) => void
}

// The kernel counts the load anew every 5 seconds. A tool gives a token back for as long as it takes to
// begin its next job: whoever asks rarely gets one only when there are some to spare.
const AGAIN_MS = { load: 1000, tokens: 20 } as const

export class Throttle {
  readonly tokens: JobTokens
  private readonly options: ThrottleOptions
  private load = 0
  private room = Number.POSITIVE_INFINITY
  private heldBy: keyof typeof AGAIN_MS | undefined
  private isTold = false
  private pause: Promise<void> | undefined
  private endPause = (): void => {}

  constructor(options: ThrottleOptions) {
    const { host, jobs, maxLoad, parent, pipe } = options
    this.options = options
    this.tokens = new JobTokens({ jobs, maxLoad, parent, make: () => host.tokens(pipe) })
  }

  /** Decides how many nodes may begin now, beside so many that run. */
  look(running: number): void {
    const { host, maxLoad } = this.options
    this.heldBy = undefined
    if (maxLoad === undefined) return
    this.load = host.load()
    this.room = roomBelow(maxLoad, { load: this.load, running })
  }

  /** Whether one more may begin; if so it has to. */
  mayBegin(): boolean {
    if (this.room < 1) this.heldBy = 'load'
    else if (!this.tokens.take()) this.heldBy = 'tokens'
    if (this.heldBy !== undefined) return false
    this.room--
    return true
  }

  begin(node: Node): void {
    this.isTold = false
    this.tokens.begin(node)
  }

  end(node: Node): void {
    this.tokens.end(node)
  }

  /** What has begun has begun. Resolves when it is time to look again; undefined: nothing is held back. */
  settled(): Promise<void> | undefined {
    this.tokens.share()
    if (this.heldBy === undefined) return undefined
    this.tell()
    this.pause ??= this.wait(AGAIN_MS[this.heldBy])
    return this.pause
  }

  close(): void {
    this.endPause()
    this.tokens.close()
  }

  private tell(): void {
    const { host, maxLoad, tell } = this.options
    if (this.heldBy !== 'load' || maxLoad === undefined || this.isTold) return
    this.isTold = true
    tell({ type: 'held-back', at: host.clock.now(), load: this.load, maxLoad })
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.endPause = this.options.host.clock.after(ms, () => {
        this.pause = undefined
        resolve()
      })
    })
  }
}

/** Undefined where there is nothing to hold back: the run of a plain graph pays nothing. */
export function throttleOf(
  { host, stateFolder }: Session,
  { options, wanted, jobs, parent, tally }: Given,
): Throttle | undefined {
  const { maxLoad } = options
  if (maxLoad === undefined && !parent && !wanted.some(({ spec }) => spec.jobserver))
    return undefined
  const pipe = `${stateFolder}/jobserver`
  const tell = (event: RunEvent): void => tally.tell(event)
  return new Throttle({ host, jobs, maxLoad, parent, pipe, tell })
}

interface Given {
  readonly options: RunOptions
  readonly wanted: readonly Node[]
  readonly jobs: number
  readonly parent: TokenPipe | undefined
  readonly tally: Tally
}

/**
 * How many nodes may begin while the load shall stay below a limit: as many as fit, for what has just
 * begun is not in the load yet; and one where nothing runs, or nothing ever would.
 */
export function roomBelow(
  maxLoad: number,
  { load, running }: { readonly load: number; readonly running: number },
): number {
  return Math.max(running === 0 ? 1 : 0, Math.ceil(maxLoad - load))
}
