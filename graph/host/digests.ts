// Digests of many files, on more cores than one. Threads and this one take the next file from a common
// counter. All of it is synchronous for the caller: a look at a node has to come to an answer.
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { pathToFileURL } from 'node:url'

const DIGEST_BYTES = 32
// Of a file: nobody has come to its end; its digest is there. Any other: it could not be had.
const [WAITING, DONE] = [0, 1]
// More of them wait for the disk and for each other.
const MOST_THREADS = 3
// A thread that has died says nothing.
const PATIENCE_MS = 10_000

interface Shared {
  readonly paths: readonly string[]
  /** Place of the next file that nobody has taken. */
  readonly next: Int32Array<SharedArrayBuffer>
  /** What became of each file that a thread took. */
  readonly ends: Int32Array<SharedArrayBuffer>
  readonly digests: Uint8Array<SharedArrayBuffer>
  /** Address of the module. */
  readonly hasha: string
}

/**
 * Digests of files that fit into memory. `digest` is this thread's way, which also does what the others
 * could not; what throws there is left out, for the caller to meet again.
 */
export function digestMany(
  paths: readonly string[],
  digest: (path: string) => string,
): ReadonlyMap<string, string> {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const shared = share(paths)
  const threads = Math.min(MOST_THREADS, availableParallelism() - 1)
  for (let i = 0; i < threads; i++)
    new Worker(`(${inThread})()`, { eval: true, workerData: shared }).on('error', () => {}).unref()
  const found = new Map<string, string>()
  const take = (path: string): void => {
    try {
      found.set(path, digest(path))
    } catch {}
  }
  const own = new Set<number>()
  for (
    let i = Atomics.add(shared.next, 0, 1);
    i < paths.length;
    i = Atomics.add(shared.next, 0, 1)
  ) {
    own.add(i)
    take(paths[i] as string)
  }
  paths.forEach((path, i) => {
    if (own.has(i)) return
    Atomics.wait(shared.ends, i, WAITING, PATIENCE_MS)
    if (Atomics.load(shared.ends, i) === DONE) found.set(path, digestAt(shared, i))
    else take(path)
  })
  return found
}

function share(paths: readonly string[]): Shared {
  return {
    paths,
    next: new Int32Array(new SharedArrayBuffer(4)),
    ends: new Int32Array(new SharedArrayBuffer(4 * paths.length)),
    digests: new Uint8Array(new SharedArrayBuffer(DIGEST_BYTES * paths.length)),
    hasha: pathToFileURL(createRequire(import.meta.url).resolve('hasha')).href,
  }
}

function digestAt({ digests }: Shared, i: number): string {
  return Buffer.from(digests.slice(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)).toString('hex')
}

// Its text is what a thread runs, so it uses nothing from around it.
async function inThread(): Promise<void> {
  const { workerData } = process.getBuiltinModule('node:worker_threads')
  const { paths, next, ends, digests, hasha } = workerData as Shared
  const { hashFileSync } = (await import(hasha)) as typeof import('hasha')
  for (let i = Atomics.add(next, 0, 1); i < paths.length; i = Atomics.add(next, 0, 1)) {
    let end = 2
    try {
      digests.set(
        hashFileSync(paths[i] as string, { algorithm: 'sha256', encoding: 'buffer' }),
        i * 32,
      )
      end = 1
    } catch {}
    Atomics.store(ends, i, end)
    Atomics.notify(ends, i)
  }
}
