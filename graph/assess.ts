// What a run would do, without running: the same decisions, node by node. Used by plan, status,
// explain and --dry-run.

import { GraphError } from './error.ts'
import { lastOutputs } from './history.ts'
import { reasonsOf, recordedResult } from './look.ts'
import type { Node } from './node.ts'
import type { Reason } from './reason.ts'
import type { Memory } from './state.ts'

export interface Assessed {
  readonly node: Node
  /** 'maybe': a need runs first, and what it produces decides. */
  readonly state: 'fresh' | 'stale' | 'maybe'
  readonly reasons: readonly Reason[]
}

export interface AssessOptions {
  /** Whether it runs even if it is fresh. */
  readonly force?: (node: Node) => boolean
  /** Needed and not wanted: taken as they are. */
  readonly given?: readonly Node[]
}

/**
 * Assesses the nodes, which must be in topological order, and with those given closed under needs.
 *
 * @example
 * const stale = (await assess(plan(graph, graph.nodes), recall(session))).filter(({ state }) => state === 'stale')
 */
export async function assess(
  wanted: readonly Node[],
  memory: Memory,
  options: AssessOptions = {},
): Promise<readonly Assessed[]> {
  const { force, given = [] } = options
  const done = new Map<Node, Assessed>(
    given.map((node) => [node, { node, state: 'fresh', reasons: [] }]),
  )
  return wanted.map((node) => {
    const assessed = assessOne(node, memory, done, force?.(node) === true)
    done.set(node, assessed)
    return assessed
  })
}

function assessOne(
  node: Node,
  memory: Memory,
  done: ReadonlyMap<Node, Assessed>,
  isForced: boolean,
): Assessed {
  if (isForced) return { node, state: 'stale', reasons: [{ kind: 'forced' }] }
  const needs = node.needs.filter((need) => done.get(need)?.state !== 'fresh')
  const moving = [...new Set([...needs, ...makersOfInputs(node, memory, done)])]
  const found = softly(node, memory, moving.length > 0)
  const reasons =
    moving.length === 0 ? found : found.filter((reason) => !isOpen(reason, memory, done))
  if (reasons.length > 0) return { node, state: 'stale', reasons }
  if (moving.length === 0) return { node, state: 'fresh', reasons }
  const waits = moving.map((need) => ({ kind: 'need-will-run', name: need.name }) as const)
  return { node, state: 'maybe', reasons: waits }
}

// What is only ordered before it counts too where it runs and makes what this one reads.
function makersOfInputs(
  node: Node,
  { world, journal }: Memory,
  done: ReadonlyMap<Node, Assessed>,
): readonly Node[] {
  if (node.after.length === 0 || node.spec.inputs === undefined) return []
  const moving = [...done.values()].filter(({ state }) => state !== 'fresh').map((one) => one.node)
  if (moving.length === 0) return []
  try {
    const read = new Set(world.inputs(node).map(({ name }) => name))
    return moving.filter(({ name }) =>
      lastOutputs(journal.history, name).some(([path]) => read.has(path)),
    )
  } catch (error) {
    // Nothing matches yet.
    if (error instanceof GraphError) return moving.filter((one) => node.after.includes(one))
    throw error
  }
}

// A stale node may produce what it did before: what it would change is no reason yet.
function isOpen(reason: Reason, { journal }: Memory, done: ReadonlyMap<Node, Assessed>): boolean {
  if (!OF_NEEDS.includes(reason.kind) || !('name' in reason)) return false
  for (const { node, state } of done.values()) {
    if (state === 'fresh') continue
    const isNeed = reason.kind === 'need-changed' && node.name === reason.name
    const made = lastOutputs(journal.history, node.name)
    const names = reason.kind === 'input-renamed' ? [reason.name, reason.old] : [reason.name]
    if (isNeed || made.some(([path]) => names.includes(path))) return true
  }
  return false
}

const OF_NEEDS: readonly Reason['kind'][] = [
  'need-changed',
  'input-changed',
  'input-added',
  'input-removed',
  'input-renamed',
  'discovered-changed',
  'tool-changed',
]

// An input that a need has yet to make is not missing.
function softly(node: Node, memory: Memory, needsMove: boolean): readonly Reason[] {
  const { history } = memory.journal
  try {
    return reasonsOf(node, memory, (need) => recordedResult(history, need) || need.name)
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    if (needsMove) return []
    return [{ kind: 'input-missing', name: error.place ?? node.name, detail: error.message }]
  }
}
