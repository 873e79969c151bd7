// All that lies in a cache: what is stored and when it was last of use, files by content, what is damaged.
import type { BlobName } from './blobs.ts'
import { blobOf, readLine, type Stored } from './cache-lines.ts'
import type { Disk } from './host.ts'
import { shardBytes, shardsIn } from './shards.ts'

export interface Kept {
  readonly shard: string
  readonly line: string
  readonly stored: Stored
  /** Milliseconds since 1970. */
  readonly usedAt: number
}

export interface Inventory {
  /** One for each whole key, by last use, the newest first. */
  readonly kept: readonly Kept[]
  /** Lines that say nothing any more: damaged, or said again later. */
  readonly idle: readonly { readonly shard: string; readonly line: string; isDamaged: boolean }[]
  /** Bytes of each file by its name. */
  readonly blobs: ReadonlyMap<BlobName, number>
  /** Paths below `cas` that are no file by content: what a kill left, or a stranger. */
  readonly strange: readonly string[]
  /** Bytes of each file in quarantine. */
  readonly quarantined: ReadonlyMap<string, number>
}

/** Looks at everything and digests nothing. */
export function inventory(disk: Disk, folder: string): Inventory {
  const lines = shardsIn(disk, folder).map((shards) =>
    readLines(shards.map((shard) => [shard, shardBytes(disk, folder, shard)?.toString() ?? ''])),
  )
  const kept = lines.flatMap((one) => one.kept).sort((a, b) => b.usedAt - a.usedAt)
  const idle = lines.flatMap((one) => one.idle)
  return {
    kept,
    idle,
    ...readBlobs(disk, folder),
    quarantined: filesIn(disk, `${folder}/quarantine`),
  }
}

/** Names of the files by content that something stored needs. */
export function blobsOf({ outputs }: Stored): readonly BlobName[] {
  return outputs.filter(({ content }) => content === undefined).map(blobOf)
}

// Of files that may hold lines of the same keys, the oldest first.
function readLines(
  files: readonly (readonly [shard: string, text: string])[],
): Pick<Inventory, 'kept' | 'idle'> {
  const last = new Map<string, Omit<Kept, 'usedAt'>>()
  const usedAt = new Map<string, number>()
  const idle: { shard: string; line: string; isDamaged: boolean }[] = []
  for (const [shard, text] of files)
    for (const line of text.split('\n')) {
      if (line === '') continue
      const read = readLine(line)
      if (read === undefined) {
        idle.push({ shard, line, isDamaged: true })
        continue
      }
      const id = `${read.key} ${read.fingerprint}`
      usedAt.set(id, Math.max(read.at, usedAt.get(id) ?? 0))
      if (!('outputs' in read)) continue
      const before = last.get(id)
      last.set(id, { shard, line, stored: read })
      if (before) idle.push({ shard: before.shard, line: before.line, isDamaged: false })
    }
  const kept = [...last].map(([id, one]) => ({ usedAt: usedAt.get(id) ?? 0, ...one }))
  return { kept, idle }
}

function readBlobs(disk: Disk, folder: string): Pick<Inventory, 'blobs' | 'strange'> {
  const blobs = new Map<string, number>()
  const strange: string[] = []
  for (const part of disk.list(`${folder}/cas`) ?? [])
    for (const name of disk.list(`${folder}/cas/${part}`) ?? []) {
      const stat = disk.lstat(`${folder}/cas/${part}/${name}`)
      const isBlob = /^[0-9a-f]{64}-\d+$/.test(name) && name.startsWith(part)
      if (isBlob && stat?.kind === 'file') blobs.set(name, Number(stat.size))
      else strange.push(`${folder}/cas/${part}/${name}`)
    }
  return { blobs, strange }
}

function filesIn(disk: Disk, folder: string): ReadonlyMap<string, number> {
  const names = disk.list(folder) ?? []
  return new Map(names.map((name) => [name, Number(disk.lstat(`${folder}/${name}`)?.size ?? 0)]))
}
