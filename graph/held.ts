// What is stale still when a run has ended: it is run again, or held until something of it changes.
import type { Outcome } from './event.ts'
import type { NodeName } from './node.ts'
import { LONGEST_QUIET_MS } from './quiet.ts'
import type { Reason } from './reason.ts'
import type { Stale } from './survey.ts'

// So often a run follows at once on one that left something stale; then after a pause in which nobody edits
// anything. Who is stale even after so many of these writes its own inputs.
const RERUNS_AT_ONCE = 2
const CALM_RUNS = 2
const CALM_MS = 1000
// So often in a row something was edited in the last moment of a run, and by nobody who ran in it: whoever
// edits when he sees the output does that. Beyond it is a loop.
const MOST_FROM_OUTSIDE = 100
// A node that is ended so often after the same time for the same file has written that file itself.
const ENDED_FOR_ITS_OWN = 2

export interface Settled {
  /** Something is to be run again, and this is how long nobody may have edited anything before. */
  readonly again?: { readonly calmMs: number }
  /** Nodes that found other inputs after each of several runs. */
  readonly restless: readonly NodeName[]
}

export class HeldNodes {
  private sights = new Map<NodeName, string>()
  private readonly ends = new Map<NodeName, Outcome>()
  private readonly keys = new Map<NodeName, string>()
  private readonly restless = new Set<NodeName>()
  private readonly endings = new Map<NodeName, { name: string; ms: number; count: number }>()
  private readonly writers = new Set<NodeName>()
  private fromOutside = 0
  private reruns = 0
  private calmRuns = 0

  /** Their sights; one that has another by now is held no more. */
  get all(): ReadonlyMap<NodeName, string> {
    return this.sights
  }

  get names(): readonly NodeName[] {
    return [...this.sights.keys()]
  }

  /** What is stale runs, whatever became of it the last time. */
  release(): void {
    this.sights.clear()
  }

  /** Nothing more can be done about these. */
  hold(stale: readonly Stale[]): void {
    this.sights = new Map(stale.map(({ node, sight }) => [node.name, sight]))
  }

  /** A run begins. */
  begin(): void {
    this.ends.clear()
    this.writers.clear()
  }

  /** The commands of a node begin, and this decides it. */
  began(node: NodeName, key: string): void {
    this.keys.set(node, key)
  }

  /** An input changed before the node had ended, perhaps by itself. */
  wroteInput(node: NodeName): void {
    this.writers.add(node)
  }

  ended(node: NodeName, outcome: Outcome): void {
    this.ends.set(node, outcome)
  }

  /** What decided a node that failed. */
  keyOf(node: NodeName): string | undefined {
    return this.keys.get(node)
  }

  /** After a run, of which `wasCalm` says that nobody had edited anything before it. */
  settle(stale: readonly Stale[], wasCalm: boolean): Settled {
    this.hold(stale)
    this.tidy()
    const names = stale.filter((one) => this.mayRunAgain(one)).map(({ node }) => node.name)
    const isFromOutside = names.length > 0 && names.every((name) => this.isFromOutside(name))
    this.fromOutside = isFromOutside ? this.fromOutside + 1 : 0
    if (isFromOutside && this.fromOutside <= MOST_FROM_OUTSIDE) return this.runAtOnce(names)
    if (wasCalm) this.calmRuns++
    const most = names.every((name) => this.restless.has(name)) ? 1 : CALM_RUNS
    if (names.length === 0 || this.calmRuns >= most) {
      this.reruns = 0
      this.calmRuns = 0
      this.endings.clear()
      for (const name of names) this.restless.add(name)
      return { restless: names }
    }
    for (const name of names) this.sights.delete(name)
    const isAtOnce = ++this.reruns <= RERUNS_AT_ONCE && this.restless.size === 0
    return { again: { calmMs: isAtOnce ? 0 : CALM_MS * (this.calmRuns + 1) }, restless: [] }
  }

  // Who wrote its inputs itself would have done so this time as well.
  private runAtOnce(names: readonly NodeName[]): Settled {
    this.reruns = 0
    this.calmRuns = 0
    for (const name of names) this.sights.delete(name)
    return { again: { calmMs: 0 }, restless: [] }
  }

  private isFromOutside(name: NodeName): boolean {
    const outcome = this.ends.get(name)
    return (outcome === undefined || !isFailure(outcome)) && !this.writers.has(name)
  }

  /** Whether a running node is to be ended for this reason. */
  mayEnd(node: NodeName, reason: Reason, ms: number): boolean {
    const name = 'name' in reason ? reason.name : ''
    const past = this.endings.get(node)
    const near = LONGEST_QUIET_MS + 100
    const isLikeBefore = past?.name === name && Math.abs(past.ms - ms) < near + past.ms / 4
    const count = isLikeBefore ? past.count + 1 : 1
    this.endings.set(node, { name, ms, count })
    return count <= ENDED_FOR_ITS_OWN
  }

  private tidy(): void {
    for (const [name, outcome] of this.ends) if (!isFailure(outcome)) this.keys.delete(name)
    for (const name of this.restless) if (!this.sights.has(name)) this.restless.delete(name)
  }

  private mayRunAgain({ node, sight, reasons }: Stale): boolean {
    const outcome = this.ends.get(node.name)
    if (outcome === 'blocked' || outcome === 'cancelled') return false
    if (outcome !== undefined && isFailure(outcome)) {
      const key = this.keys.get(node.name)
      return key !== undefined && key !== sight
    }
    return reasons.some(({ kind }) => !NO_REASON_AGAIN.includes(kind))
  }
}

// An output that another node wrote it would write again, and who runs each time has just run.
const NO_REASON_AGAIN: readonly Reason['kind'][] = ['output-changed', 'output-added', 'always']

function isFailure(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'timed-out'
}
