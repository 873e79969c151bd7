// The live view as lines of text: a bar, what failed and why, what has just ended, what runs, and how much
// waits. Never more lines than the terminal has, never wider than it is.
import { bar, clockTime, progressOf } from './progress.ts'
import {
  doneLine,
  failedLine,
  logLine,
  moreLine,
  runningLine,
  type Signs,
  signsOf,
  stoppedLine,
  waitingLine,
} from './row-lines.ts'
import type { Row } from './rows.ts'
import { type Line, lineText } from './screen-line.ts'
import { cutMark, paint, type Style } from './terminal.ts'
import { clip } from './width.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

export interface Moment {
  /** When the run began, and now; milliseconds since 1970. */
  readonly since: number
  readonly now: number
  /** What those wait for that could begin: ' for a load below 4'. */
  readonly held?: string
}

/** The lines of one moment. */
export function screenLines(
  rows: readonly Row[],
  { since, now, held = '' }: Moment,
  size: ScreenSize,
  style: Style,
): readonly string[] {
  const { width, room } = within(size)
  const head = headLine(rows, since, now, width)
  const lines = body(sorted(rows), { since, now, held }, signsOf(style), room - 1)
  return [
    paint(clip(head, width, cutMark(style)), 'bold', style),
    ...lines.map((line) => lineText(line, width, style)),
  ]
}

/** What stays on the terminal when the run is over: its failures are told below, in full. */
export function lastLines(rows: readonly Row[], size: ScreenSize, style: Style): readonly string[] {
  const { width, room } = within(size)
  const { done, stopped } = sorted(rows)
  const sign = signsOf(style)
  const end = stopped.length === 0 ? [] : [stoppedLine(stopped, sign)]
  const lines = [...latest('done', done, room - end.length, (row) => doneLine(row, sign)), ...end]
  return lines.map((line) => lineText(line, width, style))
}

function within({ columns, rows }: ScreenSize) {
  return { width: Math.max(10, columns - 1), room: Math.max(2, rows - 2) }
}

function headLine(rows: readonly Row[], since: number, now: number, width: number): string {
  const { share, leftMs = 0 } = progressOf(rows, now)
  const ended = rows.filter(({ outcome }) => outcome !== undefined).length
  const percent = ` ${Math.floor(share * 100)}%`.padStart(5)
  const left = leftMs < 500 || ended === rows.length ? '' : `, about ${clockTime(leftMs)} left`
  const tail = `${percent} - ${ended}/${rows.length} ${clockTime(now - since)}${left}`
  return `${bar(share, Math.min(30, Math.max(8, width - tail.length)))}${tail}`
}

interface Sorted {
  readonly failed: readonly Row[]
  readonly running: readonly Row[]
  readonly stopped: readonly Row[]
  /** In the order in which they ended. */
  readonly done: readonly Row[]
  readonly waiting: readonly Row[]
}

function sorted(rows: readonly Row[]): Sorted {
  const failed: Row[] = []
  const running: Row[] = []
  const stopped: Row[] = []
  const done: Row[] = []
  const waiting: Row[] = []
  for (const row of rows)
    if (row.failure !== undefined) failed.push(row)
    else if (row.outcome === 'cancelled' || row.outcome === 'blocked') stopped.push(row)
    else if (row.outcome !== undefined) row.outcome !== 'fresh' && done.push(row)
    else (row.startedAt === undefined ? waiting : running).push(row)
  const byEnd = (a: Row, b: Row): number => a.endedAt - b.endedAt
  return { failed: failed.sort(byEnd), running, stopped, done: done.sort(byEnd), waiting }
}

// What runs must be seen beside many failures; what has ended takes a third at most of what is left, so
// that a run does not fill the terminal with what is over.
function body(rows: Sorted, { now, held }: Moment, sign: Signs, room: number): readonly Line[] {
  const { failed, running, stopped, done, waiting } = rows
  const last = [
    ...(stopped.length === 0 ? [] : [stoppedLine(stopped, sign)]),
    ...(waiting.length === 0 ? [] : [waitingLine(waiting, held, sign)]),
  ]
  const space = room - last.length
  const reserved = Math.min(running.length, Math.ceil(space / 2))
  const failures = failedLines(failed, space - reserved, sign)
  const current = earliest('running', running, space - failures.length, (row) =>
    runningLine(row, now, sign),
  )
  const left = space - failures.length - current.length
  const ends = latest('done', done, Math.min(left, Math.max(3, Math.floor(room / 3))), (row) =>
    doneLine(row, sign),
  )
  return [...failures, ...ends, ...current, ...last].slice(0, room)
}

// The first failure with the lines that tell about it, the others with their cause.
function failedLines(failed: readonly Row[], room: number, sign: Signs): readonly Line[] {
  const all = earliest('failed', failed, room, (row) => failedLine(row, sign))
  const told = failed[0]?.failure?.lines ?? []
  const fitting = told.slice(0, Math.min(room - all.length, Math.ceil(room / 2)))
  if (fitting.length < 2) return all
  return [...all.slice(0, 1), ...fitting.map((text) => logLine(text, sign)), ...all.slice(1)]
}

// One line of the room is kept for '+n more'.
function earliest(
  what: string,
  rows: readonly Row[],
  room: number,
  make: (row: Row) => Line,
): readonly Line[] {
  if (room <= 0) return []
  if (rows.length <= room) return rows.map(make)
  const count = Math.max(1, room - 1)
  const lines = rows.slice(0, count).map(make)
  return room === 1 ? lines : [...lines, moreLine(rows.length - count, what)]
}

function latest(
  what: string,
  rows: readonly Row[],
  room: number,
  make: (row: Row) => Line,
): readonly Line[] {
  return [...earliest(what, [...rows].reverse(), room, make)].reverse()
}
