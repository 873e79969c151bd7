// A node may stand where another one stood that is gone from the graph: the same task with another value
// of one parameter. What somebody changed then is that value, and the reason says so.
import { ABSENT, recordedParams } from './fingerprint.ts'
import type { Graph } from './graph.ts'
import type { History, NodeRecord } from './history.ts'
import { type Node, taskOf } from './node.ts'
import type { Reason } from './reason.ts'

/** Why a node without a record is new; undefined when no other of its task is gone. */
export function changedParam(node: Node, graph: Graph, history: History): Reason | undefined {
  return inPlaceOf(node, graph, history)?.reason
}

/**
 * The same reasons, where the value went back to what it was before: that the other node wrote the same
 * outputs meanwhile, or removed what its globs found of them, is no damage, and is told as the change of the
 * parameter that it is.
 */
export function withoutTraces(
  reasons: readonly Reason[],
  { node, record, graph, history }: Stale,
): readonly Reason[] {
  if (!reasons.some(({ kind }) => OF_OUTPUTS.includes(kind))) return reasons
  const other = inPlaceOf(node, graph, history)
  if (other === undefined || other.record.at < record.at) return reasons
  const wrote = new Map(other.record.outputs)
  const isTrace = (reason: Reason): boolean => {
    switch (reason.kind) {
      case 'output-added':
        return wrote.has(reason.name)
      case 'output-changed':
        return wrote.get(reason.name) === reason.new
      case 'output-missing':
        return node.spec.outputs?.includes(reason.name) === false
      default:
        return false
    }
  }
  const rest = reasons.filter((reason) => !isTrace(reason))
  return rest.length === reasons.length ? reasons : [other.reason, ...rest]
}

const OF_OUTPUTS: readonly Reason['kind'][] = ['output-changed', 'output-added', 'output-missing']

interface Stale {
  readonly node: Node
  readonly record: NodeRecord
  readonly graph: Graph
  readonly history: History
}

interface Other {
  readonly record: NodeRecord
  readonly reason: Reason
}

// Of several, each of which differs in exactly one parameter, that which was done last counts.
function inPlaceOf(node: Node, graph: Graph, history: History): Other | undefined {
  const gone = allGone(graph, history).get(node.task)
  if (gone === undefined) return undefined
  const found = [...gone.params].flatMap((name) => {
    const one = gone.byRest.get(restKey(node.values, name))
    // The same values in another order are no change of one.
    return one === undefined || one.values[name] === node.values[name] ? [] : [{ name, ...one }]
  })
  const [last] = found.sort((a, b) => b.record.at - a.record.at)
  if (last === undefined) return undefined
  const { name, values, record } = last
  const [old, now] = [values[name] ?? ABSENT, node.values[name] ?? ABSENT]
  return { record, reason: { kind: 'param-changed', name, old, new: now } }
}

type Values = Readonly<Record<string, string>>

interface Gone {
  readonly values: Values
  readonly record: NodeRecord
}

interface GoneOfTask {
  /** Names of the parameters of its nodes, gone or not. */
  readonly params: ReadonlySet<string>
  /** By all values but one: what was done last. */
  readonly byRest: ReadonlyMap<string, Gone>
}

type GoneByTask = ReadonlyMap<string, GoneOfTask>

// A run gives records to nodes of its graph only, so that what is gone from it stays as it is.
const known = new WeakMap<History, { readonly graph: Graph; readonly gone: GoneByTask }>()

function allGone(graph: Graph, history: History): GoneByTask {
  const last = known.get(history)
  if (last?.graph === graph) return last.gone
  const gone = lookForGone(graph, history)
  known.set(history, { graph, gone })
  return gone
}

function lookForGone(graph: Graph, { records }: History): GoneByTask {
  const gone = new Map<string, Gone[]>()
  for (const [name, record] of records) {
    if (graph.byName.has(name)) continue
    const task = taskOf(name)
    const one = { values: recordedParams(record), record }
    const all = gone.get(task)
    if (all) all.push(one)
    else gone.set(task, [one])
  }
  // The nodes of one task have the same parameters.
  const now = new Map(graph.nodes.map(({ task, values }) => [task, values]))
  return new Map([...gone].map(([task, all]) => [task, goneOfTask(now.get(task) ?? {}, all)]))
}

function goneOfTask(now: Values, all: readonly Gone[]): GoneOfTask {
  const params = new Set([now, ...all.map(({ values }) => values)].flatMap(Object.keys))
  const byRest = new Map<string, Gone>()
  for (const one of all)
    for (const name of params) {
      const key = restKey(one.values, name)
      if (one.record.at >= (byRest.get(key)?.record.at ?? 0)) byRest.set(key, one)
    }
  return { params, byRest }
}

function restKey(values: Values, without: string): string {
  const rest = Object.entries(values).filter(([name]) => name !== without)
  return JSON.stringify([without, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))])
}
