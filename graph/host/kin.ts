// All that a command has started ends with it: its group, and strays that left that (ninja gives each of
// its jobs a group), its session (setsid), their parents (a daemon) or their environment (env -i).
// Each is found by one of these; who is rid of all four before anybody looks is not.
import { MARK } from '../environment.ts'
import { type ProcessRow, type ProcessTable, signal } from './processes.ts'
import { TimeLimit } from './time-limit.ts'

const POLL_MS = 10
// A killed process with much memory takes a while; one that hangs in the kernel never goes.
const DEATH_MS = 5000
const ROUNDS_AT_ONCE = 5

export interface KinOptions {
  /** In the environment of all that is started. */
  readonly mark: string
  /** The first of the group and session. */
  readonly leader?: number | undefined
  readonly table: ProcessTable
  /** Takes away the grace of those that are being ended. */
  readonly hurry: AbortSignal
}

export class Kin {
  private readonly options: KinOptions
  // When each began, by pid. Who was found once is known also when its parent, its group's first or its
  // old environment have gone.
  private readonly ours = new Map<number, string>()
  private limit: TimeLimit | undefined

  constructor(options: KinOptions) {
    this.options = options
  }

  /** Calls `onOver` when `ms` have passed, those left out in which it was paused; replaces the last limit. */
  limitTo(ms: number, onOver: () => void): void {
    this.unlimit()
    this.limit = new TimeLimit(ms, onOver)
  }

  unlimit(): void {
    this.limit?.cancel()
    this.limit = undefined
  }

  /** Makes the limit longer by a pause. */
  extendLimit(ms: number): void {
    this.limit?.extend(ms)
  }

  /**
   * STOP to all. Gives who makes them go on; who has gone away meanwhile is left alone. Not TSTP, which a
   * group is not stopped by whose parent is in another session.
   */
  pause(): () => void {
    const stopped = new Set<number>()
    // One that is just forking shows up in the next round.
    for (let round = 0; round < ROUNDS_AT_ONCE; round++) {
      const known = stopped.size
      this.options.table.lookAgain()
      for (const pid of this.send('SIGSTOP')) stopped.add(pid)
      if (stopped.size === known) break
    }
    return () => {
      this.options.table.lookAgain()
      this.send('SIGCONT')
    }
  }

  /** TERM, then after `graceMs` KILL. Resolves when nobody is left. */
  async end(graceMs: number): Promise<void> {
    const until = performance.now() + graceMs
    this.send('SIGTERM')
    while (performance.now() < until && !this.options.hurry.aborted) {
      if (this.living().length === 0) return
      await pause(POLL_MS)
    }
    await this.kill()
  }

  /** KILL until nobody is left; says how many there were. */
  async kill(): Promise<number> {
    const until = performance.now() + DEATH_MS
    const killed = new Set<number>()
    // One that is just forking shows up in the next round.
    for (let left = this.send('SIGKILL'); left.length > 0; left = this.send('SIGKILL')) {
      for (const pid of left) killed.add(pid)
      if (performance.now() > until) break
      await pause(POLL_MS)
    }
    return killed.size
  }

  /** KILL, without waiting for their death. */
  killNow(): void {
    this.killGroup()
    for (let round = 0; round < ROUNDS_AT_ONCE; round++) {
      this.options.table.lookAgain()
      this.send('SIGKILL')
    }
  }

  /** KILL to the group alone: one call. */
  killGroup(): void {
    const { leader } = this.options
    if (leader !== undefined) signal(-leader, 'SIGKILL')
  }

  // The group in one call, which no fork escapes; then whoever left it. A process gets it once.
  private send(name: NodeJS.Signals): readonly number[] {
    const { leader } = this.options
    const rows = this.living()
    if (leader !== undefined && rows.some(({ group }) => group === leader)) signal(-leader, name)
    for (const { pid, group } of rows) if (group !== leader) signal(pid, name)
    return rows.map(({ pid }) => pid)
  }

  private living(): readonly ProcessRow[] {
    const rows = this.options.table.look()?.filter(({ pid }) => pid !== process.pid)
    if (rows === undefined) return this.group()
    const byPid = new Map(rows.map((row) => [row.pid, row]))
    // A round finds the children of those that the last one found.
    for (let before = -1; before < this.ours.size; ) {
      before = this.ours.size
      for (const row of rows) if (this.isOurs(row, byPid)) this.ours.set(row.pid, row.started)
    }
    return rows.filter(({ pid, started }) => this.ours.get(pid) === started)
  }

  // Where there is no /proc nobody else is found.
  private group(): readonly ProcessRow[] {
    const { leader } = this.options
    if (leader === undefined || !signal(-leader, 0)) return []
    return [{ pid: leader, parent: 0, group: leader, session: leader, started: '' }]
  }

  private isOurs(row: ProcessRow, byPid: ReadonlyMap<number, ProcessRow>): boolean {
    const { group, session, parent } = row
    const { leader } = this.options
    if (group === leader || session === leader) return true
    return this.isKnown(parent, byPid) || this.isKnown(session, byPid) || this.isMarked(row)
  }

  // The number of a dead one is given to nobody else while it names a group or a session.
  private isKnown(pid: number, byPid: ReadonlyMap<number, ProcessRow>): boolean {
    const started = this.ours.get(pid)
    return started !== undefined && (byPid.get(pid)?.started ?? started) === started
  }

  private isMarked(row: ProcessRow): boolean {
    const { mark, table } = this.options
    return mark !== '' && `${table.variable(MARK, row)}.`.startsWith(`${mark}.`)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
