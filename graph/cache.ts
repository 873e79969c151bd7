// What nodes made before, by content: a node whose key was seen before gets its outputs back instead of
// running. Below the state folder:
//   cache/ac/<hex…>                       lines: what was made under which key, small files included
//   cache/cas/<2 hex>/<sha256>-<size>     larger files, named as the Remote Execution API names a digest
//   cache/quarantine/                     what was not what its name says
// Lines and not a file for each node, because making a file costs 0.1 to 0.5 ms where appending a line
// costs 4 us: 1,000 trivial nodes would take half as long again. How many files of lines there are goes by what
// is stored, so that looking for one key reads little (graph/shards.ts).
//
// Nothing here is fsynced, and nothing is believed: a torn line fails its checksum, a torn file its
// digest, and either is as if it had not been stored. It is written under the lock of the state folder.
import { Blobs } from './blobs.ts'
import type { CacheLimits } from './cache-limits.ts'
import {
  blobOf,
  keyOfLine,
  readLine,
  type Stored,
  type StoredOutput,
  storedLine,
  useLine,
} from './cache-lines.ts'
import type { AppendFile, Clock, Disk } from './host.ts'
import { openShard, shardBytes, shardsOf, splitShard } from './shards.ts'

// So many sets of discovered inputs are tried for one key.
const MOST_CANDIDATES = 10

export class Cache {
  readonly blobs: Blobs
  readonly limits: CacheLimits
  private grownBytes = 0
  private error: unknown
  private wasEmpty: boolean | undefined
  private readonly disk: Disk
  private readonly clock: Clock
  private readonly folder: string
  private readonly read = new Map<string, Buffer | undefined>()
  private readonly open = new Map<string, AppendFile>()

  /** Reads and writes nothing yet. */
  constructor(
    { disk, clock }: { readonly disk: Disk; readonly clock: Clock },
    folder: string,
    limits: CacheLimits,
  ) {
    this.disk = disk
    this.clock = clock
    this.folder = folder
    this.limits = limits
    this.blobs = new Blobs(disk, folder)
  }

  /** Nothing was stored before it was opened: no key need be looked for. */
  get isNew(): boolean {
    this.wasEmpty ??= this.disk.list(`${this.folder}/ac`) === undefined
    return this.wasEmpty
  }

  /** What was made under a key, the newest first; more than one when inputs were discovered. */
  find(key: string): readonly Stored[] {
    const found = new Map<string, Stored>()
    for (const line of this.linesOf(key)) {
      const stored = readLine(line)
      if (stored && 'outputs' in stored && stored.key === key) {
        found.delete(stored.fingerprint)
        found.set(stored.fingerprint, stored)
      }
    }
    return [...found.values()].reverse().slice(0, MOST_CANDIDATES)
  }

  /** Takes over the content of a large file. */
  take(path: string, output: StoredOutput): void {
    if (this.error === undefined) this.grownBytes += this.blobs.put(path, blobOf(output))
  }

  add(stored: Stored): void {
    this.append(stored.key, storedLine(stored))
  }

  /** It was of use now. */
  touch({ key, fingerprint }: Stored): void {
    this.append(key, useLine({ key, fingerprint, at: this.clock.now() }))
  }

  /** Bytes that it grew by since it was opened. */
  get grown(): number {
    return this.grownBytes
  }

  /** What the disk said when it refused; from then on nothing more is stored. */
  get trouble(): string | undefined {
    return (this.error as { code?: string } | undefined)?.code
  }

  /** @throws the error itself when it is a mistake of ours */
  giveUp(error: unknown): void {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'string') throw error
    this.error = error
  }

  close(): void {
    const written = [...this.open.keys()]
    for (const file of this.open.values()) file.close()
    this.open.clear()
    for (const shard of written) splitShard(this.disk, this.folder, shard)
  }

  private append(key: string, line: string): void {
    if (this.error !== undefined) return
    const shard = key[0] as string
    this.fileOf(shard).write(line)
    this.grownBytes += line.length
  }

  private fileOf(shard: string): AppendFile {
    const open = this.open.get(shard)
    if (open !== undefined) return open
    const file = openShard(this.disk, this.folder, shard)
    this.open.set(shard, file)
    return file
  }

  private linesOf(key: string): readonly string[] {
    return shardsOf(key, (shard) => this.bytesOf(shard)).flatMap((bytes) => linesWith(key, bytes))
  }

  private bytesOf(shard: string): Buffer | undefined {
    if (!this.read.has(shard)) this.read.set(shard, shardBytes(this.disk, this.folder, shard))
    return this.read.get(shard)
  }
}

// A run of a few nodes looks for a few keys among thousands of lines: those are not taken apart for it.
function linesWith(key: string, bytes: Buffer): readonly string[] {
  const lines: string[] = []
  for (let at = bytes.indexOf(key); at >= 0; ) {
    const start = bytes.lastIndexOf(10, at) + 1
    const next = bytes.indexOf(10, at)
    const end = next < 0 ? bytes.length : next
    const line = bytes.toString('utf8', start, end)
    if (keyOfLine(line) === key) lines.push(line)
    at = bytes.indexOf(key, end)
  }
  return lines
}
