// Digests of many files, on more cores than one. Threads and this one take the next file from a common
// counter. All of it is synchronous for the caller: a look at a node has to come to an answer.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'

import type { DigestedFile, FileStat } from '../host.ts'
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

/** Results lie here until they are asked for, out of the garbage collector's way. */
interface Shared {
  /** Place of the next file that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>
  /** What became of each file. */
  readonly ends: Int32Array<SharedArrayBuffer>
  /** Identity of each file: size, times, inode, device, mode. */
  readonly numbers: Float64Array<SharedArrayBuffer>
  readonly digests: Uint8Array<SharedArrayBuffer>
}

type Digest = (path: string) => ReadFile

/**
 * Digests of files, in their order, and the identity that each had when it was opened; undefined for what
 * cannot be had. `digest` is this thread's way, which also tries again what the others could not.
 */
export function* digestMany(
  paths: readonly string[],
  digest: Digest,
): Generator<DigestedFile | undefined, void> {
  const shared = shareOf(paths.length)
  const put = digestsInto(shared)
  takeAll(paths, shared, (i) => put(i, () => digest(paths[i] as string)))
  const text = Buffer.from(shared.digests.buffer)
  for (const [i, path] of paths.entries()) {
    Atomics.wait(shared.ends, i, WAITING, PATIENCE_MS)
    if (shared.ends[i] !== DONE) put(i, () => digest(path))
    const at = i * HEX_DIGITS
    if (shared.ends[i] !== DONE) yield undefined
    else yield { stat: statOf(shared, i), digest: text.toString('latin1', at, at + HEX_DIGITS) }
  }
}

function shareOf(files: number): Shared {
  return {
    next: new Int32Array(new SharedArrayBuffer(4)),
    ends: new Int32Array(new SharedArrayBuffer(4 * files)),
    numbers: new Float64Array(new SharedArrayBuffer(8 * FIELDS * files)),
    digests: new Uint8Array(new SharedArrayBuffer(HEX_DIGITS * files)),
  }
}

function takeAll(paths: readonly string[], shared: Shared, digest: (i: number) => void): void {
  const start = performance.now()
  let isAlone = true
  let done = 0
  for (let i = takeNext(shared); i < paths.length; i = takeNext(shared)) {
    digest(i)
    if (!isAlone || !isWorthThreads(performance.now() - start, ++done, paths.length)) continue
    isAlone = false
    startThreads(paths, shared)
  }
}

function isWorthThreads(elapsed: number, done: number, all: number): boolean {
  return elapsed > ALONE_MS && (elapsed / done) * (all - done) > WORTH_MS
}

function startThreads(paths: readonly string[], shared: Shared): void {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const hasha = pathToFileURL(createRequire(import.meta.url).resolve('hasha')).href
  // One text: it is handed over quicker than thousands. No path holds its separator.
  const workerData = { shared, hasha, text: paths.join('\0') }
  const program = `(${inThread})(${fileDigester}, ${takeNext}, ${digestsInto})`
  const threads = Math.min(MOST_THREADS, availableParallelism() - 1)
  for (let i = 0; i < threads; i++)
    new Worker(program, { eval: true, workerData }).on('error', () => {}).unref()
}

function statOf({ numbers }: Shared, i: number): FileStat {
  const field = (n: number): number => numbers[i * FIELDS + n] as number
  const [size, mtimeMs, ctimeMs] = [field(0), field(1), field(2)]
  return asFileStat({ size, mtimeMs, ctimeMs, ino: field(3), dev: field(4), mode: field(5) })
}

// The text of these is what a thread runs, so they use nothing from around them but each other.

function takeNext({ next }: Shared): number {
  return Atomics.add(next, 0, 1)
}

// What a file was and held goes to its place.
function digestsInto({
  ends,
  numbers,
  digests,
}: Shared): (i: number, read: () => ReadFile) => void {
  const text = Buffer.from(digests.buffer)
  return (i, read) => {
    let end = 2
    try {
      const { stat, digest } = read()
      // One by one: `set` takes three times as long for so few.
      numbers[i * 6] = stat.size
      numbers[i * 6 + 1] = stat.mtimeMs
      numbers[i * 6 + 2] = stat.ctimeMs
      numbers[i * 6 + 3] = stat.ino
      numbers[i * 6 + 4] = stat.dev
      numbers[i * 6 + 5] = stat.mode
      text.write(digest, i * 64, 'latin1')
      end = 1
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
  into: typeof digestsInto,
): Promise<void> {
  const { workerData } = process.getBuiltinModule('node:worker_threads')
  const { shared, hasha, text } = workerData as { shared: Shared; hasha: string; text: string }
  const { hashingStream } = (await import(hasha)) as typeof import('hasha')
  const digest = digester(() => hashingStream({ algorithm: 'sha256' }))
  const paths = text.split('\0')
  const put = into(shared)
  for (let i = next(shared); i < paths.length; i = next(shared))
    put(i, () => digest(paths[i] as string))
}
