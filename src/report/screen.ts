// The live view as lines of text: a bar, what failed, what runs, what has just ended, and how much waits.
// Never more lines than the terminal has, never wider than it is.
import { bar, clockTime, progressOf } from './progress.ts'
import type { Row } from './rows.ts'
import { type Paint, paint, type Style } from './terminal.ts'
import { clean } from './text.ts'
import { clip } from './width.ts'

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

interface Line {
  readonly sign: string
  readonly text: string
  readonly color: Paint
}

/** The lines of one moment. `since`: when the run began; both in milliseconds since 1970. */
export function screenLines(
  rows: readonly Row[],
  { since, now }: { readonly since: number; readonly now: number },
  size: ScreenSize,
  style: Style,
): readonly string[] {
  const sign = style.unicode ? SIGNS : ASCII
  const width = Math.max(10, size.columns - 1)
  const room = Math.max(2, size.rows - 2)
  const head = headLine(rows, since, now, width)
  const shown = [...body(rows, now, sign, room - 1)]
  const mark = style.unicode ? '…' : '...'
  const lines = shown.map(({ sign: of, text, color }) => {
    const flat = style.unicode ? clean(text) : asAscii(clean(text))
    return `${paint(of, color, style)} ${clip(flat, width - of.length - 1, mark)}`
  })
  return [paint(clip(head, width, mark), 'bold', style), ...lines]
}

const SIGNS = { failed: '✖', running: '▸', done: '✔', waiting: '…', stopped: '⊘' } as const
const ASCII = { failed: 'x', running: '>', done: '+', waiting: '.', stopped: '-' } as const
type Signs = Readonly<Record<keyof typeof SIGNS, string>>

function headLine(rows: readonly Row[], since: number, now: number, width: number): string {
  const { share, leftMs } = progressOf(rows, now)
  const ended = rows.filter(({ outcome }) => outcome !== undefined).length
  const percent = ` ${Math.floor(share * 100)}%`.padStart(5)
  const isOver = ended === rows.length
  const left = leftMs === undefined || isOver ? '' : `, about ${clockTime(leftMs)} left`
  const tail = `${percent} - ${ended}/${rows.length} ${clockTime(now - since)}${left}`
  return `${bar(share, Math.min(30, Math.max(8, width - tail.length)))}${tail}`
}

function body(rows: readonly Row[], now: number, sign: Signs, room: number): readonly Line[] {
  const failed = rows.filter(({ failure }) => failure !== undefined)
  const running = rows.filter(
    ({ startedAt, outcome }) => startedAt !== undefined && outcome === undefined,
  )
  const stopped = rows.filter(({ outcome }) => outcome === 'cancelled' || outcome === 'blocked')
  const done = rows
    .filter(({ outcome, failure }) => outcome !== undefined && outcome !== 'fresh' && !failure)
    .filter((row) => !stopped.includes(row))
    .sort((a, b) => a.endedAt - b.endedAt)
  const waiting = rows.filter(
    ({ startedAt, outcome }) => startedAt === undefined && outcome === undefined,
  )
  const last = [stoppedLine(stopped, sign), waitingLine(waiting, sign)].filter(
    (line) => line !== undefined,
  )
  let left = room - last.length
  const take = (
    all: readonly Row[],
    from: 'start' | 'end',
    make: (row: Row) => Line,
  ): readonly Line[] => {
    const shown = fitting(all, left, from)
    const more = all.length - shown.length
    left -= shown.length + (more > 0 && shown.length > 0 ? 1 : 0)
    const lines = shown.map(make)
    return more > 0 && lines.length > 0
      ? [...lines, { sign: ' ', text: `+${more} more`, color: 'dim' as const }]
      : lines
  }
  // What runs must be seen beside many failures; what has ended takes the room that is left.
  const reserved = Math.min(running.length, Math.ceil(left / 2))
  left -= reserved
  const failures = take(failed, 'start', (row) => failedLine(row, sign))
  left += reserved
  const current = take(running, 'start', (row) => runningLine(row, now, sign))
  const ends = take(done, 'end', (row) => doneLine(row, sign))
  return [...failures, ...ends, ...current, ...last].slice(0, room)
}

// One line of the room is kept for '+n more'.
function fitting(all: readonly Row[], room: number, from: 'start' | 'end'): readonly Row[] {
  if (room <= 0) return []
  if (all.length <= room) return all
  const count = Math.max(1, room - 1)
  return from === 'start' ? all.slice(0, count) : all.slice(-count)
}

function failedLine({ title, failure = '' }: Row, sign: Signs): Line {
  return { sign: sign.failed, text: `${title}: ${failure}`, color: 'red' }
}

function runningLine(
  { title, startedAt = 0, step, expectedMs }: Row,
  now: number,
  sign: Signs,
): Line {
  const steps = step ? `  [${step.done}/${step.total}] ${step.line}` : ''
  const expected =
    expectedMs !== undefined && expectedMs > 2000 ? ` of ${clockTime(expectedMs)}` : ''
  const text = `${title}  ${clockTime(now - startedAt)}${expected}${steps}`
  return { sign: sign.running, text, color: 'blue' }
}

function doneLine({ title, outcome, ms }: Row, sign: Signs): Line {
  const took = ms >= 100 ? ` ${(ms / 1000).toFixed(1)}s` : ''
  return { sign: sign.done, text: `${title}  ${outcome}${took}`, color: 'green' }
}

function stoppedLine(rows: readonly Row[], sign: Signs): Line | undefined {
  if (rows.length === 0) return undefined
  const names = rows.slice(0, 3).map(({ name }) => name)
  const more = rows.length > names.length ? ` +${rows.length - names.length} more` : ''
  const blocked = rows.filter(({ outcome }) => outcome === 'blocked').length
  const word =
    blocked === rows.length ? 'blocked' : blocked > 0 ? 'cancelled or blocked' : 'cancelled'
  return { sign: sign.stopped, text: `${word}: ${names.join(', ')}${more}`, color: 'dim' }
}

function waitingLine(rows: readonly Row[], sign: Signs): Line | undefined {
  if (rows.length === 0) return undefined
  const retry = rows.find(({ note }) => note !== '')
  const also = retry === undefined ? '' : `; ${retry.title} ${retry.note}`
  return { sign: sign.waiting, text: `${rows.length} waiting${also}`, color: 'dim' }
}

function asAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
