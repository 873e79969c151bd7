// A past run node by node: the stream of its events, gathered. Every report of a run is made from this.
import type { NodeFailure, Outcome, PastRun, Reason, RunEvent } from '../../graph/index.ts'

export interface PastNode {
  readonly name: string
  readonly title: string
  readonly needs: readonly string[]
  /** Undefined: the run was killed before it ended. */
  readonly outcome: Outcome | undefined
  readonly reasons: readonly Reason[]
  /** Milliseconds of its last try; 0 for what did not run. */
  readonly ms: number
  /** Milliseconds since 1970 of its first try. */
  readonly startedAt: number | undefined
  /** Milliseconds from its first try to its end, with what it waited between tries; until the kill. */
  readonly spanMs: number
  readonly attempts: number
  readonly log: string | undefined
  readonly failure: NodeFailure | undefined
  readonly blockedBy: string | undefined
}

type Growing = { -readonly [K in keyof PastNode]: PastNode[K] }

/** The nodes of a run in the order of its plan. */
export function pastNodes({ events }: PastRun): readonly PastNode[] {
  const nodes = new Map<string, Growing>()
  for (const event of events) gather(nodes, event)
  const killedAt = events.at(-1)?.at ?? 0
  for (const node of nodes.values())
    if (node.startedAt !== undefined && node.outcome === undefined)
      node.spanMs = Math.max(0, killedAt - node.startedAt)
  return [...nodes.values()]
}

function gather(nodes: Map<string, Growing>, event: RunEvent): void {
  if (event.type === 'planned')
    for (const { node, title, needs } of event.nodes)
      nodes.set(node, {
        name: node,
        title,
        needs,
        outcome: undefined,
        reasons: [],
        ms: 0,
        startedAt: undefined,
        spanMs: 0,
        attempts: 0,
        log: undefined,
        failure: undefined,
        blockedBy: undefined,
      })
  if (!('node' in event)) return
  const node = nodes.get(event.node)
  if (node === undefined) return
  if (event.type === 'stale') node.reasons = event.reasons
  if (event.type === 'started') {
    node.startedAt ??= event.at
    node.attempts = event.attempt
    node.log = event.log
  }
  if (event.type === 'finished') {
    node.outcome = event.outcome
    node.ms = event.ms
    const { startedAt, attempts } = node
    node.spanMs = startedAt !== undefined && attempts > 1 ? event.at - startedAt : event.ms
    node.failure = event.failure
    node.blockedBy = event.blockedBy
  }
}

/** What became of a node. Where the run was killed: `killed` what ran then, `not reached` the rest. */
export function stateOf({ outcome, startedAt }: PastNode): string {
  return outcome ?? (startedAt === undefined ? 'not reached' : 'killed')
}

/** What the run said at its end; undefined when it was killed. */
export function summaryOf({ events }: PastRun) {
  const last = events.at(-1)
  return last?.type === 'done' ? last.summary : undefined
}
