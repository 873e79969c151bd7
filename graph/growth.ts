// How large a cache is likely to be, known without looking at it: a run appends what it added, and a sweep
// begins anew. It decides only when a sweep is due.
import type { Cache } from './cache.ts'
import type { CacheLimits } from './cache-limits.ts'
import { asLine, checkedPayload } from './journal-lines.ts'
import { DAY_MS, type Place, type Swept, sweep } from './sweep.ts'

/** After a run that stored something: notes it, and sweeps when the cache is too large or a day went by. */
export function noteGrowth(place: Place, cache: Cache): void {
  const { grown, limits } = cache
  if (grown === 0) return
  const { bytes, sweptAt } = readGrowth(place)
  const now = place.clock.now()
  const isDayOver = sweptAt !== undefined && now - sweptAt > DAY_MS
  if (bytes + grown > limits.maxBytes || isDayOver) sweepAndNote(place, limits)
  else append(place, sweptAt === undefined ? sweptLine(now, grown) : asLine([`+${grown}`]))
}

/** Brings a cache within its limits, and notes how large it is then. */
export function sweepAndNote(place: Place, limits: CacheLimits): Swept {
  const swept = sweep(place, limits)
  if (place.disk.list(place.folder) === undefined) return swept
  place.disk.writeWhole(growthPath(place), sweptLine(place.clock.now(), swept.bytes))
  return swept
}

function readGrowth(place: Place): { bytes: number; sweptAt: number | undefined } {
  let bytes = 0
  let sweptAt: number | undefined
  for (const row of (place.disk.readText(growthPath(place)) ?? '').split('\n')) {
    const [at, size] = (checkedPayload(row) ?? '').split(' ')
    if (size !== undefined) sweptAt = Number(at)
    bytes += Number(size ?? at)
  }
  return { bytes, sweptAt }
}

function sweptLine(at: number, bytes: number): string {
  return asLine([`${Math.round(at)} ${bytes}`])
}

function append({ disk, ...place }: Place, line: string): void {
  const file = disk.append(growthPath(place))
  file.write(line)
  file.close()
}

function growthPath({ folder }: Pick<Place, 'folder'>): string {
  return `${folder}/growth`
}
