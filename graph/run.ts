// A run: what is wanted, whether anything has to run at all, and the lock under which it does. It
// changes nothing when everything is fresh.
import { closeCache, openCache } from './cache-place.ts'
import type { RunSummary } from './event.ts'
import type { LockOwner } from './host.ts'
import { identityOf } from './identity.ts'
import type { Live } from './live.ts'
import { look, recordedResult } from './look.ts'
import { AT_ONCE_MS, LookRecorder } from './look-recorder.ts'
import { Loop } from './loop.ts'
import type { Node } from './node.ts'
import type { RunOptions } from './run-options.ts'
import { RunWriter, unkeptRun } from './runs.ts'
import { refuseMissing, scopeOf } from './scope.ts'
import { keepSnapshot, lookedAnew, type Memory, recall, type Session, unwritable } from './state.ts'
import { stateLock, underStateLock } from './state-lock.ts'
import { Tally } from './tally.ts'

/**
 * Brings the targets and all they need up to date.
 *
 * @throws GraphError 'unknown-node', 'locked', 'state-unwritable', 'cancelled' (while waiting for
 * the lock). What nodes do is in the summary.
 * @example const { ok } = await runGraph({ graph, host: machine(), folder, stateFolder }, { targets: ['all'] })
 */
export async function runGraph(given: Session, options: RunOptions): Promise<RunSummary> {
  const { clock } = given.host
  const start = clock.now()
  const scope = scopeOf(given.graph, options)
  const { wanted, forced } = scope
  const { live, seal } = options
  const recorder =
    seal && forced.size === 0 && !live ? new LookRecorder(given.host, wanted, seal) : undefined
  const session = recorder ? { ...given, host: recorder.host } : given
  const journal = (): string => identityOf(given.host.disk.stat(`${given.stateFolder}/journal`))
  const read = journal()
  const memory = live?.recall(session) ?? recall(session)
  refuseMissing(scope, memory.journal.history)
  // Who watches has looked already.
  const isLookedAt = live === undefined && forced.size === 0
  const first = isLookedAt ? freshOnes(wanted, memory, recorder, read) : new Set<Node>()
  if (isLookedAt && first.size === wanted.length) {
    keepSnapshot(session, memory)
    recorder?.seal(given.stateFolder, read, false)
    const tally = new Tally({ clock, wanted, start, report: options.report })
    if (options.onLine) tally.record(unkeptRun(clock.now(), options.targets, options.onLine))
    return nothingToDo(tally, wanted, memory)
  }
  const lookedAt = clock.now()
  const all = { ...options, ...(await options.whenStale?.()) }
  const tally = new Tally({ clock, wanted, start, report: all.report })
  const stop = new AbortController()
  await underLock(given, { ...all, stop, tally }, async () => {
    // Another run may have finished while we waited: look again at what it left.
    const isAsRead = journal() === read
    const isAtOnce = isAsRead && clock.now() - lookedAt <= AT_ONCE_MS
    if (!isAtOnce) recorder?.forget()
    const fresh = isAtOnce ? first : new Set<Node>()
    const again =
      live?.recall(session) ?? (isAsRead ? lookedAnew(session, memory) : recall(session))
    again.world.snapshot.learnFrom(memory.world.snapshot)
    await written(given, { memory: again, live }, async () => {
      tally.record(new RunWriter(given, options.targets, options.onLine))
      tally.tellPlan(again.journal.history.durations)
      refuseMissing(scope, again.journal.history)
      const hasCache = all.cache !== false && all.strictEnv !== false
      const cache = hasCache ? openCache(given) : undefined
      // Whoever names a number of jobs wants that and not what a make has for us.
      const parent = all.jobs === undefined ? await given.host.parentTokens() : undefined
      const work = { scope, fresh, recorder, tally, cache, parent, stop }
      try {
        await new Loop({ session: given, memory: again, options: all, ...work }).run()
      } finally {
        if (cache) closeCache(given, cache)
      }
    })
    recorder?.seal(given.stateFolder, journal(), true)
  })
  return tally.summary(stop.signal.aborted)
}

// Those that the seal vouches for, and of the others all before the first that is stale. Without the lock:
// whoever finds everything fresh waits for nobody.
function freshOnes(
  wanted: readonly Node[],
  memory: Memory,
  recorder: LookRecorder | undefined,
  journal: string,
): ReadonlySet<Node> {
  const resultOf = (need: Node): string => recordedResult(memory.journal.history, need)
  const fresh = new Set(recorder?.vouched(journal))
  for (const node of wanted) {
    if (fresh.has(node)) continue
    const { reasons } = recorder
      ? recorder.look(node, memory, resultOf)
      : look(node, memory, resultOf)
    if (reasons.length > 0) break
    fresh.add(node)
  }
  return fresh
}

function nothingToDo(tally: Tally, wanted: readonly Node[], memory: Memory): RunSummary {
  tally.tellPlan(memory.journal.history.durations)
  for (const node of wanted) tally.finish(node, 'fresh', 0)
  return tally.summary(false)
}

interface UnderLock extends RunOptions {
  /** Aborted by the caller's signal, and when the lock is lost. */
  readonly stop: AbortController
  readonly tally: Tally
}

async function underLock(
  session: Session,
  { targets, signal, wait, lockTimeoutMs, live, stop, tally }: UnderLock,
  work: () => Promise<void>,
): Promise<void> {
  const options = {
    purpose: `run ${targets.join(' ') || 'all'}`.slice(0, 200),
    wait: wait !== false,
    ...(signal ? { signal } : {}),
    ...(lockTimeoutMs === undefined ? {} : { timeoutMs: lockTimeoutMs }),
    onWait: (owner: LockOwner | undefined) =>
      tally.tell({ type: 'waiting', at: tally.now(), lock: stateLock(session), owner }),
  }
  await underStateLock(session, options, async (lost) => {
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
      for (const source of sources) source.removeEventListener('abort', forward)
      if (!live) session.host.shell.close()
    }
  })
}

// With the journal open; what was learned is kept, however the work ends.
async function written(
  session: Session,
  { memory, live }: { memory: Memory; live: Live | undefined },
  work: () => Promise<void>,
): Promise<void> {
  try {
    session.host.disk.makeFolder(`${session.stateFolder}/logs`, { private: true })
    memory.journal.open()
  } catch (error) {
    throw unwritable(session.stateFolder, error)
  }
  try {
    await work()
  } finally {
    await memory.journal.sync()
    memory.journal.close()
    if (live) live.keep()
    else keepSnapshot(session, memory)
  }
}
