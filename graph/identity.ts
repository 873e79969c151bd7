// Whether a file is the one that was seen before, as far as its stat tells.
import type { FileStat } from './host.ts'

/**
 * The same text means the same content; times in the same tick of the clock are taken as they are.
 *
 * @example const isAsBefore = identityOf(host.disk.stat('/etc/hosts')) === before
 */
export function identityOf(stat: FileStat | undefined): string {
  if (stat === undefined) return 'absent'
  const { size, mtimeMs, ctimeMs, ino, dev } = stat
  return [size, mtimeMs, ctimeMs, ino, dev].join(':')
}
