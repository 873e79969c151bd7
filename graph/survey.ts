// A look at all wanted nodes, for who watches: which of them are stale, by what, and what the look
// depended on. A node that is stale has a sight: the same text means that nothing of it has changed since.
import { GraphError } from './error.ts'
import { isMinus, isPattern } from './file-names.ts'
import { partsText } from './fingerprint.ts'
import { decide } from './freshness.ts'
import { knownDiscovered, recordedResult, seenOutputs, whyWithoutRecord } from './look.ts'
import type { Node, NodeName } from './node.ts'
import type { Noting } from './noting.ts'
import { plan } from './plan.ts'
import type { Reason } from './reason.ts'
import { select } from './select.ts'
import { type Memory, recall, type Session } from './state.ts'
import { withoutTraces } from './vanished.ts'
import type { World } from './world.ts'

export interface Stale {
  readonly node: Node
  readonly sight: string
  readonly reasons: readonly Reason[]
}

/** Sights of nodes that nothing can be done about until something changes. */
export type Held = ReadonlyMap<NodeName, string>

/** The stale nodes, in order, that are not held. */
export function* staleNodes(
  wanted: readonly Node[],
  { memory, noting, held }: { memory: Memory; noting: Noting; held: Held },
): Generator<Stale, void> {
  for (const node of wanted) {
    const stale = lookAt(node, memory, noting)
    if (stale && held.get(node.name) !== stale.sight) yield stale
  }
}

/** Undefined when it is fresh. */
function lookAt(node: Node, memory: Memory, noting: Noting): Stale | undefined {
  const { world, journal } = memory
  const { history } = journal
  const record = history.records.get(node.name)
  noteOutputs(node, world, noting)
  const key = keyOf(node, memory, noting)
  if (typeof key !== 'string' || record === undefined) {
    const sight = typeof key === 'string' ? key : key.message
    const reason: Reason =
      typeof key === 'string'
        ? whyWithoutRecord(node, memory)
        : { kind: 'input-missing', name: key.place ?? node.name, detail: key.message }
    return { node, sight, reasons: [reason] }
  }
  const seen = noting.ofOutputs(() => seenOutputs(node, record, world))
  const found = decide(record, undefined, { parts: key, ...seen })
  if (found.length === 0) return undefined
  const reasons = withoutTraces(found, { node, record, graph: memory.graph, history })
  return { node, sight: [key, ...seen.outputs, ...seen.unknownOutputs].join('\n'), reasons }
}

// The key as the node's action would take it, or why there is none.
function keyOf(node: Node, memory: Memory, noting: Noting): string | GraphError {
  const { journal, world } = memory
  const resultOf = (need: Node): string => recordedResult(journal.history, need)
  const discovered = knownDiscovered(node, journal.history)
  try {
    return partsText(node, world, { resultOf, discovered })
  } catch (error) {
    if (!(error instanceof GraphError)) throw error
    noteInputs(node, world, noting)
    return error
  }
}

// The look ended at the first input that is missing; the others count as much.
function noteInputs(node: Node, world: World, noting: Noting): void {
  for (const spec of node.spec.inputs ?? []) {
    const isPlace = typeof spec !== 'string'
    const pattern = (isPlace ? spec.path : spec).replace(/\?$/, '')
    if (isMinus(pattern)) continue
    const folder = isPlace ? world.path({ ...spec, path: '' }) : world.folder
    try {
      if (isPattern(pattern)) world.glob([pattern], folder.replace(/\/$/, ''))
      else noting.host.disk.stat(world.path(isPlace ? { ...spec, path: pattern } : pattern))
    } catch {
      // Unreadable: the look has said so.
    }
  }
}

function noteOutputs(node: Node, world: World, noting: Noting): void {
  const { outputs = [], depfile } = node.spec
  for (const path of outputs) if (!isPattern(path)) noting.outputs.add(world.path(path))
  if (depfile !== undefined) noting.outputs.add(world.path(depfile))
}

/** What a look at the targets came to, as texts to compare. */
export interface Sights {
  /** Names and sights of the stale nodes. */
  readonly stale: string
  /** The files that the nodes read outside of the graph's folder. */
  readonly inputs: string
}

/**
 * Looks at the targets and all they need. What is asked of the machine is noted.
 *
 * @example
 * const { stale } = sightsOf(session, ['all'], new Noting(host))
 * const isFresh = stale === ''
 */
export function sightsOf(session: Session, targets: readonly string[], noting: Noting): Sights {
  const memory = recall({ ...session, host: noting.host })
  const wanted = plan(session.graph, select(session.graph, targets))
  const found = [...staleNodes(wanted, { memory, noting, held: new Map() })]
  const stale = found.map(({ node, sight }) => `${node.name}\n${sight}`).join('\n')
  return { stale, inputs: wanted.map((node) => inputsSight(node, memory.world)).join('\n') }
}

function inputsSight(node: Node, world: World): string {
  try {
    const outside = world.inputs(node).filter(({ name }) => name.startsWith('{'))
    return outside.map(({ name, path }) => `${name}=${world.input(path)}`).join('\n')
  } catch (error) {
    if (error instanceof GraphError) return error.message
    throw error
  }
}
