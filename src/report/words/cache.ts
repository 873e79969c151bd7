// What is said of the cache.
import type { CacheCheck, CacheStats } from '../../../graph/index.ts'
import { clean } from '../text.ts'
import { counted } from './watch.ts'

/** The disk refused what a node made; the run goes on. */
export function notStored(errno: string): string {
  return `could not be stored in the cache (${errno}): nothing more is stored in this run`
}

export function statsText(stats: CacheStats): string {
  const { folder, entries, files, bytes, limits, oldestUse, quarantined } = stats
  const rows = [
    ['folder', clean(folder)],
    ['stored', held(entries, files)],
    ['size', `${size(bytes)} of ${size(limits.maxBytes)}`],
    ['kept', `${counted(limits.maxAgeDays, 'day')} since last use`],
    ...(oldestUse === undefined ? [] : [['oldest use', new Date(oldestUse).toISOString()]]),
    ...(quarantined.files === 0
      ? []
      : [
          [
            'quarantine',
            `${counted(quarantined.files, 'damaged file')}, ${size(quarantined.bytes)}`,
          ],
        ]),
  ]
  return rows.map(([what = '', is = '']) => `${what.padEnd(10)}  ${is}\n`).join('')
}

export function checkText({ entries, files, bytes, damaged }: CacheCheck): string {
  const good = `${held(entries, files)}, ${size(bytes)}`
  if (damaged.length === 0) return `the cache is whole: ${good}\n`
  const rows = damaged.map((name) => `  ${clean(name)}\n`).join('')
  return `damaged, and moved into quarantine:\n${rows}what is left is whole: ${good}\n`
}

export function sweptText(swept: {
  readonly removed: number
  readonly removedBytes: number
  readonly entries: number
  readonly bytes: number
}): string {
  const { removed, removedBytes, entries, bytes } = swept
  const left = `${entries} ${entries === 1 ? 'is' : 'are'} left, ${size(bytes)}`
  return `removed ${counted(removed, 'result')}, ${size(removedBytes)}; ${left}\n`
}

export function clearText({ entries, bytes }: { entries: number; bytes: number }): string {
  return `removed ${counted(entries, 'result')}, ${size(bytes)}\n`
}

function held(entries: number, files: number): string {
  return `${counted(entries, 'result')}, ${counted(files, 'larger file')}`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function size(bytes: number): string {
  if (bytes === 1) return '1 byte'
  let left = bytes
  let unit = 0
  while (left >= 1024 && unit < UNITS.length - 1) {
    left /= 1024
    unit++
  }
  const digits = unit === 0 || left >= 100 || Number.isInteger(left) ? 0 : 1
  return `${left.toFixed(digits)} ${UNITS[unit]}`
}
