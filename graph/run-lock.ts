// The lock under which a run works: asked for while its caller gets ready, for that starts a program.
import type { LockOwner } from './host.ts'
import type { LocksAhead } from './locks-ahead.ts'
import type { RunOptions } from './run-options.ts'
import type { Session } from './state.ts'
import { stateLock, underStateLock } from './state-lock.ts'
import type { Tally } from './tally.ts'

/** Readies the caller for a run, and asks for the lock meanwhile: `locks` has it then, or has not got it. */
export async function prepared(
  session: Session,
  options: RunOptions,
  locks: LocksAhead,
): ReturnType<NonNullable<RunOptions['whenStale']>> {
  const ready = options.whenStale?.()
  if (!options.live)
    locks.ask(stateLock(session), { purpose: purposeOf(options), mark: session.host.mark })
  try {
    return (await ready) ?? {}
  } catch (error) {
    await locks.giveBack()
    throw error
  }
}

function purposeOf({ targets }: RunOptions): string {
  return `run ${targets.join(' ') || 'all'}`.slice(0, 200)
}

export interface UnderLock extends RunOptions {
  readonly locks: LocksAhead
  /** Aborted by the caller's signal, and when the lock is lost. */
  readonly stop: AbortController
  readonly tally: Tally
}

/** Does the work of a run under the lock of the state folder; what runs ends when that is lost. */
export async function underLock(
  given: Session,
  asked: UnderLock,
  work: () => Promise<void>,
): Promise<void> {
  const { signal, wait, lockTimeoutMs, live, stop, tally, locks } = asked
  const session = { ...given, host: { ...given.host, locks } }
  const options = {
    purpose: purposeOf(asked),
    wait: wait !== false,
    ...(signal ? { signal } : {}),
    ...(lockTimeoutMs === undefined ? {} : { timeoutMs: lockTimeoutMs }),
    onWait: (owner: LockOwner | undefined) =>
      tally.tell({ type: 'waiting', at: tally.now(), lock: stateLock(session), owner }),
  }
  const under = underStateLock(session, options, async (lost) => {
    const forward = (): void => stop.abort()
    const sources = [lost, ...(signal ? [signal] : [])]
    for (const source of sources) {
      if (source.aborted) forward()
      source.addEventListener('abort', forward, { once: true })
    }
    try {
      await work()
    } catch (error) {
      tally.close()
      throw error
    } finally {
      // Who is killed later, as one who watches between two runs, holds no lock that says whose files these were.
      session.host.shell.rest()
      for (const source of sources) source.removeEventListener('abort', forward)
    }
  })
  return under.finally(() => {
    if (!live) session.host.shell.close()
  })
}
