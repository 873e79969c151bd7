// A clock that stands still until the test moves it.
import type { Clock } from '../../graph/host.ts'

interface Timer {
  readonly atNs: bigint
  readonly call: () => void
}

export class MemoryClock implements Clock {
  /** File times are cut to this, as a kernel does: two writes in one tick have the same time. */
  tickNs = 4_000_000n
  /** Another value is another start of the machine. */
  boot = 'boot-1'
  private ns = 1_700_000_000_123_456_789n
  private timers: Timer[] = []

  now(): number {
    return Number(this.ns / 1000n) / 1000
  }

  fileNow(): number {
    return inMs(this.ns)
  }

  fileTime(): number {
    return inMs(this.ns - (this.ns % this.tickNs))
  }

  bootId(): string {
    return this.boot
  }

  after(ms: number, call: () => void): () => void {
    const timer = { atNs: this.ns + BigInt(Math.round(ms * 1e6)), call }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  /** Moves the clock and calls what is due on the way, in order. */
  advance(ms: number): void {
    const end = this.ns + BigInt(Math.round(ms * 1e6))
    for (let next = this.firstDue(end); next; next = this.firstDue(end)) {
      const due = next
      this.timers = this.timers.filter((timer) => timer !== due)
      if (due.atNs > this.ns) this.ns = due.atNs
      due.call()
    }
    this.ns = end
  }

  /** How many calls are awaited. */
  get waiting(): number {
    return this.timers.length
  }

  private firstDue(end: bigint): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.timers)
      if (timer.atNs <= end && (first === undefined || timer.atNs < first.atNs)) first = timer
    return first
  }
}

// As Node computes them of a file, to the last bit.
function inMs(ns: bigint): number {
  return Number(ns / 1_000_000_000n) * 1000 + Number(ns % 1_000_000_000n) / 1_000_000
}
