// How long a run is expected to take, in words.
import type { ExpectedTime } from '../../../graph/index.ts'

/** `about 42 s with -j2`; '' when nothing would run, or nothing that takes time. */
export function expectedText({ jobs, leastMs, mostMs, unknown }: ExpectedTime): string {
  if (mostMs === 0) return unknown.length === 0 ? '' : 'their time is not known'
  const [least, most] = [duration(leastMs), duration(mostMs)]
  const range =
    least === most ? `about ${most}` : leastMs === 0 ? `at most ${most}` : `${least} to ${most}`
  const rest = unknown.length === 0 ? '' : `, and ${unknown.length} whose time is not known`
  return `${range} with -j${jobs}${rest}`
}

/** `0.4 s`, `42 s`, `3 min 20 s`, `1 h 5 min` */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60)
    return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
