// Digests of many files, on more cores than one. Threads and this one take the next file from a common
// counter. All of it is synchronous for the caller: a look at a node has to come to an answer.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'

import type { DigestedFile } from '../host.ts'
import { fileDigester, type ReadFile } from './digest-file.ts'
import { asFileStat } from './file-stat.ts'

// Of a file: nobody has come to its end; its digest is there. Any other: it could not be had.
const [WAITING, DONE] = [0, 1]
const FIELDS = 6
const HEX_DIGITS = 64
// More of them wait for the disk and for each other.
const MOST_THREADS = 3
// So long this thread goes on alone; what is left then must be worth a thread, which takes 30 ms to start.
const ALONE_MS = 4
const WORTH_MS = 40
// A thread that has died says nothing; one that reads 50 GB is busy.
const PATIENCE_MS = 60_000

interface Shared {
  /** Separated by the one character that is in none. */
  readonly paths: string
  /** Place of the next file that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>
  /** What became of each file that a thread took. */
  readonly ends: Int32Array<SharedArrayBuffer>
  /** Identity of each file: size, times, inode, device, mode. */
  readonly numbers: BigInt64Array<SharedArrayBuffer>
  readonly digests: Uint8Array<SharedArrayBuffer>
  /** Address of the module. */
  readonly hasha: string
}

/**
 * Digests of files, in their order, and the identity that each had when it was opened. `digest` is this thread's
 * way, which also does what the others could not; what throws there is left out, for the caller to meet again.
 */
export function digestMany(
  paths: readonly string[],
  digest: (path: string) => ReadFile,
): readonly (DigestedFile | undefined)[] {
  const shared = share(paths)
  const found = new Array<DigestedFile | undefined>(paths.length)
  const own = new Uint8Array(paths.length)
  const start = performance.now()
  let isAlone = true
  const inThisThread = (path: string): DigestedFile | undefined => {
    try {
      const { stat, digest: hex } = digest(path)
      return { stat: asFileStat(stat), digest: hex }
    } catch {
      return undefined
    }
  }
  for (let i = take(shared), done = 0; i < paths.length; i = take(shared)) {
    own[i] = 1
    found[i] = inThisThread(paths[i] as string)
    if (isAlone && isWorthThreads(performance.now() - start, ++done, paths.length)) {
      isAlone = false
      startThreads(shared)
    }
  }
  for (let i = 0; i < paths.length; i++)
    if (own[i] === 0) found[i] = ofThread(shared, i) ?? inThisThread(paths[i] as string)
  return found
}

function share(paths: readonly string[]): Shared {
  const { length } = paths
  return {
    paths: paths.join('\0'),
    next: new Int32Array(new SharedArrayBuffer(4)),
    ends: new Int32Array(new SharedArrayBuffer(4 * length)),
    numbers: new BigInt64Array(new SharedArrayBuffer(8 * FIELDS * length)),
    digests: new Uint8Array(new SharedArrayBuffer(HEX_DIGITS * length)),
    hasha: pathToFileURL(createRequire(import.meta.url).resolve('hasha')).href,
  }
}

function take({ next }: Shared): number {
  return Atomics.add(next, 0, 1)
}

function isWorthThreads(elapsed: number, done: number, all: number): boolean {
  return elapsed > ALONE_MS && (elapsed / done) * (all - done) > WORTH_MS
}

function startThreads(shared: Shared): void {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const threads = Math.min(MOST_THREADS, availableParallelism() - 1)
  const program = `(${inThread})(${fileDigester})`
  for (let i = 0; i < threads; i++)
    new Worker(program, { eval: true, workerData: shared }).on('error', () => {}).unref()
}

function ofThread({ ends, numbers, digests }: Shared, i: number): DigestedFile | undefined {
  Atomics.wait(ends, i, WAITING, PATIENCE_MS)
  if (Atomics.load(ends, i) !== DONE) return undefined
  const at = i * FIELDS
  const [size, mtimeNs, ctimeNs, ino, dev, mode] = numbers.subarray(at, at + FIELDS)
  const stat = { size, mtimeNs, ctimeNs, ino, dev, mode } as Parameters<typeof asFileStat>[0]
  const digest = Buffer.from(digests.buffer, i * HEX_DIGITS, HEX_DIGITS).toString('latin1')
  return { stat: asFileStat(stat), digest }
}

// Its text is what a thread runs, so it uses nothing from around it. hasha's stream digests what is large; a tree
// of 20,000 small files takes 1.4 times as long with it as with one call of node:crypto for each.
async function inThread(digester: typeof fileDigester): Promise<void> {
  const { workerData } = process.getBuiltinModule('node:worker_threads')
  const { paths, next, ends, numbers, digests, hasha } = workerData as Shared
  const { hashingStream } = (await import(hasha)) as typeof import('hasha')
  const names = paths.split('\0')
  const text = Buffer.from(digests.buffer)
  const digest = digester(() => hashingStream({ algorithm: 'sha256' }))
  for (let i = Atomics.add(next, 0, 1); i < names.length; i = Atomics.add(next, 0, 1)) {
    let end = 2
    try {
      const { stat, digest: hex } = digest(names[i] as string)
      numbers.set([stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino, stat.dev, stat.mode], i * 6)
      text.write(hex, i * 64, 'latin1')
      end = 1
    } catch {}
    Atomics.store(ends, i, end)
    Atomics.notify(ends, i)
  }
}
