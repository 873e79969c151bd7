// What Node says of a file, as the engine has it.
import { type BigIntStats, constants } from 'node:fs'

import type { FileStat } from '../host.ts'

type Numbers = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'dev' | 'mode'>

/** Kind and identity of a file. */
export function asFileStat({ size, mtimeNs, ctimeNs, ino, dev, mode }: Numbers): FileStat {
  const type = Number(mode) & constants.S_IFMT
  const kind =
    type === constants.S_IFREG
      ? 'file'
      : type === constants.S_IFDIR
        ? 'folder'
        : type === constants.S_IFLNK
          ? 'link'
          : 'special'
  return { kind, size, mtimeNs, ctimeNs, ino, dev, mode: Number(mode) & 0o7777 }
}
