// Many files at once, on more cores than one. Threads and this one take the next file from a common counter.
// All of it is synchronous for the caller: a look at a node has to come to an answer.
import type { Stats } from 'node:fs'

import type { DigestedFile, FileStat } from '../host.ts'
import type { ReadFile } from './digest-file.ts'
import { asFileStat } from './file-stat.ts'
import { type Looked, resultsInto, type Shared, type Task, Threads, takeNext } from './threads.ts'

// Of a file: nobody has come to its end; its result is there. Any other: it could not be had.
const [WAITING, DONE] = [0, 1]
const FIELDS = 6
const HEX_DIGITS = 64
// So long this thread goes on alone; what is left then must be worth to start a thread, or to wake one.
const ALONE_MS = 4
const WORTH_MS = { asleep: 40, awake: 2 }
// A thread that has died says nothing; one that reads 50 GB is busy.
const PATIENCE_MS = 60_000

const threads = new Threads()

/** Others begin to get ready: very many files are about to be asked for. */
export function readyForMany(): void {
  threads.getReady()
}

/**
 * Digests of files that are no links, in their order, and the identity that each had when it was opened; undefined for what
 * cannot be had. `digest` is this thread's way, which also tries again what the others could not.
 */
export function* digestMany(
  paths: readonly string[],
  digest: (path: string) => ReadFile,
): Generator<DigestedFile | undefined, void> {
  let text: Buffer | undefined
  for (const [shared, i] of resultsOf('digest', paths, digest)) {
    text ??= Buffer.from(shared.digests.buffer)
    const at = i * HEX_DIGITS
    if (shared.ends[i] !== DONE) yield undefined
    else yield { stat: statOf(shared, i), digest: text.toString('latin1', at, at + HEX_DIGITS) }
  }
}

/** What `lstat`, this thread's way, says of files, in their order; undefined where it says nothing or throws. */
export function* lstatMany(
  paths: readonly string[],
  lstat: (path: string) => Stats | undefined,
): Generator<FileStat | undefined, void> {
  const look = (path: string): Looked => ({ stat: lstat(path) })
  for (const [shared, i] of resultsOf('lstat', paths, look))
    yield shared.ends[i] === DONE ? statOf(shared, i) : undefined
}

// What is done is handed out between two files of our own: what the caller does with it, others need not wait for.
function* resultsOf(
  task: Task,
  paths: readonly string[],
  look: (path: string) => Looked,
): Generator<readonly [shared: Shared, i: number], void> {
  const shared = shareOf(paths.length, task)
  const put = resultsInto(shared)
  const takeOne = taker(task, paths, shared, (i) => put(i, () => look(paths[i] as string)))
  for (const [i, path] of paths.entries()) {
    while (Atomics.load(shared.ends, i) === WAITING && takeOne());
    Atomics.wait(shared.ends, i, WAITING, PATIENCE_MS)
    if (shared.ends[i] !== DONE) put(i, () => look(path))
    yield [shared, i]
  }
}

function shareOf(files: number, task: Task): Shared {
  return {
    next: new Int32Array(new SharedArrayBuffer(4)),
    ends: new Int32Array(new SharedArrayBuffer(4 * files)),
    numbers: new Float64Array(new SharedArrayBuffer(8 * FIELDS * files)),
    digests: new Uint8Array(new SharedArrayBuffer(task === 'digest' ? HEX_DIGITS * files : 0)),
  }
}

// A function that looks at the next file that nobody has taken; false when there is none.
function taker(
  task: Task,
  paths: readonly string[],
  shared: Shared,
  look: (i: number) => void,
): () => boolean {
  const start = performance.now()
  let isAlone = true
  let done = 0
  return () => {
    const i = takeNext(shared)
    if (i >= paths.length) return false
    look(i)
    if (isAlone && isWorthThreads(performance.now() - start, ++done, paths.length)) {
      isAlone = false
      threads.help(task, paths, shared)
    }
    return true
  }
}

function isWorthThreads(elapsed: number, done: number, all: number): boolean {
  if (elapsed <= ALONE_MS) return false
  return (elapsed / done) * (all - done) > WORTH_MS[threads.areAwake ? 'awake' : 'asleep']
}

function statOf({ numbers }: Shared, i: number): FileStat {
  const field = (n: number): number => numbers[i * FIELDS + n] as number
  const [size, mtimeMs, ctimeMs] = [field(0), field(1), field(2)]
  return asFileStat({ size, mtimeMs, ctimeMs, ino: field(3), dev: field(4), mode: field(5) })
}
