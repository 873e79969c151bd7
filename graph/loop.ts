// The only loop: schedule <-> freshness / action.
import { logPath, runAction } from './action.ts'
import type { Cache } from './cache.ts'
import type { Done, Failed } from './done.ts'
import { taskEnvironment } from './environment.ts'
import type { NodeFailure } from './event.ts'
import { failedBefore, failedUnder } from './failed-before.ts'
import { LogFollower } from './follow.ts'
import { look, recordedResult } from './look.ts'
import type { Node } from './node.ts'
import { inputFailure } from './node-failure.ts'
import { Reopening } from './reopening.ts'
import { restore } from './restore.ts'
import type { RunOptions } from './run-options.ts'
import { RunningNodes } from './running.ts'
import { Schedule } from './schedule.ts'
import type { Scope } from './scope.ts'
import type { Memory, Session } from './state.ts'
import type { Tally } from './tally.ts'

export interface LoopOptions {
  readonly session: Session
  readonly memory: Memory
  readonly options: RunOptions
  readonly scope: Scope
  readonly tally: Tally
  readonly cache: Cache | undefined
  /** Ends what runs. */
  readonly stop: AbortController
}

export class Loop {
  private readonly session: Session
  private readonly memory: Memory
  private readonly options: RunOptions
  private readonly forced: ReadonlySet<Node>
  private readonly tally: Tally
  private readonly stop: AbortController
  private readonly cache: Cache | undefined
  private isRefusalTold = false
  private readonly schedule: Schedule
  private readonly follower: LogFollower
  private readonly running: RunningNodes
  private readonly reopening: Reopening | undefined
  private readonly env: Readonly<Record<string, string>>
  private readonly active = new Set<Promise<void>>()
  private readonly results = new Map<Node, string>()
  private readonly resultOf = (need: Node): string => this.results.get(need) as string

  constructor({ session, memory, options, scope, tally, cache, stop }: LoopOptions) {
    this.session = session
    this.memory = memory
    this.options = options
    this.forced = scope.forced
    this.tally = tally
    this.stop = stop
    this.cache = cache
    this.follower = new LogFollower(session.host, (event) => tally.tell(event))
    this.env = taskEnvironment(session.host)
    const { durations } = memory.journal.history
    for (const node of scope.given)
      this.results.set(node, recordedResult(memory.journal.history, node))
    this.schedule = new Schedule({
      graph: session.graph,
      wanted: scope.wanted,
      jobs: Math.max(1, options.jobs ?? session.host.cores),
      expected: (node) => durations.get(node.name) ?? 1,
    })
    this.running = new RunningNodes(session.host.clock, stop.signal)
    const { schedule, running, resultOf } = this
    const common = { wanted: scope.wanted, memory, schedule, tally, running, resultOf }
    this.reopening = options.live && new Reopening({ live: options.live, ...common })
  }

  /** Resolves when nothing runs any more. */
  async run(): Promise<void> {
    try {
      await this.turn()
      await Promise.all(this.active)
    } catch (error) {
      // A full disk under the journal, or a mistake of ours: no process outlives the run.
      this.stop.abort()
      await Promise.allSettled(this.active)
      throw error
    }
  }

  private async turn(): Promise<void> {
    const { schedule, active, reopening } = this
    while (!schedule.isFinished) {
      if (this.stop.signal.aborted || this.isEnough()) {
        for (const node of schedule.abandon()) this.tally.finish(node, 'cancelled', 0)
        if (active.size === 0) break
      } else {
        await this.decideReady()
        if (this.isEnough()) continue
        for (let node = schedule.nextToRun(); node; node = schedule.nextToRun()) this.begin(node)
        if (schedule.hasReady) continue
      }
      const hinted = reopening ? [reopening.hinted] : []
      if (active.size > 0) await Promise.race([...active, ...hinted])
      if (!this.stop.signal.aborted) reopening?.lookAgain()
    }
  }

  private isEnough(): boolean {
    return this.tally.failures.length > 0 && !this.options.keepGoing
  }

  private begin(node: Node): void {
    const one: Promise<void> = this.runOne(node).finally(() => this.active.delete(one))
    this.active.add(one)
  }

  private async decideReady(): Promise<void> {
    const { schedule, tally, memory } = this
    for (let node = schedule.nextReady(); node; node = schedule.nextReady()) {
      const { reasons, error } = this.forced.has(node)
        ? { reasons: [{ kind: 'forced' }] as const, error: undefined }
        : await look(node, memory, this.resultOf)
      if (reasons.length === 0) {
        this.results.set(node, recordedResult(memory.journal.history, node))
        tally.finish(node, 'fresh', 0)
        schedule.settle(node, 'done')
        continue
      }
      const told = this.reopening?.reasonsOf(node, reasons) ?? reasons
      tally.tell({ type: 'stale', at: tally.now(), node: node.name, reasons: told })
      const failure = error ? inputFailure(error, '') : this.failedBefore(node)
      if (failure) this.fail(node, 'failed', failure, 0)
      else schedule.enqueue(node)
      // Somebody waits for this one: the others are looked at while it runs.
      if (this.reopening && schedule.canRun) return
    }
  }

  private async runOne(node: Node): Promise<void> {
    if (this.isRestored(node)) return
    const { session, options, memory, tally, running, reopening } = this
    const signal = running.begin(node)
    // `begin` forgets the record; what the node made before is still known by its outputs.
    const before = memory.journal.history.lastResults.get(node.name)
    for (let attempt = 1; ; attempt++) {
      const log = logPath(session, node, attempt)
      tally.tell({ type: 'started', at: tally.now(), node: node.name, attempt, log })
      if (options.follow) this.follower.start(node, log)
      const done = await runAction(node, {
        session,
        memory,
        env: this.env,
        attempt,
        signal,
        ...(this.cache ? { cache: this.cache } : {}),
        resultOf: this.resultOf,
        ...(reopening ? { onKey: (key: string) => reopening.began(node, key) } : {}),
        ...(options.wrap ? { wrap: options.wrap } : {}),
        ...(options.follow ? { onSpool: (file: string) => this.follower.grows(node, file) } : {}),
      })
      if (options.follow) this.follower.stop(node)
      this.tellRefusal(node)
      if (running.isRecalled(node)) return this.requeue(node, done.ms)
      if (done.how === 'done') return this.succeed(node, done, before)
      if (done.how === 'cancelled') return this.cancel(node, done.ms)
      const verdict = options.onFailure?.(node, done.failure, attempt) ?? {}
      const failure =
        verdict.class === undefined ? done.failure : { ...done.failure, class: verdict.class }
      if (verdict.retryAfterMs === undefined || signal.aborted)
        return this.failLasting(node, { ...done, failure }, verdict.isLasting !== false)
      const afterMs = verdict.retryAfterMs
      tally.tell({ type: 'retrying', at: tally.now(), node: node.name, attempt, afterMs, failure })
      await this.pause(afterMs, signal)
      if (running.isRecalled(node)) return this.requeue(node, done.ms)
    }
  }

  // However it ended: the disk says what has to be done about it.
  private requeue(node: Node, ms: number): void {
    const { tally } = this
    this.running.end(node)
    tally.tell({ type: 'finished', at: tally.now(), node: node.name, outcome: 'cancelled', ms })
    for (const blocked of this.schedule.requeue(node)) tally.finish(blocked, 'blocked', 0)
  }

  private isRestored(node: Node): boolean {
    const { cache, memory, resultOf } = this
    if (cache === undefined || this.forced.has(node)) return false
    const restored = restore(node, { cache, memory, resultOf })
    if (restored === undefined) return false
    this.results.set(node, restored.result)
    this.tally.finish(node, 'restored', restored.ms)
    this.schedule.settle(node, 'done')
    return true
  }

  private tellRefusal(node: Node): void {
    const errno = this.cache?.trouble
    if (errno === undefined || this.isRefusalTold) return
    this.isRefusalTold = true
    this.tally.tell({ type: 'not-stored', at: this.tally.now(), node: node.name, errno })
  }

  private succeed(
    node: Node,
    done: Extract<Done, { how: 'done' }>,
    before: string | undefined,
  ): void {
    const { tally } = this
    this.running.end(node)
    this.results.set(node, done.result)
    if (done.movedInput !== undefined)
      tally.tell({ type: 'input-moved', at: tally.now(), node: node.name, name: done.movedInput })
    tally.finish(node, done.result === before ? 'unchanged' : 'changed', done.ms)
    this.schedule.settle(node, 'done')
  }

  private cancel(node: Node, ms: number): void {
    this.running.end(node)
    this.tally.finish(node, 'cancelled', ms)
    for (const blocked of this.schedule.settle(node, 'cancelled'))
      this.tally.finish(blocked, 'cancelled', 0)
  }

  private failedBefore(node: Node): NodeFailure | undefined {
    if (this.options.retry || this.forced.has(node)) return undefined
    return failedBefore(node, this.memory, this.resultOf)
  }

  private failLasting(node: Node, { how, failure, key, ms }: Failed, isLasting: boolean): void {
    // It went well under this key once: whatever decides it, the key does not.
    const isKnownGood = key !== undefined && (this.cache?.find(key) ?? []).length > 0
    if (key !== undefined && isLasting && !isKnownGood) {
      const { message: detail, log } = failure
      const under = failedUnder(key, failure)
      this.memory.journal.fail(node.name, {
        ...{ what: 'failed', detail, log, at: this.tally.now() },
        under,
      })
    }
    this.fail(node, how, failure, ms)
  }

  private fail(node: Node, outcome: 'failed' | 'timed-out', found: NodeFailure, ms: number): void {
    this.running.end(node)
    const hasLog = found.log !== '' && this.session.host.disk.stat(found.log) !== undefined
    const failure = hasLog ? found : { ...found, log: '' }
    this.tally.finish(node, outcome, ms, { failure })
    for (const blocked of this.schedule.settle(node, 'failed'))
      this.tally.finish(blocked, 'blocked', 0, { blockedBy: node.name })
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.session.host.clock.after(ms, finish)
      signal.addEventListener('abort', finish, { once: true })
      function finish(): void {
        cancel()
        signal.removeEventListener('abort', finish)
        resolve()
      }
    })
  }
}
