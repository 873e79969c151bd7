// The files that hold the lines of the cache. A line is written into the file that is called as the first
// digit of its key. One that has grown large hands its lines on to files of one digit more, and is empty
// then: looking for a key reads one file of each length, however much is stored.
// What stays in a longer name is older. Lines are written down there before they go from above, so that a
// kill in between leaves some twice and none lost; whoever reads without the lock reads the short names
// first, and finds them too.
// Not in cache.ts, because what that exports is in our types for others, and theirs may know no Buffer.
import { quarantine } from './blobs.ts'
import { keyIn } from './cache-lines.ts'
import type { AppendFile, Disk } from './host.ts'

const DIGITS: readonly string[] = [...'0123456789abcdef']

// Read in 0.1 ms, and the lines of some 1,600 small nodes.
const MOST_BYTES = 512 * 1024
// As many files of that size are 32 GiB: no cache is to grow beyond.
const LONGEST = 4

/** Where one lies, below the folder of the cache. */
export function shardPath(folder: string, shard: string): string {
  return `${folder}/ac/${shard}`
}

/** All that there are, by first digit, and of each digit the longest names first: what is older. */
export function shardsIn(disk: Disk, folder: string): readonly (readonly string[])[] {
  const names = (disk.list(`${folder}/ac`) ?? []).filter((name) => /^[0-9a-f]{1,4}$/.test(name))
  names.sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
  return DIGITS.map((digit) => names.filter((name) => name.startsWith(digit)))
}

/** What is in one; empty when it is no regular file: a link could lead anywhere. */
export function shardBytes(disk: Disk, folder: string, shard: string): Buffer | undefined {
  const path = shardPath(folder, shard)
  const kind = disk.lstat(path)?.kind
  const bytes = kind === 'file' ? disk.readBytes(path) : undefined
  if (bytes) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return kind && Buffer.alloc(0)
}

/** What may hold lines of a key, the oldest first. `read`: what is in one; undefined when there is none. */
export function shardsOf(
  key: string,
  read: (shard: string) => Buffer | undefined,
): readonly Buffer[] {
  const found: Buffer[] = []
  for (let length = 1; length <= LONGEST; length++) {
    const bytes = read(key.slice(0, length))
    if (bytes === undefined) break
    found.unshift(bytes)
  }
  return found
}

/** Opens one for appending. */
export function openShard(disk: Disk, folder: string, shard: string): AppendFile {
  const path = shardPath(folder, shard)
  const kind = disk.lstat(path)?.kind
  if (kind !== undefined && kind !== 'file') quarantine(disk, folder, path)
  return disk.append(path)
}

/** Has one that has grown large hand on its lines. Under the lock of the state folder only. */
export function splitShard(disk: Disk, folder: string, shard: string): void {
  const size = disk.lstat(shardPath(folder, shard))?.size ?? 0
  if (shard.length === LONGEST || Number(size) <= MOST_BYTES) return
  const { parts, rest } = takenApart(shard, shardBytes(disk, folder, shard) ?? Buffer.alloc(0))
  if (parts.size === 0) return
  for (const [part, lines] of parts) {
    const file = openShard(disk, folder, part)
    try {
      file.write(lines.join(''))
    } finally {
      file.close()
    }
  }
  disk.writeWhole(shardPath(folder, shard), rest)
  for (const part of parts.keys()) splitShard(disk, folder, part)
}

// What looks like no line of it stays: `cache verify` has something to say of it.
function takenApart(
  shard: string,
  bytes: Buffer,
): { parts: ReadonlyMap<string, string[]>; rest: string } {
  const parts = new Map<string, string[]>()
  let rest = ''
  for (const line of bytes.toString('utf8').split('\n')) {
    if (line === '') continue
    const part = keyIn(line)?.slice(0, shard.length + 1)
    if (part === undefined || !part.startsWith(shard)) rest += `${line}\n`
    else if (parts.get(part)?.push(`${line}\n`) === undefined) parts.set(part, [`${line}\n`])
  }
  return { parts, rest }
}

/** Lines of one key. */
export interface KeyLines {
  readonly key: string
  readonly text: string
}

/** Lines by the beginning of their keys, so long. */
export function byPart(
  lines: readonly KeyLines[],
  length: number,
): ReadonlyMap<string, readonly KeyLines[]> {
  return Map.groupBy(lines, ({ key }) => key.slice(0, length))
}

/** Writes these lines, the oldest first, into the files whose names begin so; answers with their names. */
export function writeShard(
  disk: Disk,
  folder: string,
  shard: string,
  lines: readonly KeyLines[],
): readonly string[] {
  const bytes = lines.reduce((sum, { text }) => sum + text.length, 0)
  if (bytes <= MOST_BYTES || shard.length === LONGEST) {
    writeText(disk, folder, shard, lines.map(({ text }) => text).join(''))
    return [shard]
  }
  const parts = [...byPart(lines, shard.length + 1)].flatMap(([part, own]) =>
    writeShard(disk, folder, part, own),
  )
  // Without it nobody would look for longer names.
  writeText(disk, folder, shard, '')
  return [...parts, shard]
}

function writeText(disk: Disk, folder: string, shard: string, text: string): void {
  const path = shardPath(folder, shard)
  const kind = disk.lstat(path)?.kind
  if (kind !== undefined && kind !== 'file') quarantine(disk, folder, path)
  if (kind !== 'file' || text !== disk.readText(path)) disk.writeWhole(path, text)
}
