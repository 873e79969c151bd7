// The only loop: schedule <-> freshness / action.

import { Attempts, type Ended } from './attempts.ts'
import type { Cache } from './cache.ts'
import type { NodeFailure } from './event.ts'
import { failedBefore } from './failed-before.ts'
import { likelyMs } from './history.ts'
import type { TokenPipe } from './host.ts'
import { type Looked, look, recordedResult } from './look.ts'
import type { LookRecorder } from './look-recorder.ts'
import type { Node } from './node.ts'
import { inputFailure } from './node-failure.ts'
import { Reopening } from './reopening.ts'
import type { RunOptions } from './run-options.ts'
import { RunningNodes } from './running.ts'
import { Schedule } from './schedule.ts'
import type { Scope } from './scope.ts'
import type { Memory, Session } from './state.ts'
import type { Tally } from './tally.ts'
import { type Throttle, throttleOf } from './throttle.ts'

export interface LoopOptions {
  readonly session: Session
  /** That of the commands. */
  readonly env: Readonly<Record<string, string>>
  readonly memory: Memory
  readonly options: RunOptions
  readonly scope: Scope
  readonly tally: Tally
  readonly recorder: LookRecorder | undefined
  readonly cache: Cache | undefined
  /** The jobs of a make that started the run. */
  readonly parent: TokenPipe | undefined
  /** Ends what runs. */
  readonly stop: AbortController
}

export class Loop {
  private readonly memory: Memory
  private readonly options: RunOptions
  private readonly forced: ReadonlySet<Node>
  private readonly recorder: LookRecorder | undefined
  private readonly tally: Tally
  private readonly stop: AbortController
  private readonly schedule: Schedule
  private readonly running: RunningNodes
  private readonly reopening: Reopening | undefined
  private readonly throttle: Throttle | undefined
  private readonly attempts: Attempts
  private readonly active = new Set<Promise<void>>()
  private readonly results = new Map<Node, string>()
  private readonly resultOf = (need: Node): string => this.results.get(need) as string

  constructor(all: LoopOptions) {
    const { session, env, memory, options, scope, tally, cache, parent, stop } = all
    this.recorder = all.recorder
    this.memory = memory
    this.options = options
    this.forced = scope.forced
    this.tally = tally
    this.stop = stop
    const { history } = memory.journal
    for (const node of scope.given) this.results.set(node, recordedResult(history, node))
    const most = parent ? Number.POSITIVE_INFINITY : session.host.cores
    const jobs = Math.max(1, options.jobs ?? most)
    this.throttle = throttleOf(session, { options, wanted: scope.wanted, jobs, parent, tally })
    this.schedule = new Schedule({
      graph: session.graph,
      wanted: scope.wanted,
      jobs,
      expected: likelyMs(history),
    })
    this.running = new RunningNodes(session.host.clock, stop.signal)
    const { schedule, running, resultOf } = this
    const common = { wanted: scope.wanted, memory, schedule, tally, running, resultOf }
    this.reopening = options.live && new Reopening({ live: options.live, ...common })
    const { reopening, throttle } = this
    const tokens = throttle?.tokens
    const given = { session, env, memory, options, tally, cache, running, reopening }
    this.attempts = new Attempts({ ...given, tokens, resultOf })
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
    } finally {
      this.throttle?.close()
    }
  }

  private async turn(): Promise<void> {
    const { schedule, active, reopening, throttle } = this
    while (!schedule.isFinished) {
      let again: Promise<void> | undefined
      if (this.stop.signal.aborted || this.isEnough()) {
        for (const node of schedule.abandon()) this.tally.finish(node, 'cancelled', 0)
        if (active.size === 0) break
      } else {
        this.decideReady()
        if (this.isEnough()) continue
        throttle?.look(schedule.runningCount)
        for (let node = this.next(); node; node = this.next()) this.begin(node)
        if (schedule.hasReady) continue
        again = throttle?.settled()
      }
      const wakers = [reopening?.hinted, again].filter((waker) => waker !== undefined)
      if (active.size > 0) await Promise.race([...active, ...wakers])
      // Rather than to go round for ever.
      else if (!schedule.isFinished && !this.stop.signal.aborted)
        throw new Error('BUG: nodes wait, and nothing runs')
      if (!this.stop.signal.aborted) reopening?.lookAgain()
    }
  }

  private isEnough(): boolean {
    const { keepGoing, failFast } = this.options
    return this.tally.failures.length > 0 && (failFast === true || !keepGoing)
  }

  private next(): Node | undefined {
    const { schedule, throttle } = this
    if (throttle && !(schedule.canRun && throttle.mayBegin())) return undefined
    return schedule.nextToRun()
  }

  private begin(node: Node): void {
    this.throttle?.begin(node)
    // One that throws stays, to be met at the next turn: this one may already have been woken by another.
    const one: Promise<void> = this.runOne(node).then(() => void this.active.delete(one))
    this.active.add(one)
  }

  private decideReady(): void {
    const { schedule, tally, memory } = this
    for (let node = schedule.nextReady(); node; node = schedule.nextReady()) {
      const { reasons, error } = this.lookAt(node)
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

  private lookAt(node: Node): Looked {
    if (this.forced.has(node)) return { reasons: [{ kind: 'forced' }] }
    return (this.recorder ?? { look }).look(node, this.memory, this.resultOf)
  }

  private async runOne(node: Node): Promise<void> {
    // `begin` forgets the record; what the node made before is still known by its outputs.
    const before = this.memory.journal.history.lastDone.get(node.name)?.result
    const restored = this.forced.has(node) ? undefined : this.attempts.restore(node)
    this.end(node, restored ?? (await this.attempts.run(node)), before)
  }

  private end(node: Node, ended: Ended, before: string | undefined): void {
    this.running.end(node)
    this.throttle?.end(node)
    switch (ended.how) {
      case 'restored':
        return this.succeed(node, 'restored', ended)
      case 'done':
        this.tellMoved(node, ended.movedInput)
        if (ended.wroteInput) this.options.live?.wroteInput(node)
        return this.succeed(node, ended.result === before ? 'unchanged' : 'changed', ended)
      case 'failed':
      case 'timed-out':
        return this.fail(node, ended.how, ended.failure, ended.ms)
      case 'cancelled':
        return this.cancel(node, ended.ms)
      case 'recalled':
        return this.requeue(node, ended.ms)
      default:
        return ended satisfies never
    }
  }

  private succeed(
    node: Node,
    outcome: 'restored' | 'changed' | 'unchanged',
    { result, ms }: { readonly result: string; readonly ms: number },
  ): void {
    this.results.set(node, result)
    this.tally.finish(node, outcome, ms)
    this.schedule.settle(node, 'done')
  }

  private tellMoved(node: Node, name: string | undefined): void {
    const { tally } = this
    if (name !== undefined)
      tally.tell({ type: 'input-moved', at: tally.now(), node: node.name, name })
  }

  private cancel(node: Node, ms: number): void {
    this.tally.finish(node, 'cancelled', ms)
    for (const blocked of this.schedule.settle(node, 'cancelled'))
      this.tally.finish(blocked, 'cancelled', 0)
  }

  // However it ended: the disk says what has to be done about it.
  private requeue(node: Node, ms: number): void {
    const { tally } = this
    tally.tell({ type: 'finished', at: tally.now(), node: node.name, outcome: 'cancelled', ms })
    for (const blocked of this.schedule.requeue(node)) tally.finish(blocked, 'blocked', 0)
  }

  private failedBefore(node: Node): NodeFailure | undefined {
    const { retry, strictEnv } = this.options
    if (retry || strictEnv === false || this.forced.has(node)) return undefined
    return failedBefore(node, this.memory, this.resultOf)
  }

  private fail(node: Node, outcome: 'failed' | 'timed-out', found: NodeFailure, ms: number): void {
    const hasLog = found.log !== '' && this.memory.world.host.disk.stat(found.log) !== undefined
    const failure = hasLog ? found : { ...found, log: '' }
    if (this.options.failFast) this.running.endAll()
    this.tally.finish(node, outcome, ms, { failure })
    for (const blocked of this.schedule.settle(node, 'failed'))
      this.tally.finish(blocked, 'blocked', 0, { blockedBy: node.name })
  }
}
