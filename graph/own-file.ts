// What may stand in the state folder that is not as the engine made it: a folder in the place of a file, a link
// to nothing, a file that nobody may read. It may be somebody's, so it is never touched.
import { dirname } from 'node:path'

import { quote } from './command.ts'
import { GraphError } from './error.ts'
import type { Disk, FileStat } from './host.ts'

/** What a file holds that only spares work: whatever keeps it from being read, it is as if it were not there. */
export function readMemo(disk: Disk, path: string): Uint8Array | undefined {
  try {
    // A FIFO would be waited for.
    return disk.stat(path)?.kind === 'file' ? disk.readBytes(path) : undefined
  } catch {
    return undefined
  }
}

/** What the engine needs at a path and cannot have because of what is there; undefined when that is as it should be. */
export function obstacle(
  disk: Disk,
  path: string,
  wanted: 'file' | 'folder',
): GraphError | undefined {
  const found = kindAt(disk, path, wanted)
  // A folder that is not there would be made: something else may be in the place of one above it.
  if (found === undefined && wanted === 'folder' && path !== dirname(path))
    return obstacle(disk, dirname(path), wanted)
  if (found === undefined || found === wanted) return undefined
  return new GraphError(`'${path}' is ${NAMES[found]}, and should be a ${wanted}`, {
    code: 'state-unwritable',
    place: path,
    hint: `move it away: mv ${quote(path)} ${quote(`${path}.away`)}`,
  })
}

const NAMES: Readonly<Record<FileStat['kind'], string>> = {
  file: 'a file',
  folder: 'a folder',
  link: 'a link',
  special: 'a special file',
}

// A folder may lie elsewhere; a file is never written through a link.
function kindAt(disk: Disk, path: string, wanted: 'file' | 'folder'): FileStat['kind'] | undefined {
  try {
    const own = disk.lstat(path)?.kind
    const isLedTo = own === 'link' && wanted === 'folder' && disk.stat(path)?.kind === wanted
    return isLedTo ? wanted : own
  } catch {
    return undefined
  }
}
