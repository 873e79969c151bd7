// A row of the live view in words: a node that failed, runs or has ended, and those that are told together.
import { clockTime, stepText } from './progress.ts'
import type { Row } from './rows.ts'
import type { Line } from './screen-line.ts'
import type { Style } from './terminal.ts'

const SIGNS = {
  failed: '✖',
  running: '▸',
  done: '✔',
  waiting: '…',
  stopped: '⊘',
  log: '  │',
} as const
const ASCII = {
  failed: 'x',
  running: '>',
  done: '+',
  waiting: '.',
  stopped: '-',
  log: '  |',
} as const
export type Signs = Readonly<Record<keyof typeof SIGNS, string>>

/** What a row begins with, as the terminal can show it. */
export function signsOf({ unicode }: Style): Signs {
  return unicode ? SIGNS : ASCII
}

export function moreLine(count: number, what: string): Line {
  return { sign: ' ', text: `+${count} more ${what}`, color: 'dim' }
}

/** A line of the log of what failed. */
export function logLine(text: string, sign: Signs): Line {
  return { sign: sign.log, text, color: 'dim' }
}

export function failedLine({ name, failure }: Row, sign: Signs): Line {
  return { sign: sign.failed, text: `${name}: ${nearPath(failure?.cause ?? '')}`, color: 'red' }
}

// Compilers are given whole paths: what they say would stand behind the edge of the terminal.
function nearPath(cause: string): string {
  return cause.replace(/^\/\S*\/(?=[^/\s]+\/[^/\s]+:\d)/, '…/')
}

export function runningLine(
  { title, startedAt = 0, step, expectedMs }: Row,
  now: number,
  sign: Signs,
): Line {
  const expected =
    expectedMs !== undefined && expectedMs > 2000 ? ` of ${clockTime(expectedMs)}` : ''
  const steps = step ? `  ${stepText(step)}` : ''
  return {
    sign: sign.running,
    color: 'blue',
    text: title,
    cut: 'middle',
    tail: `  ${clockTime(now - startedAt)}${expected}${steps}`,
    ...(step ? { rest: ` ${step.line}` } : {}),
  }
}

export function doneLine({ title, outcome, ms }: Row, sign: Signs): Line {
  const took = ms >= 100 ? ` ${(ms / 1000).toFixed(1)}s` : ''
  const tail = `  ${outcome}${took}`
  return { sign: sign.done, color: 'green', text: title, cut: 'middle', tail }
}

export function stoppedLine(rows: readonly Row[], sign: Signs): Line {
  const { text, more } = stoppedText(rows)
  return { sign: sign.stopped, color: 'dim', text, tail: more }
}

/** `blocked by 'x': a, b, c` and ` +2 more`: of the nodes that were blocked or cancelled. */
export function stoppedText(rows: readonly Row[]): {
  readonly text: string
  readonly more: string
} {
  const names = rows.slice(0, 3).map(({ name }) => name)
  const more = rows.length > names.length ? ` +${rows.length - names.length} more` : ''
  const blocked = rows.filter(({ outcome }) => outcome === 'blocked').length
  const [by, ...others] = new Set(rows.map(({ blockedBy }) => blockedBy))
  const word = blocked > 0 ? 'cancelled or blocked' : 'cancelled'
  const all = by !== undefined && others.length === 0 ? `blocked by '${by}'` : 'blocked'
  return { text: `${blocked === rows.length ? all : word}: ${names.join(', ')}`, more }
}

export function waitingLine(rows: readonly Row[], held: string | undefined, sign: Signs): Line {
  const retry = rows.find(({ note }) => note !== '')
  const also = retry === undefined ? '' : `; ${retry.title} ${retry.note}`
  return { sign: sign.waiting, color: 'dim', text: `${rows.length} waiting${held ?? ''}${also}` }
}
