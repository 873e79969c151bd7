// A run in the format of Chrome's trace viewer, which Perfetto reads as well.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
import { type PastNode, stateOf } from './past-nodes.ts'

/** A step of a node's own tool, as ninja logs it. Milliseconds since 1970. */
export interface InnerStep {
  readonly name: string
  readonly from: number
  readonly to: number
}

interface TraceEvent {
  readonly name: string
  readonly ph: 'X' | 'M'
  readonly pid: number
  readonly tid: number
  /** Microseconds. */
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  readonly args?: Readonly<Record<string, unknown>>
}

interface Span {
  readonly name: string
  readonly cat: string
  readonly from: number
  readonly to: number
  readonly args: Readonly<Record<string, unknown>>
}

/** The trace of a run as JSON: a lane for each node that ran beside others, and their tools' steps below. */
export function traceText(
  runAt: number,
  nodes: readonly PastNode[],
  stepsOf: (node: PastNode) => readonly InnerStep[],
): string {
  const ran = nodes.filter(({ startedAt }) => startedAt !== undefined)
  const outer = ran.map((node) => {
    const from = node.startedAt as number
    const { attempts, reasons, spanMs } = node
    const args = { outcome: stateOf(node), attempts, reasons: reasons.map(({ kind }) => kind) }
    return { name: node.name, cat: 'node', from, to: from + spanMs, args }
  })
  const inner = ran.flatMap((node) =>
    stepsOf(node).map(({ name, from, to }) => ({
      name,
      cat: 'step',
      from,
      to,
      args: { node: node.name },
    })),
  )
  const events = [
    ...laid(outer, { pid: 1, name: 'nodes', runAt }),
    ...laid(inner, { pid: 2, name: 'steps of their tools', runAt }),
  ]
  return `${JSON.stringify({ displayTimeUnit: 'ms', traceEvents: events })}\n`
}

interface Process {
  readonly pid: number
  readonly name: string
  readonly runAt: number
}

// Each span in the first lane that is free when it begins. Viewers want the spans of a lane beside or inside
// each other: it is decided in the microseconds that they are told. A lane 0 would be a kernel's idle thread.
function laid(spans: readonly Span[], { pid, name, runAt }: Process): readonly TraceEvent[] {
  const busyUntil: number[] = []
  const placed = spans
    .map(({ from, to, ...span }) => ({
      ...span,
      ts: Math.round((from - runAt) * 1000),
      dur: Math.max(1, Math.round((to - from) * 1000)),
    }))
    .sort((a, b) => a.ts - b.ts)
    .map((span) => {
      const free = busyUntil.findIndex((until) => until <= span.ts)
      const lane = free < 0 ? busyUntil.length : free
      busyUntil[lane] = span.ts + span.dur
      return { ...span, ph: 'X' as const, pid, tid: lane + 1 }
    })
  const lanes = busyUntil.map((_, lane) => named('thread_name', pid, lane + 1, `lane ${lane + 1}`))
  return [named('process_name', pid, 1, name), ...lanes, ...placed]
}

function named(what: string, pid: number, tid: number, name: string): TraceEvent {
  return { name: what, ph: 'M', pid, tid, args: { name } }
}

interface LoggedStep {
  readonly name: string
  /** Milliseconds since the start of ninja. */
  readonly start: number
  readonly end: number
  /** When its output was written, milliseconds since 1970. */
  readonly written: number
}

/**
 * The steps that ninja did for a node, read from its `.ninja_log` (version 5 and later: start, end,
 * mtime of the output in nanoseconds, output, digest of the command). An entry belongs to the node's run
 * when the output was written during it. When ninja began stands nowhere: an output is written at the end
 * of its step, or rewritten later by something else, so the middle of what the steps say is taken.
 */
export function ninjaSteps(log: string, from: number, ms: number): readonly InnerStep[] {
  const steps = loggedSteps(log).filter(({ written }) => isWithin(written, from, from + ms))
  const starts = steps.map(({ written, end }) => written - end).sort((a, b) => a - b)
  const began = Math.max(from, starts[Math.floor(starts.length / 2)] ?? from)
  return steps.map(({ name, start, end }) => ({ name, from: began + start, to: began + end }))
}

function loggedSteps(log: string): readonly LoggedStep[] {
  const steps = new Map<string, LoggedStep>()
  for (const line of log.split('\n')) {
    const [start, end, mtime, name, digest] = line.split('\t')
    if (name === undefined || line.startsWith('#')) continue
    // A step that writes several files has a line for each.
    const key = `${start} ${end} ${digest}`
    const others = steps.get(key)
    steps.set(key, {
      name: others === undefined ? name : `${others.name}, ${name}`,
      start: Number(start),
      end: Number(end),
      written: Number(mtime) / 1e6,
    })
  }
  return [...steps.values()]
}

// Linux dates a file by its last tick; some file systems by whole seconds.
function isWithin(written: number, from: number, to: number): boolean {
  const slack = written % 1000 === 0 ? 1000 : 20
  return written >= from - slack && written <= to + slack
}
