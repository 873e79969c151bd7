// The only loop: schedule <-> freshness / action. It changes nothing when everything is fresh.
import { logPath, runAction } from './action.ts'
import { loadDigest } from './digest.ts'
import type { Done } from './done.ts'
import { taskEnvironment } from './environment.ts'
import { GraphError } from './error.ts'
import type { NodeFailure, Outcome, RunEvent, RunSummary } from './event.ts'
import { LogFollower } from './follow.ts'
import type { Reason } from './freshness.ts'
import type { Node } from './graph.ts'
import type { Lock } from './host.ts'
import { reasonsOf, recordedResult } from './look.ts'
import { inputFailure } from './node-failure.ts'
import { plan } from './plan.ts'
import { RunWriter } from './runs.ts'
import { Schedule } from './schedule.ts'
import { type SealOptions, SealRecorder } from './seal.ts'
import { select } from './select.ts'
import { keepSnapshot, type Memory, recall, type Session, unwritable } from './state.ts'
import { DIGEST_NEEDED } from './world.ts'

export interface RunOptions {
  /** Selectors; empty means every node. */
  readonly targets: readonly string[]
  /** Nodes that run at once; the number of cores unless said. */
  readonly jobs?: number
  /** Run the targets even if they are fresh. */
  readonly force?: boolean
  /** After a failure go on with what does not depend on it. */
  readonly keepGoing?: boolean
  /** Aborting cancels: no process is left. */
  readonly signal?: AbortSignal
  readonly report?: (event: RunEvent) => void
  /** Asked once, when something has to run: what listens and watches is needed only then. */
  readonly whenStale?: () => Promise<Pick<RunOptions, 'signal' | 'report'>>
  /** When everything is found fresh, remember it so that `checkSeal` can say so at once. */
  readonly seal?: SealOptions
  /** Read logs while they grow and report progress and output. */
  readonly follow?: boolean
  /** Asked after each failed try: a class for the report, and whether to try again. */
  readonly onFailure?: (node: Node, failure: NodeFailure, attempt: number) => Verdict
  /** False: fail at once when another run holds the lock. */
  readonly wait?: boolean
  /** Milliseconds to wait for the lock at most. */
  readonly lockTimeoutMs?: number
}

export interface Verdict {
  readonly class?: string
  /** Try again after so many milliseconds. */
  readonly retryAfterMs?: number
}

/**
 * Brings the targets and all they need up to date.
 *
 * @throws GraphError 'unknown-node', 'locked', 'state-unwritable', 'cancelled' (while waiting for
 * the lock). What nodes do is in the summary.
 * @example const { ok } = await runGraph({ graph, host: machine(), folder, stateFolder }, { targets: ['all'] })
 */
export async function runGraph(given: Session, options: RunOptions): Promise<RunSummary> {
  const recorder = options.seal && !options.force ? new SealRecorder(given.host) : undefined
  const session = recorder ? { ...given, host: recorder.host } : given
  const start = session.host.clock.now()
  const targets = select(session.graph, options.targets)
  const wanted = plan(session.graph, targets)
  const forced = new Set(options.force ? targets : [])
  const memory = recall(session)
  const isFresh = forced.size === 0 && (await areAllFresh(wanted, memory))
  const work = { wanted, forced, start }
  if (isFresh) {
    keepSnapshot(session, memory)
    if (options.seal) recorder?.seal(session.stateFolder, wanted.length, options.seal)
    return new Run(session, options, work).nothingToDo(memory)
  }
  const late = await options.whenStale?.()
  return new Run(given, { ...options, ...late }, work).underLock(memory)
}

// Without the lock: whoever finds everything fresh waits for nobody.
async function areAllFresh(wanted: readonly Node[], memory: Memory): Promise<boolean> {
  const resultOf = (need: Node): string => recordedResult(memory.journal.history, need)
  for (const node of wanted) {
    try {
      if (reasonsOf(node, memory, resultOf).length > 0) return false
    } catch (error) {
      if (error !== DIGEST_NEEDED) return false
      const { reasons } = await look(node, memory, resultOf)
      if (reasons.length > 0) return false
    }
  }
  return true
}

interface Looked {
  readonly reasons: readonly Reason[]
  /** An input is missing or unreadable: the node cannot run. */
  readonly error?: GraphError
}

async function look(node: Node, memory: Memory, resultOf: (need: Node) => string): Promise<Looked> {
  try {
    return { reasons: reasonsOf(node, memory, resultOf) }
  } catch (error) {
    if (error === DIGEST_NEEDED) {
      await loadDigest()
      return look(node, memory, resultOf)
    }
    if (!(error instanceof GraphError)) throw error
    const reason = {
      kind: 'input-missing',
      name: error.place ?? '',
      detail: error.message,
    } as const
    return { reasons: [reason], error }
  }
}

interface Work {
  readonly wanted: readonly Node[]
  readonly forced: ReadonlySet<Node>
  readonly start: number
}

class Run {
  private readonly session: Session
  private readonly options: RunOptions
  private readonly work: Work
  private readonly report: (event: RunEvent) => void
  private writer: RunWriter | undefined
  private readonly follower: LogFollower
  private readonly stop = new AbortController()
  private readonly results = new Map<Node, string>()
  private readonly outcomes: Record<Outcome, number> = {
    fresh: 0,
    changed: 0,
    unchanged: 0,
    failed: 0,
    'timed-out': 0,
    cancelled: 0,
    blocked: 0,
  }
  private readonly failures: { node: string; failure: NodeFailure }[] = []

  constructor(session: Session, options: RunOptions, work: Work) {
    this.session = session
    this.options = options
    this.work = work
    this.report = (event) => {
      this.writer?.write(event)
      options.report?.(event)
    }
    this.follower = new LogFollower(session.host, this.report)
  }

  nothingToDo(memory: Memory): RunSummary {
    this.tellPlan(memory)
    for (const node of this.work.wanted) this.finish(node, 'fresh', 0)
    return this.summary()
  }

  async underLock(looked: Memory): Promise<RunSummary> {
    const { session, options } = this
    await loadDigest()
    const lock = await this.lock()
    const forward = (): void => this.stop.abort()
    const sources = [lock.lost, ...(options.signal ? [options.signal] : [])]
    for (const source of sources) {
      if (source.aborted) forward()
      source.addEventListener('abort', forward, { once: true })
    }
    try {
      if (lock.inheritedFrom) await this.clearAfter(lock.inheritedFrom.mark)
      // Another run may have finished while we waited: look again at what it left.
      const memory = recall(session)
      memory.world.snapshot.learnFrom(looked.world.snapshot)
      this.open(memory)
      try {
        await this.loop(memory)
      } finally {
        await memory.journal.sync()
        memory.journal.close()
        keepSnapshot(session, memory)
      }
    } catch (error) {
      this.writer?.close()
      throw error
    } finally {
      for (const source of sources) source.removeEventListener('abort', forward)
      session.host.shell.close()
      await lock.release()
    }
    return this.summary()
  }

  // A killed engine leaves processes, and files that they print into.
  private async clearAfter(mark: string): Promise<void> {
    const { disk, shell } = this.session.host
    await shell.endStrays(mark)
    const logs = `${this.session.stateFolder}/logs`
    for (const name of disk.list(logs) ?? [])
      if (name.startsWith('.spool-')) disk.removeFile(`${logs}/${name}`)
  }

  private async lock(): Promise<Lock> {
    const { session, options } = this
    const path = `${session.stateFolder}/lock`
    const { signal, lockTimeoutMs } = options
    return session.host.locks.acquire(path, {
      purpose: `run ${options.targets.join(' ') || 'all'}`.slice(0, 200),
      mark: session.host.mark,
      wait: options.wait !== false,
      ...(signal ? { signal } : {}),
      ...(lockTimeoutMs === undefined ? {} : { timeoutMs: lockTimeoutMs }),
      onWait: (owner) => this.report({ type: 'waiting', at: this.now(), lock: path, owner }),
    })
  }

  private open(memory: Memory): void {
    const { session } = this
    try {
      session.host.disk.makeFolder(`${session.stateFolder}/logs`, { private: true })
      memory.journal.open()
      this.writer = new RunWriter(session, this.options.targets)
    } catch (error) {
      throw unwritable(session.stateFolder, error)
    }
  }

  private async loop(memory: Memory): Promise<void> {
    const { session, options, work } = this
    const durations = memory.journal.history.durations
    const schedule = new Schedule({
      graph: session.graph,
      wanted: work.wanted,
      jobs: Math.max(1, options.jobs ?? session.host.cores),
      expected: (node) => durations.get(node.name) ?? 1,
    })
    this.tellPlan(memory)
    const active = new Set<Promise<void>>()
    try {
      await this.turn(schedule, memory, active)
      await Promise.all(active)
    } catch (error) {
      // A full disk under the journal, or a mistake of ours: no process outlives the run.
      this.stop.abort()
      await Promise.allSettled(active)
      throw error
    }
  }

  private async turn(
    schedule: Schedule,
    memory: Memory,
    active: Set<Promise<void>>,
  ): Promise<void> {
    const { session, options } = this
    const env = taskEnvironment(session.host)
    let isStopping = false
    while (!schedule.isFinished) {
      isStopping ||= this.stop.signal.aborted || (this.failures.length > 0 && !options.keepGoing)
      if (isStopping) {
        for (const node of schedule.abandon()) this.finish(node, 'cancelled', 0)
        if (active.size === 0) break
      } else {
        await this.decideReady(schedule, memory)
        if (this.failures.length > 0 && !options.keepGoing) continue
        for (let node = schedule.nextToRun(); node; node = schedule.nextToRun()) {
          const one: Promise<void> = this.runOne(node, schedule, memory, env).finally(() =>
            active.delete(one),
          )
          active.add(one)
        }
      }
      if (active.size > 0) await Promise.race(active)
    }
  }

  private async decideReady(schedule: Schedule, memory: Memory): Promise<void> {
    const resultOf = (need: Node): string => this.results.get(need) as string
    for (let node = schedule.nextReady(); node; node = schedule.nextReady()) {
      const isForced = this.work.forced.has(node)
      const { reasons, error } = isForced
        ? { reasons: [{ kind: 'forced' }] as const, error: undefined }
        : await look(node, memory, resultOf)
      if (reasons.length === 0) {
        this.results.set(node, recordedResult(memory.journal.history, node))
        this.finish(node, 'fresh', 0)
        schedule.settle(node, 'done')
        continue
      }
      this.report({ type: 'stale', at: this.now(), node: node.name, reasons })
      if (error) this.fail(node, schedule, 'failed', inputFailure(error, ''), 0)
      else schedule.enqueue(node)
    }
  }

  private async runOne(
    node: Node,
    schedule: Schedule,
    memory: Memory,
    env: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { session, options } = this
    const before =
      memory.journal.history.records.get(node.name)?.result ?? this.lastResult(memory, node)
    for (let attempt = 1; ; attempt++) {
      const log = logPath(session, node, attempt)
      this.report({ type: 'started', at: this.now(), node: node.name, attempt, log })
      if (options.follow) this.follower.start(node, log)
      const done = await runAction(node, {
        session,
        memory,
        env,
        attempt,
        signal: this.stop.signal,
        resultOf: (need) => this.results.get(need) as string,
        ...(options.follow ? { onSpool: (file: string) => this.follower.grows(node, file) } : {}),
      })
      if (options.follow) this.follower.stop(node)
      if (done.how === 'done') return this.succeed(node, schedule, done, before)
      if (done.how === 'cancelled') {
        this.finish(node, 'cancelled', done.ms)
        for (const blocked of schedule.settle(node, 'cancelled'))
          this.finish(blocked, 'cancelled', 0)
        return
      }
      const verdict = options.onFailure?.(node, done.failure, attempt) ?? {}
      const failure =
        verdict.class === undefined ? done.failure : { ...done.failure, class: verdict.class }
      if (verdict.retryAfterMs === undefined || this.stop.signal.aborted)
        return this.fail(node, schedule, done.how, failure, done.ms)
      const afterMs = verdict.retryAfterMs
      this.report({ type: 'retrying', at: this.now(), node: node.name, attempt, afterMs, failure })
      await this.pause(afterMs)
    }
  }

  private succeed(
    node: Node,
    schedule: Schedule,
    done: Extract<Done, { how: 'done' }>,
    before: string | undefined,
  ): void {
    this.results.set(node, done.result)
    if (done.movedInput !== undefined)
      this.report({ type: 'input-moved', at: this.now(), node: node.name, name: done.movedInput })
    this.finish(node, done.result === before ? 'unchanged' : 'changed', done.ms)
    schedule.settle(node, 'done')
  }

  private fail(
    node: Node,
    schedule: Schedule,
    outcome: 'failed' | 'timed-out',
    found: NodeFailure,
    ms: number,
  ): void {
    const hasLog = found.log !== '' && this.session.host.disk.stat(found.log) !== undefined
    const failure = hasLog ? found : { ...found, log: '' }
    this.failures.push({ node: node.name, failure })
    this.finish(node, outcome, ms, { failure })
    for (const blocked of schedule.settle(node, 'failed'))
      this.finish(blocked, 'blocked', 0, { blockedBy: node.name })
  }

  // `begin` forgot the record; what the node made before is still known by its outputs.
  private lastResult(memory: Memory, node: Node): string | undefined {
    return memory.journal.history.lastResults.get(node.name)
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.session.host.clock.after(ms, finish)
      const { signal } = this.stop
      signal.addEventListener('abort', finish, { once: true })
      function finish(): void {
        cancel()
        signal.removeEventListener('abort', finish)
        resolve()
      }
    })
  }

  private finish(
    node: Node,
    outcome: Outcome,
    ms: number,
    more: { failure?: NodeFailure; blockedBy?: string } = {},
  ): void {
    this.outcomes[outcome]++
    if (this.isUnheard) return
    this.report({ type: 'finished', at: this.now(), node: node.name, outcome, ms, ...more })
  }

  private tellPlan(memory: Memory): void {
    if (this.isUnheard) return
    const durations = memory.journal.history.durations
    const nodes = this.work.wanted.map((node) => ({
      node: node.name,
      title: node.spec.title ?? node.name,
      needs: node.needs.map((need) => need.name),
      expectedMs: durations.get(node.name),
    }))
    this.report({ type: 'planned', at: this.now(), nodes })
  }

  private get isUnheard(): boolean {
    return this.options.report === undefined && this.writer === undefined
  }

  private summary(): RunSummary {
    const { outcomes, failures } = this
    const ok = failures.length === 0 && outcomes.cancelled === 0 && outcomes.blocked === 0
    const ms = this.now() - this.work.start
    const cancelled = this.stop.signal.aborted
    const run = this.writer === undefined ? {} : { run: this.writer.id }
    const summary: RunSummary = { ok: ok && !cancelled, outcomes, ms, failures, cancelled, ...run }
    this.report({ type: 'done', at: this.now(), summary })
    this.writer?.close()
    return summary
  }

  private now(): number {
    return this.session.host.clock.now()
  }
}
