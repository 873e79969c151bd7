// When hints are acted on: a single save at once, a burst when it is over.
import type { Clock } from './host.ts'

// One save is up to five events within a millisecond or two: truncate, write, rename.
const SETTLE_MS = 2
const QUIET_MS = 100
// A long burst has longer pauses in it, and so has one that seemed to be over already.
export const LONGEST_QUIET_MS = 500
// Whoever writes for ever must not keep us waiting for ever.
const LONGEST_MS = 5000
// vim: 4913, a.c~, .a.c.swp and a.c.
const SINGLE_SAVE_PATHS = 4
// So many saves in a second are no person's.
const OFTEN = 3
const RECENTLY_MS = 1000

export class Quiet {
  private readonly clock: Clock
  private readonly onQuiet: () => void
  private readonly isBusy: () => boolean
  private readonly paths = new Set<string>()
  private ends: number[] = []
  private first = 0
  private last = 0
  private isBurst = false
  private cancelTimer: (() => void) | undefined

  /** `isBusy`: something runs that would be ended, so it is worth waiting for the end of a burst. */
  constructor(options: {
    readonly clock: Clock
    readonly onQuiet: () => void
    readonly isBusy: () => boolean
  }) {
    this.clock = options.clock
    this.onQuiet = options.onQuiet
    this.isBusy = options.isBusy
  }

  hint(path: string): void {
    this.last = this.clock.now()
    if (this.paths.size <= SINGLE_SAVE_PATHS) this.paths.add(path)
    if (this.cancelTimer !== undefined) return
    this.first = this.last
    this.wait(this.neededMs())
  }

  /** What has come is only the beginning, as a folder is that comes with its files. */
  expectMore(): void {
    this.isBurst = true
  }

  /** Hints have come of which nobody was told yet. */
  get isPending(): boolean {
    return this.cancelTimer !== undefined
  }

  /** Forgets what it waits for. */
  cancel(): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.paths.clear()
    this.isBurst = false
  }

  private wait(ms: number): void {
    this.cancelTimer = this.clock.after(ms, () => this.look())
  }

  private look(): void {
    const now = this.clock.now()
    const left = this.neededMs() - (now - this.last)
    if (left > 0 && now - this.first < LONGEST_MS) return this.wait(left)
    this.cancel()
    this.ends = [...this.ends.filter((end) => now - end < RECENTLY_MS), now]
    this.onQuiet()
  }

  private neededMs(): number {
    const recent = this.ends.filter((end) => this.last - end < RECENTLY_MS)
    const isSingle = !this.isBurst && this.paths.size <= SINGLE_SAVE_PATHS && recent.length < OFTEN
    if (isSingle && !this.isBusy()) return SETTLE_MS
    const pauseMs = Math.max(QUIET_MS * 2 ** recent.length, (this.last - this.first) / 4)
    return Math.min(LONGEST_QUIET_MS, pauseMs)
  }
}
