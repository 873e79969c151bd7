// What a person does with a cache: look at it, check it, shrink it, empty it.
import { Blobs, quarantine } from './blobs.ts'
import type { CacheLimits } from './cache-limits.ts'
import { cachePlace } from './cache-place.ts'
import { digestBytes } from './digest.ts'
import { sweepAndNote } from './growth.ts'
import type { Disk } from './host.ts'
import { blobsOf, inventory, type Kept } from './inventory.ts'
import type { Session } from './state.ts'
import { underStateLock } from './state-lock.ts'
import { type Place, rewriteShards, type Swept, sizeOf } from './sweep.ts'

export interface CacheStats {
  readonly folder: string
  /** Nodes whose outputs are stored, each key counted. */
  readonly entries: number
  /** Larger files among their outputs, each content counted once. */
  readonly files: number
  readonly bytes: number
  readonly limits: CacheLimits
  /** When the oldest of them was last of use: milliseconds since 1970. */
  readonly oldestUse: number | undefined
  readonly quarantined: { readonly files: number; readonly bytes: number }
}

export interface CacheCheck {
  readonly entries: number
  readonly files: number
  readonly bytes: number
  /** What was not what it should be, by name; it is in quarantine now. */
  readonly damaged: readonly string[]
}

/**
 * What a graph's cache holds; changes nothing.
 *
 * @example const { bytes } = cacheStats(session)
 */
export function cacheStats(session: Session): CacheStats {
  const { disk, folder } = cachePlace(session)
  const all = inventory(disk, folder)
  const { kept, blobs, quarantined } = all
  return {
    folder,
    entries: kept.length,
    files: blobs.size,
    bytes: sizeOf(all),
    limits: session.graph.cache,
    oldestUse: kept.at(-1)?.usedAt,
    quarantined: {
      files: quarantined.size,
      bytes: [...quarantined.values()].reduce((sum, size) => sum + size, 0),
    },
  }
}

export interface CareOptions {
  /** False: fail at once when a run holds the lock. */
  readonly wait: boolean
}

/**
 * Digests everything that a graph's cache holds; what is damaged goes into quarantine.
 *
 * @throws GraphError 'locked'
 * @example const { damaged } = await verifyCache(session, { wait: true })
 */
export async function verifyCache(session: Session, care: CareOptions): Promise<CacheCheck> {
  return alone(session, 'cache verify', care, () => check(cachePlace(session)))
}

/**
 * Brings a graph's cache within its limits.
 *
 * @throws GraphError 'locked'
 * @example const { removed } = await sweepCache(session, { wait: true })
 */
export function sweepCache(session: Session, care: CareOptions): Promise<Swept> {
  const act = (): Swept => sweepAndNote(cachePlace(session), session.graph.cache)
  return alone(session, 'cache gc', care, act)
}

/**
 * Empties a graph's cache; resolves with what it held.
 *
 * @throws GraphError 'locked'
 * @example const { bytes } = await clearCache(session, { wait: true })
 */
export function clearCache(session: Session, care: CareOptions): Promise<CacheStats> {
  return alone(session, 'cache clean', care, () => {
    const stats = cacheStats(session)
    session.host.disk.remove(stats.folder)
    return stats
  })
}

// A folder without a cache stays as it is: no lock is made to find out that there is nothing.
async function alone<T>(
  session: Session,
  purpose: string,
  { wait }: CareOptions,
  act: () => T,
): Promise<T> {
  const { disk, folder } = cachePlace(session)
  if (disk.list(folder) === undefined) return act()
  return underStateLock(session, { purpose, wait }, act)
}

function check({ disk, folder }: Place): CacheCheck {
  const all = inventory(disk, folder)
  const blobs = new Blobs(disk, folder)
  const lost = [...all.blobs.keys()].filter((name) => blobs.check(name) === undefined)
  for (const path of all.strange) quarantine(disk, folder, path)
  const isWhole = ({ stored }: Kept): boolean => blobsOf(stored).every((name) => blobs.has(name))
  const honest = all.kept.filter(isHonest)
  const keep = honest.filter(isWhole)
  const lines = [
    ...all.idle.filter(({ isDamaged }) => isDamaged),
    ...all.kept.filter((one) => !isHonest(one)),
  ]
  setAside(lines, disk, folder)
  rewriteShards(disk, folder, keep)
  const after = inventory(disk, folder)
  return {
    entries: after.kept.length,
    files: after.blobs.size,
    bytes: sizeOf(after),
    damaged: [
      ...lines.map(({ shard }) => `a line of ac/${shard}`),
      ...lost.map((name) => `cas/${name.slice(0, 2)}/${name}`),
      ...all.strange.map((path) => path.slice(folder.length + 1)),
    ],
  }
}

function setAside(
  lines: readonly { readonly shard: string; readonly line: string }[],
  disk: Disk,
  folder: string,
): void {
  for (const { shard, line } of lines) {
    const file = disk.append(`${folder}/quarantine/lines-${shard}`)
    file.write(`${line}\n`)
    file.close()
  }
}

// Its checksum fits, and what it holds is what it says.
function isHonest({ stored }: Kept): boolean {
  return stored.outputs.every(
    ({ content, state }) => content === undefined || digestBytes(content) === state.slice(1),
  )
}
