// A run under way as a table of nodes: the events, gathered. The live view is drawn from it.
import type { NodeFailure, Outcome, RunEvent } from '../../graph/index.ts'
import { relevantLines } from '../../tasks/failure.ts'
import { firstCause } from './cause.ts'
import { notStored } from './words/cache.ts'

export interface Row {
  readonly name: string
  readonly title: string
  /** Milliseconds that it took when it last ran. */
  readonly expectedMs: number | undefined
  /** Of its present try; milliseconds since 1970. */
  readonly startedAt: number | undefined
  readonly step:
    | { readonly done: number; readonly total: number; readonly line: string }
    | undefined
  /** A word about it beside the time: that it is tried again. */
  readonly note: string
  readonly outcome: Outcome | undefined
  readonly endedAt: number
  readonly ms: number
  readonly failure: Told | undefined
  /** The failed node that kept it from running. */
  readonly blockedBy: string | undefined
}

/** Of a failure: its first cause, and the lines of the log that tell about it. */
export interface Told {
  readonly cause: string
  readonly lines: readonly string[]
}

// More of a log than that is for the summary, and for `logs`.
const LOG_LINES = 5

/** The table after one more event. The map itself is changed: a run has thousands of them. */
export function gather(rows: Map<string, Row>, event: RunEvent): void {
  if (event.type === 'planned') return plan(rows, event)
  if (!('node' in event)) return
  const row = rows.get(event.node)
  if (row === undefined) return
  const change = changeOf(event)
  if (change !== undefined) rows.set(event.node, { ...row, ...change })
}

function plan(rows: Map<string, Row>, { nodes }: Extract<RunEvent, { type: 'planned' }>): void {
  rows.clear()
  for (const { node, title, expectedMs } of nodes)
    rows.set(node, {
      name: node,
      title,
      expectedMs,
      startedAt: undefined,
      step: undefined,
      note: '',
      outcome: undefined,
      endedAt: 0,
      ms: 0,
      failure: undefined,
      blockedBy: undefined,
    })
}

function changeOf(event: RunEvent): Partial<Row> | undefined {
  switch (event.type) {
    case 'started':
      return { startedAt: event.at, step: undefined }
    case 'progress':
      return { step: event }
    case 'retrying':
      return { startedAt: undefined, note: `failed, try ${event.attempt + 1} follows` }
    case 'not-stored':
      return { note: notStored(event.errno) }
    case 'finished': {
      const { outcome, at, ms, failure, blockedBy } = event
      return { outcome, endedAt: at, ms, failure: failure && told(failure), blockedBy }
    }
    default:
      return undefined
  }
}

function told(failure: NodeFailure): Told {
  return { cause: firstCause(failure), lines: relevantLines(failure.tail, LOG_LINES) }
}
