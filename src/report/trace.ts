// A run in the format of Chrome's trace viewer, which Perfetto reads as well.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
import type { PastNode } from './past-nodes.ts'

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
    const { outcome = 'killed', attempts, reasons, ms } = node
    const args = { outcome, attempts, reasons: reasons.map(({ kind }) => kind) }
    return { name: node.name, cat: 'node', from, to: from + ms, args }
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
  const events = [...process('nodes', 1), ...process('steps of their tools', 2)]
  events.push(...lanes(outer, 1, runAt), ...lanes(inner, 2, runAt))
  return `${JSON.stringify({ displayTimeUnit: 'ms', traceEvents: events })}\n`
}

function process(name: string, pid: number): readonly TraceEvent[] {
  return [{ name: 'process_name', ph: 'M', pid, tid: 0, args: { name } }]
}

// Each span in the first lane that is free when it begins.
function lanes(spans: readonly Span[], pid: number, start: number): readonly TraceEvent[] {
  const busyUntil: number[] = []
  const sorted = [...spans].sort((a, b) => a.from - b.from)
  return sorted.map(({ name, cat, from, to, args }) => {
    const free = busyUntil.findIndex((until) => until <= from)
    const tid = free < 0 ? busyUntil.length : free
    busyUntil[tid] = to
    const ts = Math.round((from - start) * 1000)
    const dur = Math.max(1, Math.round((to - from) * 1000))
    return { name, cat, ph: 'X' as const, pid, tid, ts, dur, args }
  })
}

/**
 * The steps that ninja did for a node, read from its `.ninja_log` (version 5 and later: start, end,
 * mtime of the output in nanoseconds, output, digest). An entry belongs to the node's run when the output
 * was written during it; its times count from the start of ninja.
 */
export function ninjaSteps(log: string, from: number, ms: number): readonly InnerStep[] {
  const steps: InnerStep[] = []
  for (const line of log.split('\n')) {
    const [start, end, mtime, name] = line.split('\t')
    if (name === undefined || line.startsWith('#')) continue
    const written = Number(mtime) / 1e6
    if (!(written >= from - 1000 && written <= from + ms + 1000)) continue
    steps.push({ name, from: from + Number(start), to: from + Number(end) })
  }
  return steps
}
