// Which nodes a run may touch: the targets and all they need, or less, when a person works on one node.
import { dependents } from './affected.ts'
import { GraphError } from './error.ts'
import type { Graph } from './graph.ts'
import type { History } from './history.ts'
import type { Node } from './node.ts'
import { plan } from './plan.ts'
import type { RunOptions } from './run-options.ts'
import { select } from './select.ts'

export interface Scope {
  /** In topological order. */
  readonly wanted: readonly Node[]
  /** Run even if they are fresh. */
  readonly forced: ReadonlySet<Node>
  /** Needed and not wanted: what they produced last stands. */
  readonly given: readonly Node[]
}

/**
 * What a run is to touch.
 *
 * @throws GraphError 'unknown-node'
 * @example const { wanted } = scopeOf(graph, { targets: ['link'], only: true })
 */
export function scopeOf(
  graph: Graph,
  options: Pick<RunOptions, 'targets' | 'only' | 'from' | 'force'>,
): Scope {
  const targets = select(graph, options.targets)
  const starts = options.from === undefined ? [] : select(graph, [options.from])
  const forced = new Set(options.force ? targets : starts)
  if (options.only) return withGiven(targets, forced)
  const all = plan(graph, targets)
  if (options.from === undefined) return { wanted: all, forced, given: [] }
  const downstream = new Set([...starts, ...starts.flatMap((node) => dependents(graph, node))])
  const wanted = all.filter((node) => downstream.has(node))
  if (starts.some((node) => wanted.includes(node))) return withGiven(wanted, forced)
  throw new GraphError(`no target stands on '${options.from}'`, {
    code: 'unknown-node',
    place: options.from,
    hint: 'name a target that needs it, or none to run all that stands on it',
  })
}

/**
 * Asked before anything runs: what is taken as it is must be there.
 *
 * @throws GraphError 'need-missing'
 * @example refuseMissing(scopeOf(graph, { targets: ['link'], only: true }), recall(session).journal.history)
 */
export function refuseMissing({ given }: Scope, history: History): void {
  const missing = given.find((node) => !history.records.has(node.name))
  if (missing === undefined) return
  throw new GraphError(`'${missing.name}' is needed and has not run`, {
    code: 'need-missing',
    place: missing.name,
    hint: `run it first: '${missing.name}', or leave --only and --from away`,
  })
}

function withGiven(wanted: readonly Node[], forced: ReadonlySet<Node>): Scope {
  const own = new Set(wanted)
  const needs = new Set(wanted.flatMap((node) => node.needs))
  return { wanted, forced, given: [...needs].filter((node) => !own.has(node)) }
}
