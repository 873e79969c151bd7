// Keeps a cache within its limits: what was of use longest ago goes first. Lines are rewritten before files
// go, so that a kill in between leaves files that nothing names, and they go the next time.
import { blobPath } from './blobs.ts'
import type { CacheLimits } from './cache-limits.ts'
import { useLine } from './cache-lines.ts'
import type { Clock, Disk } from './host.ts'
import { blobsOf, type Inventory, inventory, type Kept } from './inventory.ts'
import { byPart, shardPath, shardsIn, writeShard } from './shards.ts'

export const DAY_MS = 86_400_000
// Room for what comes next, so that not every run has to sweep.
const FULL = 0.9

export interface Swept {
  /** What was stored and is no more. */
  readonly removed: number
  readonly removedBytes: number
  /** What is left. */
  readonly entries: number
  readonly bytes: number
}

export interface Place {
  readonly disk: Disk
  readonly clock: Clock
  /** Of the cache. */
  readonly folder: string
}

/** Brings a cache within its limits. Under the lock of its state folder only. */
export function sweep({ disk, clock, folder }: Place, limits: CacheLimits): Swept {
  const all = inventory(disk, folder)
  const now = clock.now()
  const { keep, bytes } = chosen(all, limits, now)
  const before = sizeOf(all)
  rewriteShards(disk, folder, keep)
  const named = new Set(keep.flatMap(({ stored }) => blobsOf(stored)))
  for (const name of all.blobs.keys()) if (!named.has(name)) disk.remove(blobPath(folder, name))
  for (const path of all.strange) disk.remove(path)
  for (const name of all.quarantined.keys()) {
    const stat = disk.lstat(`${folder}/quarantine/${name}`)
    // A day to look at it.
    if (stat && now - stat.ctimeMs > DAY_MS) disk.remove(`${folder}/quarantine/${name}`)
  }
  const removed = all.kept.length - keep.length
  return { removed, removedBytes: Math.max(0, before - bytes), entries: keep.length, bytes }
}

/** Bytes that a cache takes, without what is in quarantine. */
export function sizeOf({ kept, idle, blobs }: Inventory): number {
  const lines = [...kept, ...idle].reduce((sum, { line }) => sum + line.length + 1, 0)
  return [...blobs.values()].reduce((sum, size) => sum + size, lines)
}

function chosen(
  { kept, blobs }: Inventory,
  { maxBytes, maxAgeDays }: CacheLimits,
  now: number,
): { keep: readonly Kept[]; bytes: number } {
  const young = kept.filter(({ usedAt }) => now - usedAt <= maxAgeDays * DAY_MS)
  const whole = young.filter(({ stored }) => blobsOf(stored).every((name) => blobs.has(name)))
  const all = upTo(whole, blobs, maxBytes)
  return all.keep.length === whole.length ? all : upTo(whole, blobs, maxBytes * FULL)
}

// A file that several need is counted once.
function upTo(
  kept: readonly Kept[],
  blobs: Inventory['blobs'],
  maxBytes: number,
): { keep: readonly Kept[]; bytes: number } {
  const counted = new Set<string>()
  let bytes = 0
  for (const [i, { line, stored }] of kept.entries()) {
    const added = blobsOf(stored).filter((name) => !counted.has(name))
    const more = added.reduce((sum, name) => sum + (blobs.get(name) ?? 0), line.length + 1)
    if (bytes + more > maxBytes) return { keep: kept.slice(0, i), bytes }
    bytes += more
    for (const name of added) counted.add(name)
  }
  return { keep: kept, bytes }
}

/** Writes anew the lines of what is kept, and nothing else. */
export function rewriteShards(disk: Disk, folder: string, keep: readonly Kept[]): void {
  // The newest is found first where it stands last.
  const oldestFirst = [...keep].sort((a, b) => a.usedAt - b.usedAt)
  const lines = byPart(
    oldestFirst.map((one) => ({ key: one.stored.key, text: linesOf(one) })),
    1,
  )
  for (const shards of shardsIn(disk, folder)) {
    const digit = shards.at(-1)?.[0]
    if (digit === undefined) continue
    const written = new Set(writeShard(disk, folder, digit, lines.get(digit) ?? []))
    for (const shard of shards) if (!written.has(shard)) disk.remove(shardPath(folder, shard))
  }
}

function linesOf({ line, stored, usedAt }: Kept): string {
  return usedAt > stored.at ? `${line}\n${useLine({ ...stored, at: usedAt })}` : `${line}\n`
}
