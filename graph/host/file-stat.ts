// What Node says of a file, as the engine has it.
import { constants, type Stats } from 'node:fs'

import type { FileStat } from '../host.ts'

type Numbers = Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs' | 'ino' | 'dev' | 'mode'>

/** Kind and identity of a file. */
export function asFileStat({ size, mtimeMs, ctimeMs, ino, dev, mode }: Numbers): FileStat {
  const type = mode & constants.S_IFMT
  const kind =
    type === constants.S_IFREG
      ? 'file'
      : type === constants.S_IFDIR
        ? 'folder'
        : type === constants.S_IFLNK
          ? 'link'
          : 'special'
  return { kind, size, mtimeMs, ctimeMs, ino, dev, mode: mode & 0o7777 }
}
