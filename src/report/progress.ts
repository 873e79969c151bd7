// How far a run has come and how long it may still take, from what its nodes took the last time.
import type { Row } from './rows.ts'

export interface Progress {
  /** From 0 to 1. */
  readonly share: number
  /** Milliseconds; undefined while too little is known. */
  readonly leftMs: number | undefined
}

// A node of which nothing is known counts as one that takes so long, where nothing is known of any.
const UNKNOWN_MS = 1000

/** The progress of a run at a moment. Weighed by expected time: steps alone underestimate by 40 %. */
export function progressOf(given: Iterable<Row>, now: number): Progress {
  const rows = [...given]
  const { typical, isKnown } = historyOf(rows)
  let all = 0
  let left = 0
  let longest = 0
  let running = 0
  for (const row of rows) {
    if (row.outcome === 'fresh') continue
    const weight = row.expectedMs ?? typical
    const rest = row.outcome === undefined ? weight * (1 - shareOf(row, now)) : 0
    all += weight
    left += rest
    longest = Math.max(longest, rest)
    if (row.startedAt !== undefined && row.outcome === undefined) running++
  }
  const share = all === 0 ? 1 : (all - left) / all
  const leftMs = Math.max(longest, left / Math.max(1, running))
  return { share, leftMs: isKnown && all > 0 ? leftMs : undefined }
}

// A few new nodes beside many known ones count as one of those; with more of them nothing is foretold.
function historyOf(rows: readonly Row[]): { readonly typical: number; readonly isKnown: boolean } {
  const known = rows.flatMap(({ expectedMs }) => expectedMs ?? [])
  const sum = known.reduce((total, ms) => total + ms, 0)
  const unknown = rows.filter(
    ({ expectedMs, outcome }) => expectedMs === undefined && outcome === undefined,
  ).length
  return {
    typical: known.length === 0 ? UNKNOWN_MS : sum / known.length,
    isKnown: unknown * 3 <= known.length,
  }
}

// A node that takes longer than the last time stays just short of its end.
function shareOf({ startedAt, expectedMs, step }: Row, now: number): number {
  if (startedAt === undefined) return 0
  const bySteps = step && step.total > 0 ? step.done / step.total : 0
  const byTime = expectedMs ? (now - startedAt) / expectedMs : bySteps
  return Math.min(0.98, step ? Math.max(bySteps * 0.6, Math.min(byTime, bySteps + 0.4)) : byTime)
}

/** `[=====>              ]`; `columns` counts the brackets. */
export function bar(share: number, columns: number): string {
  const room = Math.max(1, columns - 2)
  const filled = Math.min(room, Math.floor(share * room))
  const arrow = filled < room ? `${'='.repeat(Math.max(0, filled - 1))}>` : '='.repeat(room)
  return `[${arrow.padEnd(room)}]`
}

/** `9s`, `1:20`, `1:02:03` */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number): string => String(n).padStart(2, '0')
  if (h > 0) return `${h}:${two(m)}:${two(s)}`
  return m > 0 ? `${m}:${two(s)}` : `${s}s`
}

/** `[34/77]`, or `[42%]`: what counts to a hundred tells percents. */
export function stepText({
  done,
  total,
}: {
  readonly done: number
  readonly total: number
}): string {
  return total === 100 ? `[${done}%]` : `[${done}/${total}]`
}
