// The folders and the processes of lock.test.ts.

import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Order, Told } from './lock-holder.ts'

const folders: string[] = []
const children: ChildProcess[] = []

/** Ends what the test started and removes what it made. */
export async function tidy(): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
}

export function place(name = 'llama.lock'): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'))
  folders.push(folder)
  return join(folder, name)
}

export async function start(path: string, kind: 'flock' | 'sqlite' = 'flock'): Promise<Holder> {
  const holder = new Holder(path, kind)
  await holder.next('ready')
  return holder
}

/** Leaves the lock as a holder does that was killed. */
export async function dieHolding(path: string): Promise<void> {
  const holder = await start(path)
  await holder.ask({ do: 'acquire', wait: false }, 'held')
  holder.child.kill('SIGKILL')
  await once(holder.child, 'exit')
}

/** lock-holder.ts in a process of its own, and all that it told. */
class Holder {
  readonly child: ChildProcess
  readonly pid: number
  readonly #told: Told[] = []
  readonly #news = new EventEmitter()

  constructor(path: string, kind: 'flock' | 'sqlite') {
    this.child = fork(join(import.meta.dirname, 'lock-holder.ts'), [path, kind])
    this.pid = this.child.pid ?? 0
    children.push(this.child)
    this.child.on('message', (told: Told) => {
      this.#told.push(told)
      this.#news.emit(told.type, told)
    })
  }

  order(order: Order): void {
    this.child.send(order)
  }

  async next<Type extends Told['type']>(type: Type): Promise<Extract<Told, { type: Type }>> {
    const [told] = await once(this.#news, type)
    return told
  }

  ask<Type extends Told['type']>(order: Order, type: Type): ReturnType<typeof this.next<Type>> {
    this.order(order)
    return this.next(type)
  }

  count(type: Told['type']): number {
    return this.#told.filter((told) => told.type === type).length
  }
}
