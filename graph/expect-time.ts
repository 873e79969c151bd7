// How long a run would take, from how long its nodes took the last time: the run's own schedule, played
// with a clock that only counts.

import type { Assessed } from './assess.ts'
import type { Foretold } from './foretell.ts'
import type { Graph } from './graph.ts'
import { likelyMs } from './history.ts'
import type { Node, NodeName } from './node.ts'
import { Schedule } from './schedule.ts'
import type { Memory } from './state.ts'

export interface ExpectedTime {
  /** Nodes that run at once. */
  readonly jobs: number
  /** Milliseconds, if all that may stay fresh does. */
  readonly leastMs: number
  /** Milliseconds, if all of it runs. */
  readonly mostMs: number
  /** Nodes that would run, or may, and of whose task no time is known: they count as nothing above. */
  readonly unknown: readonly NodeName[]
}

export interface ExpectedOptions {
  /** What will not run although it is stale. */
  readonly answers: ReadonlyMap<Node, Foretold>
  readonly jobs: number
}

/**
 * The time from the first command to the last. Looking at files and restoring count as nothing.
 *
 * @example
 * const memory = recall(session)
 * const assessed = await assess(graph.nodes, memory)
 * const { mostMs } = expectTime(graph, assessed, memory, { answers: new Map(), jobs: 2 })
 */
export function expectTime(
  graph: Graph,
  assessed: readonly Assessed[],
  { journal }: Memory,
  { answers, jobs }: ExpectedOptions,
): ExpectedTime {
  const likely = likelyMs(journal.history)
  const open = assessed.filter(({ node, state }) => state !== 'fresh' && !answers.has(node))
  const wanted = assessed.map(({ node }) => node)
  const timeOf = (running: readonly Assessed[]): number => {
    const nodes = new Set(running.map(({ node }) => node))
    return playedTime(new Schedule({ graph, wanted, jobs, expected: likely }), nodes, likely)
  }
  return {
    jobs,
    leastMs: timeOf(open.filter(({ state }) => state === 'stale')),
    mostMs: timeOf(open),
    unknown: open.flatMap(({ node }) =>
      node.commands.length === 0 || likely(node) !== undefined ? [] : [node.name],
    ),
  }
}

function playedTime(
  schedule: Schedule,
  running: ReadonlySet<Node>,
  likely: (node: Node) => number | undefined,
): number {
  let now = 0
  let busy: { readonly node: Node; readonly until: number }[] = []
  while (!schedule.isFinished) {
    for (let node = schedule.nextReady(); node; node = schedule.nextReady())
      if (running.has(node)) schedule.enqueue(node)
      else schedule.settle(node, 'done')
    for (let node = schedule.nextToRun(); node; node = schedule.nextToRun())
      busy.push({ node, until: now + (likely(node) ?? 0) })
    if (busy.length === 0) continue
    now = Math.min(...busy.map(({ until }) => until))
    for (const { node, until } of busy) if (until === now) schedule.settle(node, 'done')
    busy = busy.filter(({ until }) => until > now)
  }
  return now
}
