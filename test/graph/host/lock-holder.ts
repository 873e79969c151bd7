// A process that takes a lock when its test says so, and tells what happens: lock.test.ts.
// Words: the lock file, and whether flock may be used.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import type { GraphError } from '../../../graph/error.ts'
import { startOf } from '../../../graph/host/kernel-lock.ts'
import { locks } from '../../../graph/host/lock.ts'
import type { Lock, LockOwner } from '../../../graph/host.ts'

export type Order =
  | { readonly do: 'acquire'; readonly wait: boolean; readonly timeoutMs?: number }
  | { readonly do: 'release' }
  /** Acquire, enter the critical section for a moment, release; `times` over. */
  | { readonly do: 'enter'; readonly times: number; readonly timeoutMs: number }

export type Told =
  | { readonly type: 'ready' }
  | { readonly type: 'waiting'; readonly owner: LockOwner | undefined }
  | { readonly type: 'held'; readonly inheritedFrom: LockOwner | undefined }
  | { readonly type: 'released' }
  | { readonly type: 'lost' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'overlap'; readonly pid: number }
  | { readonly type: 'done'; readonly entered: number; readonly inherited: number }

const [path = '', flock] = process.argv.slice(2)
const onMachine = flock === 'sqlite' ? locks(false) : locks()
const section = `${path}.section`
let lock: Lock | undefined

function tell(told: Told): void {
  process.send?.(told)
}

async function acquire(wait: boolean, timeoutMs?: number): Promise<Lock | undefined> {
  try {
    return await onMachine.acquire(path, {
      purpose: 'test the lock',
      mark: `mark-of-${process.pid}`,
      wait,
      ...(timeoutMs !== undefined && { timeoutMs }),
      onWait: (owner) => tell({ type: 'waiting', owner }),
    })
  } catch (error) {
    const { code, message } = error as GraphError
    tell({ type: 'failed', code, message })
    return undefined
  }
}

async function enter(times: number, timeoutMs: number): Promise<void> {
  let entered = 0
  let inherited = 0
  for (let time = 0; time < times; time += 1) {
    const held = await acquire(true, timeoutMs)
    if (!held) continue
    entered += 1
    if (held.inheritedFrom) inherited += 1
    await openSection()
    await sleep(Math.random() * 8)
    if (readFileSync(section, 'utf8') !== String(process.pid)) tell({ type: 'overlap', pid: -1 })
    rmSync(section)
    await held.release()
  }
  tell({ type: 'done', entered, inherited })
}

// A holder that was killed leaves its file. The kernel frees its lock a moment before the process
// counts as dead; one that lives on is a second holder.
async function openSection(): Promise<void> {
  for (let look = 0; ; look += 1) {
    try {
      return writeFileSync(section, String(process.pid), { flag: 'wx' })
    } catch {
      const pid = Number(readFileSync(section, 'utf8'))
      // Killed between the making of the file and the writing into it.
      if (pid === 0 || !startOf(pid)) rmSync(section)
      else if (look > 50) return tell({ type: 'overlap', pid })
      else await sleep(2)
    }
  }
}

process.on('message', async (order: Order) => {
  if (order.do === 'enter') return enter(order.times, order.timeoutMs)
  if (order.do === 'release') {
    await lock?.release()
    return tell({ type: 'released' })
  }
  lock = await acquire(order.wait, order.timeoutMs)
  if (!lock) return
  lock.lost.addEventListener('abort', () => tell({ type: 'lost' }))
  tell({ type: 'held', inheritedFrom: lock.inheritedFrom })
})
process.on('disconnect', () => process.exit())
tell({ type: 'ready' })
