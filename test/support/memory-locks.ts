// Locks in memory: one holder, the others wait in order.
import { GraphError } from '../../graph/error.ts'
import type { Lock, LockOptions, LockOwner, Locks } from '../../graph/host.ts'
import type { MemoryClock } from './memory-clock.ts'

interface Held {
  readonly owner: LockOwner
  readonly lost: AbortController
}

export class MemoryLocks implements Locks {
  /** Left by an engine that died: the next holder is told. */
  inheritedFrom: LockOwner | undefined
  private readonly clock: MemoryClock
  private readonly held = new Map<string, Held>()
  private readonly waiting = new Map<string, (() => void)[]>()

  constructor(clock: MemoryClock) {
    this.clock = clock
  }

  /** The lock is lost, as when another machine took it over. */
  lose(path: string): void {
    this.held.get(path)?.lost.abort()
  }

  isHeld(path: string): boolean {
    return this.held.has(path)
  }

  async holder(path: string): Promise<LockOwner | undefined> {
    return this.held.get(path)?.owner
  }

  async acquire(path: string, options: LockOptions): Promise<Lock> {
    if (options.signal?.aborted) throw cancelled(path)
    const holder = this.held.get(path)
    if (holder !== undefined) {
      if (!options.wait) throw locked(path)
      options.onWait?.(holder.owner)
      await this.turn(path, options)
    }
    const { purpose, mark } = options
    const since = new Date(this.clock.now()).toISOString()
    const lost = new AbortController()
    this.held.set(path, { owner: { pid: 1, host: 'memory', since, purpose, mark }, lost })
    const inheritedFrom = this.inheritedFrom
    this.inheritedFrom = undefined
    const release = async (): Promise<void> => {
      this.held.delete(path)
      this.waiting.get(path)?.shift()?.()
    }
    return {
      lost: lost.signal,
      inheritedFrom,
      release,
      giveBack: () => {
        this.inheritedFrom = inheritedFrom
        return release()
      },
    }
  }

  private turn(path: string, { signal, timeoutMs }: LockOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.waiting.get(path) ?? []
      this.waiting.set(path, queue)
      const leave = (error: GraphError): void => {
        queue.splice(queue.indexOf(go), 1)
        reject(error)
      }
      const cancel = (): void => leave(cancelled(path))
      const stopTimer =
        timeoutMs === undefined ? undefined : this.clock.after(timeoutMs, () => leave(locked(path)))
      const go = (): void => {
        stopTimer?.()
        signal?.removeEventListener('abort', cancel)
        resolve()
      }
      signal?.addEventListener('abort', cancel, { once: true })
      queue.push(go)
    })
  }
}

function locked(path: string): GraphError {
  return new GraphError(`another run holds the lock '${path}'`, { code: 'locked', place: path })
}

function cancelled(path: string): GraphError {
  return new GraphError(`cancelled while waiting for the lock '${path}'`, {
    code: 'cancelled',
    place: path,
  })
}
