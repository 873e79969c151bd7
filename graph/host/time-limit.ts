// A time limit that is made longer by the time in which nothing could go on.
import { timerMs } from './processes.ts'

export class TimeLimit {
  private readonly onOver: () => void
  private endsAt: number
  private timer: NodeJS.Timeout | undefined

  /** Calls `onOver` when `ms` have passed, unless it is cancelled before. */
  constructor(ms: number, onOver: () => void) {
    this.onOver = onOver
    this.endsAt = performance.now() + ms
    this.begin()
  }

  /** So many milliseconds do not count. */
  extend(ms: number): void {
    if (this.timer === undefined) return
    clearTimeout(this.timer)
    this.endsAt += ms
    this.begin()
  }

  cancel(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private begin(): void {
    this.timer = setTimeout(
      () => {
        this.timer = undefined
        this.onOver()
      },
      timerMs(this.endsAt - performance.now()),
    )
  }
}
