// What one repair of any number of backends works with, and how it waits for its locks.
import type { RunEvent, Session } from '../../graph/index.ts'
import { isLive } from '../report/reporter.ts'
import type { Candidate } from './candidate.ts'
import { recorded } from './record-repair.ts'
import type { Request } from './request.ts'
import { storyOf } from './story.ts'
import type { Held, LockOptions } from './under-locks.ts'

/** What a repair works with, for all of its backends. */
export interface RepairContext {
  readonly session: Session
  readonly jobs: number | undefined
  readonly maxLoad: number | undefined
  /** For the lock of the graph's state, which repairs of all backends share. */
  readonly wait: boolean
  readonly lockTimeoutMs: number | undefined
  readonly keepGoing: boolean
  /** Run the nodes even if fresh. */
  readonly force: boolean
  readonly report: (event: RunEvent) => void
  readonly signal: AbortSignal
}

/** The context of a repair under the locks of its backends. */
export function contextOf(
  request: Request,
  session: Session,
  held: Held,
  candidates: readonly Candidate[],
): RepairContext {
  const { args, mode, startedAt, say } = request
  const { verbose = false, quiet = false, source } = args
  const since = startedAt.getTime()
  const story = storyOf({ candidates, session, verbose, since, source, say })
  const isTold = !quiet && !isLive({ quiet, verbose })
  return {
    session,
    jobs: args.jobs,
    maxLoad: args.load,
    wait: args.wait !== false,
    lockTimeoutMs: lockTimeoutMs(args),
    keepGoing: args.keepGoing === true,
    force: mode === 'always',
    report: (event) => {
      if (isTold) story(event)
      held.report(event)
    },
    signal: held.signal,
  }
}

/** How the repair of a request waits for the locks of its backends. */
export function lockOptions(request: Request): LockOptions {
  const { args, startedAt, say } = request
  return {
    wait: args.wait !== false,
    timeoutMs: lockTimeoutMs(args),
    quiet: args.quiet === true,
    verbose: args.verbose === true,
    color: args.color ?? 'auto',
    since: startedAt.getTime(),
    say,
    // Without a failure it only waited for a lock: that was no repair.
    onThrown: (one, verdict) => {
      if (verdict.failure) recorded(request, one, verdict)
    },
  }
}

function lockTimeoutMs({ lockTimeout }: Request['args']): number | undefined {
  return lockTimeout === undefined ? undefined : lockTimeout * 1000
}
