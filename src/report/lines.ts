// A run as plain lines on stderr: each says when, and which node.
import type { Reason, RunEvent } from '../../graph/index.ts'
import { firstCause } from './cause.ts'
import { eprint } from './eprint.ts'
import { bar, progressOf, stepText } from './progress.ts'
import { stoppedText } from './row-lines.ts'
import { gather, type Row } from './rows.ts'
import { clean, elapsedSeconds } from './text.ts'
import type { Reporter, ReportOptions } from './view.ts'
import { clip } from './width.ts'
import { notStored } from './words/cache.ts'
import { heldBack } from './words/held-back.ts'
import { reasonText } from './words/reason.ts'

// Progress of a long build: often enough to see that it lives, not so often that it fills a log.
const PROGRESS_EVERY_MS = 10_000
// Under a load that stays, each node that ends lets one begin and the next one wait.
const HELD_EVERY_MS = 60_000
const NOBODY = ''

export function lineReporter(options: ReportOptions): Reporter {
  const far: HowFar = { told: new Map(), rows: new Map() }
  const { write = toStderr } = options
  const say = (at: number, node: string, text: string): void => {
    const stage = options.stageOf?.(node)
    const name = stage === undefined ? node : `${stage}: ${node}`
    write(
      `[${elapsedSeconds(at - options.since)}] ${name} ${text.split('\n').map(clean).join('\n')}\n`,
    )
  }
  const report = (event: RunEvent): void => {
    gather(far.rows, event)
    tell(event, say, far, options)
  }
  return { report, close: async () => {} }
}

interface HowFar {
  /** When a node's progress was last told, and that nodes are held back. */
  readonly told: Map<string, number>
  readonly rows: Map<string, Row>
}

function toStderr(text: string): void {
  eprint(text)
}

type Say = (at: number, node: string, text: string) => void

function tell(
  event: RunEvent,
  say: Say,
  { told, rows }: HowFar,
  { verbose, since, title, write = toStderr }: ReportOptions,
): void {
  switch (event.type) {
    case 'stale':
      return say(
        event.at,
        event.node,
        `is stale: ${event.reasons.map(shortReason).slice(0, 3).join('; ')}${event.reasons.length > 3 ? `; and ${event.reasons.length - 3} more` : ''}`,
      )
    case 'started':
      told.set(event.node, event.at)
      return say(
        event.at,
        event.node,
        event.attempt > 1 ? `started (try ${event.attempt})` : 'started',
      )
    case 'progress': {
      if (event.at - (told.get(event.node) ?? 0) < PROGRESS_EVERY_MS) return
      told.set(event.node, event.at)
      const step = `${stepText(event)} ${clean(event.line)}`
      return say(event.at, event.node, title ? `${howFar(rows, event.at)} - ${step}` : step)
    }
    case 'output':
      if (verbose) for (const line of event.lines) write(`${event.node} | ${clean(line)}\n`)
      return
    case 'retrying':
      return say(
        event.at,
        event.node,
        `failed: ${firstCause(event.failure)}\n[repair] Network error, retry ${event.attempt}/3 after ${event.afterMs}ms...`,
      )
    case 'input-moved':
      return say(
        event.at,
        event.node,
        `is not recorded: its input '${event.name}' changed while it ran`,
      )
    case 'finished':
      if (!verbose && (event.outcome === 'fresh' || isStopped(rows.get(event.node)))) return
      return say(event.at, event.node, finished(event))
    case 'waiting': {
      const who = event.owner
        ? `process ${event.owner.pid} on ${event.owner.host} since ${event.owner.since} (${clean(event.owner.purpose)})`
        : 'another process'
      write(`[${elapsedSeconds(event.at - since)}] waiting for ${who}; lock: ${event.lock}\n`)
      return
    }
    case 'not-stored':
      return say(event.at, event.node, notStored(event.errno))
    case 'held-back':
      if (event.at - (told.get(NOBODY) ?? Number.NEGATIVE_INFINITY) < HELD_EVERY_MS) return
      told.set(NOBODY, event.at)
      write(`[${elapsedSeconds(event.at - since)}] ${heldBack(event)}\n`)
      return
    case 'done': {
      const stopped = [...rows.values()].filter(isStopped)
      if (verbose || stopped.length === 0) return
      const { text, more } = stoppedText(stopped)
      write(`[${elapsedSeconds(event.at - since)}] ${clean(text)}${more}\n`)
      return
    }
    case 'planned':
    case 'reopened':
      return
    default:
      return event satisfies never
  }
}

// That it failed before tells the whole command.
function shortReason(reason: Reason): string {
  return clip(reasonText(reason), 160)
}

// Of a thousand nodes that a failure blocked, a line each would hide it: they are told together at the end.
function isStopped(row: Row | undefined): boolean {
  const isHeld = row?.outcome === 'blocked' || row?.outcome === 'cancelled'
  return isHeld && row.startedAt === undefined
}

function finished(event: Extract<RunEvent, { type: 'finished' }>): string {
  const took = `(${(event.ms / 1000).toFixed(1)}s)`
  if (event.failure?.before)
    return `${event.outcome} before, the same again: ${firstCause(event.failure)}`
  if (event.failure) return `${event.outcome} ${took}: ${firstCause(event.failure)}`
  if (event.blockedBy) return `blocked by '${event.blockedBy}'`
  return event.outcome === 'fresh' || event.outcome === 'cancelled'
    ? event.outcome
    : `${event.outcome} ${took}`
}

// `[=====>                    ] 25%` of all nodes together.
function howFar(rows: HowFar['rows'], now: number): string {
  const { share } = progressOf(rows.values(), now)
  return `${bar(share, 28)} ${Math.floor(share * 100)}%`
}
