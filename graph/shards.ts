// The files that hold the lines of the cache, a sixteenth of the keys in each. Not in cache.ts, because
// what that exports is in our types for others, and theirs may know no Buffer.
import type { Disk } from './host.ts'

/** Names of these files. */
export const SHARDS: readonly string[] = [...'0123456789abcdef']

/** Where one lies, below the folder of the cache. */
export function shardPath(folder: string, shard: string): string {
  return `${folder}/ac/${shard}`
}

/** What is in it; empty when it is no regular file: a link could lead anywhere. */
export function shardBytes(disk: Disk, folder: string, shard: string): Buffer {
  const path = shardPath(folder, shard)
  const bytes = disk.lstat(path)?.kind === 'file' ? disk.readBytes(path) : undefined
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0)
}
