// Files change while a run goes on: who saw something else than is there now runs again, and with it what
// stands on it. All others go on.
import type { Live } from './live.ts'
import { difference, movedNodes } from './moved.ts'
import type { Node } from './node.ts'
import type { Reason } from './reason.ts'
import type { RunningNodes } from './running.ts'
import type { Schedule } from './schedule.ts'
import type { Memory } from './state.ts'
import type { Tally } from './tally.ts'

export interface ReopeningOptions {
  readonly live: Live
  readonly wanted: readonly Node[]
  readonly memory: Memory
  readonly schedule: Schedule
  readonly tally: Tally
  readonly running: RunningNodes
  readonly resultOf: (need: Node) => string
}

export class Reopening {
  private readonly options: ReopeningOptions
  private readonly keys = new Map<Node, string>()
  private readonly reasons = new Map<Node, readonly Reason[]>()
  private hint: Promise<void> | undefined
  private isHinted = false

  constructor(options: ReopeningOptions) {
    this.options = options
  }

  /** Resolves when there is reason to look again. */
  get hinted(): Promise<void> {
    this.hint ??= this.options.live.hinted().then(() => {
      this.isHinted = true
      this.hint = undefined
    })
    return this.hint
  }

  /** The commands of a node begin, and this is what they see. */
  began(node: Node, key: string): void {
    this.keys.set(node, key)
    this.options.live.began(node, key)
  }

  /** Why a stale node runs, said better than its records can: those forget what it saw when it failed. */
  reasonsOf(node: Node, found: readonly Reason[]): readonly Reason[] {
    const reopened = this.reasons.get(node)
    if (reopened !== undefined) return reopened
    const isUnknown = found[0]?.kind === 'failed-before' || found[0]?.kind === 'unrecorded'
    const saw = isUnknown ? this.options.live.sawBefore(node) : undefined
    const changes = saw === undefined ? [] : difference(node, saw, this.options)
    return changes.length > 0 ? changes : found
  }

  /** After a hint: the truth is the disk. */
  lookAgain(): void {
    if (!this.isHinted) return
    this.isHinted = false
    const open = this.movedNodes()
    if (open.size === 0) return
    const { schedule, tally, running, wanted } = this.options
    // What was given up after a failure has a future when the failure may be mended.
    if (tally.failures.some(({ node }) => [...open].some(({ name }) => name === node)))
      for (const node of wanted) if (schedule.stateOf(node) === 'cancelled') open.add(node)
    const reopened = schedule.reopen(open)
    for (const { node, was } of reopened)
      if (was === 'running') running.recall(node)
      else tally.takeBack(node)
    const nodes = reopened.map(({ node }) => node.name)
    tally.tell({ type: 'reopened', at: tally.now(), nodes })
  }

  private movedNodes(): Set<Node> {
    const { wanted, memory, schedule, resultOf, live, running } = this.options
    const moved = movedNodes({
      wanted,
      memory,
      stateOf: (node) => schedule.stateOf(node),
      resultOf,
      keyAtStart: (node) => this.keys.get(node),
    })
    const open = new Set<Node>()
    for (const [node, reasons] of moved) {
      const ms = running.msOf(node)
      if (ms !== undefined && !live.mayEnd(node, reasons[0] as Reason, ms)) continue
      open.add(node)
      this.reasons.set(node, reasons)
    }
    return open
  }
}
