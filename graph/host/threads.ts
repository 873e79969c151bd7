// Threads that take their share of many files. They stay for a while: who has digested inputs looks at the same
// files again as soon as the commands are done.
import type { Hash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'
import type { Worker } from 'node:worker_threads'

import { fileDigester } from './digest-file.ts'

export type Task = 'digest' | 'lstat'

/** What was found out of a file; no digest where only its stat was asked for. */
export interface Looked {
  readonly stat: Stats | undefined
  readonly digest?: string
}

/** Results lie here until they are asked for, out of the garbage collector's way. */
export interface Shared {
  /** Place of the next file that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>
  /** What became of each file. */
  readonly ends: Int32Array<SharedArrayBuffer>
  /** Identity of each file: size, times, inode, device, mode. */
  readonly numbers: Float64Array<SharedArrayBuffer>
  readonly digests: Uint8Array<SharedArrayBuffer>
}

interface Job {
  readonly task: Task
  readonly shared: Shared
  /** All paths; undefined when they are those of the last job. */
  readonly text: string | undefined
}

// More of them wait for the disk and for each other.
const MOST = 3
const IDLE_MS = 5000

function mostThreads(): number {
  return Math.min(MOST, availableParallelism() - 1)
}

export class Threads {
  private readonly awake = new Set<Worker>()
  private text = ''

  get areAwake(): boolean {
    return this.awake.size > 0
  }

  /** Starts them, for what is to come: that takes each of them some 45 ms. */
  getReady(): void {
    while (this.awake.size < mostThreads()) this.start()
  }

  /** Returns at once; what they find out comes to its place in `shared`. */
  help(task: Task, paths: readonly string[], shared: Shared): void {
    // One text: it is handed over quicker than thousands. No path holds its separator.
    const text = paths.join('\0')
    const isKnown = text === this.text
    this.text = text
    for (const thread of this.awake)
      thread.postMessage({ task, shared, text: isKnown ? undefined : text } satisfies Job)
    while (this.awake.size < mostThreads())
      this.start().postMessage({ task, shared, text } satisfies Job)
  }

  private start(): Worker {
    const threads = process.getBuiltinModule('node:worker_threads')
    const hasha = pathToFileURL(createRequire(import.meta.url).resolve('hasha')).href
    const program = `(${inThread})(${fileDigester}, ${takeNext}, ${resultsInto})`
    const thread = new threads.Worker(program, { eval: true, workerData: { hasha, IDLE_MS } })
    const end = (): void => void this.awake.delete(thread)
    thread.on('error', end).on('exit', end).unref()
    this.awake.add(thread)
    return thread
  }
}

// The text of these is what a thread runs, so they use nothing from around them but each other.

export function takeNext({ next }: Shared): number {
  return Atomics.add(next, 0, 1)
}

/** What a file was, and held, goes to its place. */
export function resultsInto({
  ends,
  numbers,
  digests,
}: Shared): (i: number, look: () => Looked) => void {
  const text = Buffer.from(digests.buffer)
  return (i, look) => {
    let end = 2
    try {
      const { stat, digest } = look()
      if (stat !== undefined) {
        // One by one: `set` takes three times as long for so few.
        numbers[i * 6] = stat.size
        numbers[i * 6 + 1] = stat.mtimeMs
        numbers[i * 6 + 2] = stat.ctimeMs
        numbers[i * 6 + 3] = stat.ino
        numbers[i * 6 + 4] = stat.dev
        numbers[i * 6 + 5] = stat.mode
        if (digest !== undefined) text.write(digest, i * 64, 'latin1')
        end = 1
      }
    } catch {}
    Atomics.store(ends, i, end)
    Atomics.notify(ends, i)
  }
}

// hasha's stream digests what is large; a tree of 20,000 small files takes 1.4 times as long with it as with
// one call of node:crypto for each.
async function inThread(
  digester: typeof fileDigester,
  next: typeof takeNext,
  into: typeof resultsInto,
): Promise<void> {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { lstatSync } = process.getBuiltinModule('node:fs')
  const { hasha, IDLE_MS: idleMs } = workerData as { hasha: string; IDLE_MS: number }
  const { hashingStream } = (await import(hasha)) as typeof import('hasha')
  const newHash = (): Hash => hashingStream({ algorithm: 'sha256' })
  const digest = digester({ newHash, isLinkRefused: true })
  const ways = {
    digest,
    lstat: (path: string) => ({ stat: lstatSync(path, { throwIfNoEntry: false }) }),
  }
  let paths: readonly string[] = []
  const wait = (): NodeJS.Timeout => setTimeout(() => parentPort?.close(), idleMs)
  let idle = wait()
  parentPort?.on('message', ({ task, shared, text }: Job) => {
    clearTimeout(idle)
    if (text !== undefined) paths = text.split('\0')
    const look = ways[task]
    const put = into(shared)
    for (let i = next(shared); i < paths.length; i = next(shared))
      put(i, () => look(paths[i] as string))
    idle = wait()
  })
}
