// A lock asked for before it is wanted: asking starts a program, and others can be done meanwhile.
import type { Lock, LockOptions, LockOwner, Locks } from './host.ts'

/** Locks of which one can be asked for before it is known whether it is wanted: asking takes 4 ms. */
export class LocksAhead implements Locks {
  private readonly real: Locks
  private ahead: { readonly path: string; readonly lock: Promise<Lock | undefined> } | undefined

  constructor(real: Locks) {
    this.real = real
  }

  ask(path: string, options: Pick<LockOptions, 'purpose' | 'mark'>): void {
    if (this.ahead !== undefined) return
    // Held by another: whoever wants it then waits for it in the usual way, and says so.
    const lock = this.real.acquire(path, { ...options, wait: false }).catch(() => undefined)
    this.ahead = { path, lock }
  }

  async acquire(path: string, options: LockOptions): Promise<Lock> {
    const { ahead } = this
    if (ahead?.path !== path) return this.real.acquire(path, options)
    this.ahead = undefined
    return (await ahead.lock) ?? this.real.acquire(path, options)
  }

  holder(path: string): Promise<LockOwner | undefined> {
    return this.real.holder(path)
  }

  /** It was not wanted. */
  async giveBack(): Promise<void> {
    const { ahead } = this
    this.ahead = undefined
    await (await ahead?.lock)?.giveBack()
  }
}
