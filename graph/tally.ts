// What came of each node: counted for the summary, and told as events while it happens.

import type { NodeFailure, Outcome, RunEvent, RunSummary } from './event.ts'
import { type History, likelyMs } from './history.ts'
import type { Clock } from './host.ts'
import type { Node, NodeName } from './node.ts'
import type { RunRecorder } from './runs.ts'

export interface TallyOptions {
  readonly clock: Clock
  readonly wanted: readonly Node[]
  /** When the run began, milliseconds since 1970. */
  readonly start: number
  readonly report: ((event: RunEvent) => void) | undefined
}

export class Tally {
  private readonly clock: Clock
  private readonly wanted: readonly Node[]
  private readonly start: number
  private readonly report: ((event: RunEvent) => void) | undefined
  private readonly outcomes: Record<Outcome, number> = {
    fresh: 0,
    changed: 0,
    unchanged: 0,
    restored: 0,
    failed: 0,
    'timed-out': 0,
    cancelled: 0,
    blocked: 0,
  }
  private writer: RunRecorder | undefined
  readonly failures: { node: NodeName; failure: NodeFailure }[] = []
  private readonly ends = new Map<Node, Outcome>()

  constructor({ clock, wanted, start, report }: TallyOptions) {
    this.clock = clock
    this.wanted = wanted
    this.start = start
    this.report = report
  }

  /** From now on events are written down too. */
  record(writer: RunRecorder): void {
    this.writer = writer
  }

  tell(event: RunEvent): void {
    this.writer?.write(event)
    this.report?.(event)
  }

  /** A node has come to its end. */
  finish(
    node: Node,
    outcome: Outcome,
    ms: number,
    more: { failure?: NodeFailure; blockedBy?: string } = {},
  ): void {
    this.outcomes[outcome]++
    if (this.writer) this.ends.set(node, outcome)
    if (more.failure) this.failures.push({ node: node.name, failure: more.failure })
    if (this.isUnheard) return
    this.tell({ type: 'finished', at: this.now(), node: node.name, outcome, ms, ...more })
  }

  /** A node that had come to its end is open again. */
  takeBack(node: Node): void {
    const end = this.ends.get(node)
    if (end === undefined) return
    this.ends.delete(node)
    this.outcomes[end]--
    const at = this.failures.findIndex((failure) => failure.node === node.name)
    if (at >= 0) this.failures.splice(at, 1)
  }

  /** What is wanted, before anything runs. */
  tellPlan(history: History): void {
    if (this.isUnheard) return
    const likely = likelyMs(history)
    const nodes = this.wanted.map((node) => ({
      node: node.name,
      title: node.spec.title ?? node.name,
      needs: node.needs.map((need) => need.name),
      expectedMs: likely(node),
    }))
    this.tell({ type: 'planned', at: this.now(), nodes })
  }

  /** Tells the end of the run, and what it came to. */
  summary(cancelled: boolean): RunSummary {
    const { outcomes, failures } = this
    const ok = failures.length === 0 && outcomes.cancelled === 0 && outcomes.blocked === 0
    const ms = this.now() - this.start
    const run = this.writer?.id === undefined ? {} : { run: this.writer.id }
    const summary: RunSummary = { ok: ok && !cancelled, outcomes, ms, failures, cancelled, ...run }
    this.tell({ type: 'done', at: this.now(), summary })
    this.close()
    return summary
  }

  close(): void {
    this.writer?.close()
  }

  now(): number {
    return this.clock.now()
  }

  private get isUnheard(): boolean {
    return this.report === undefined && this.writer === undefined
  }
}
