// A run: what is wanted, whether anything has to run at all, and the lock under which it does. It
// changes nothing when everything is fresh.
import { closeCache, openCache } from './cache-place.ts'
import { commandEnvironment } from './environment.ts'
import type { RunSummary } from './event.ts'
import { identityOf } from './identity.ts'
import type { Live } from './live.ts'
import { LocksAhead } from './locks-ahead.ts'
import { look, recordedResult } from './look.ts'
import { AT_ONCE_MS, LookRecorder } from './look-recorder.ts'
import { Loop } from './loop.ts'
import type { Node } from './node.ts'
import { prepared, underLock } from './run-lock.ts'
import type { RunOptions } from './run-options.ts'
import { RunWriter, unkeptRun } from './runs.ts'
import { refuseMissing, type Scope, scopeOf } from './scope.ts'
import { keepSnapshot, lookedAnew, type Memory, recall, type Session, unwritable } from './state.ts'
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
  const vouched = new Set(recorder?.vouched(read))
  const memory = live?.recall(session) ?? recall(session, { isKnownWhole: vouched.size > 0 })
  refuseMissing(scope, memory.journal.history)
  // Who watches has looked already.
  const isLookedAt = live === undefined && forced.size === 0
  const first = isLookedAt ? freshOnes(wanted, memory, vouched, recorder) : new Set<Node>()
  if (isLookedAt && first.size === wanted.length) {
    keepSnapshot(session, memory)
    if (memory.journal.isWhole) recorder?.seal(given.stateFolder, read, false)
    const tally = new Tally({ clock, wanted, start, report: options.report })
    if (options.onLine) tally.record(unkeptRun(clock.now(), options.targets, options.onLine))
    return nothingToDo(tally, wanted, memory)
  }
  const lookedAt = clock.now()
  const locks = new LocksAhead(given.host.locks)
  const all = { ...options, ...(await prepared(given, options, locks)) }
  const env = commandEnvironment(given.host, all.strictEnv !== false)
  // While the lock is being asked for.
  given.host.shell.warmUp(env, `${given.stateFolder}/logs`)
  const tally = new Tally({ clock, wanted, start, report: all.report })
  const stop = new AbortController()
  await underLock(given, { ...all, locks, stop, tally }, async () => {
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
      tally.tellPlan(again.journal.history)
      refuseMissing(scope, again.journal.history)
      const hasCache = all.cache !== false && all.strictEnv !== false
      const cache = hasCache ? openCache(given) : undefined
      // Whoever names a number of jobs wants that and not what a make has for us.
      const parent = all.jobs === undefined ? await given.host.parentTokens() : undefined
      for (const node of wanted) if (fresh.has(node)) tally.finish(node, 'fresh', 0)
      const work = { scope: withoutFresh(scope, fresh), recorder, tally, cache, parent, stop }
      try {
        await new Loop({ session: given, env, memory: again, options: all, ...work }).run()
      } finally {
        if (cache) closeCache(given, cache)
      }
    })
    if (again.journal.isWhole) recorder?.seal(given.stateFolder, journal(), true)
  })
  return tally.summary(stop.signal.aborted)
}

// Those that the seal vouches for, and of the others all before the first that is stale. Without the lock:
// whoever finds everything fresh waits for nobody.
function freshOnes(
  wanted: readonly Node[],
  memory: Memory,
  vouched: ReadonlySet<Node>,
  recorder: LookRecorder | undefined,
): ReadonlySet<Node> {
  const resultOf = (need: Node): string => recordedResult(memory.journal.history, need)
  const fresh = new Set(vouched)
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

// What they need of the fresh ones is as it was last made.
function withoutFresh({ wanted, forced, given }: Scope, fresh: ReadonlySet<Node>): Scope {
  const open = wanted.filter((node) => !fresh.has(node))
  const needs = new Set(open.flatMap((node) => node.needs).filter((need) => fresh.has(need)))
  return { wanted: open, forced, given: [...given, ...needs] }
}

function nothingToDo(tally: Tally, wanted: readonly Node[], memory: Memory): RunSummary {
  tally.tellPlan(memory.journal.history)
  for (const node of wanted) tally.finish(node, 'fresh', 0)
  return tally.summary(false)
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
    throw unwritable(session, error)
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
