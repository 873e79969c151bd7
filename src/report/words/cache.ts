// What is said of the cache.
import type { CacheCheck, CacheStats } from '../../../graph/index.ts'
import { clean } from '../text.ts'

/** The disk refused what a node made; the run goes on. */
export function notStored(errno: string): string {
  return `could not be stored in the cache (${errno}): nothing more is stored in this run`
}

export function statsText(stats: CacheStats): string {
  const { folder, entries, files, bytes, limits, oldestUse, quarantined } = stats
  const rows = [
    ['folder', clean(folder)],
    ['stored', `${entries} results, ${files} larger files`],
    ['size', `${size(bytes)} of ${size(limits.maxBytes)}`],
    ['kept', `${limits.maxAgeDays} days since last use`],
    ...(oldestUse === undefined ? [] : [['oldest use', new Date(oldestUse).toISOString()]]),
    ...(quarantined.files === 0
      ? []
      : [['quarantine', `${quarantined.files} damaged files, ${size(quarantined.bytes)}`]]),
  ]
  return rows.map(([what = '', is = '']) => `${what.padEnd(10)}  ${is}\n`).join('')
}

export function checkText({ entries, files, bytes, damaged }: CacheCheck): string {
  const good = `${entries} results, ${files} larger files, ${size(bytes)}`
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
  return `removed ${removed} results, ${size(removedBytes)}; ${entries} are left, ${size(bytes)}\n`
}

export function clearText({ entries, bytes }: { entries: number; bytes: number }): string {
  return `removed ${entries} results, ${size(bytes)}\n`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function size(bytes: number): string {
  let left = bytes
  let unit = 0
  while (left >= 1024 && unit < UNITS.length - 1) {
    left /= 1024
    unit++
  }
  const digits = unit === 0 || left >= 100 || Number.isInteger(left) ? 0 : 1
  return `${left.toFixed(digits)} ${UNITS[unit]}`
}
