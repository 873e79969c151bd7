// A graph is data: tasks with their parameters bound to nodes, needs linked, bad graphs refused.
import { CACHE_LIMITS, type CacheLimits } from './cache-limits.ts'
import type { Command, Roots } from './command.ts'
import { GraphError } from './error.ts'
import { refuseWrongKinds } from './kinds.ts'
import { nearest } from './nearest.ts'
import type { Draft, Node, NodeName } from './node.ts'
import { sorted } from './order.ts'
import { refuseSharedOutputs } from './producers.ts'
import {
  refuseBadLimits,
  refuseBadPools,
  refuseIdleMinus,
  refuseMisspelt,
  refuseNoQuestion,
  refuseNoRef,
  refuseNoSpec,
  refuseOutside,
  refuseUnknownFields,
} from './refuse.ts'
import { plainlySpelt } from './spelling.ts'
import type { Declaration, Ref, TaskHandle, TaskSpec } from './task.ts'

export interface Graph {
  /** In topological order. */
  readonly nodes: readonly Node[]
  readonly byName: ReadonlyMap<NodeName, Node>
  /** Limit of each pool. */
  readonly pools: Readonly<Record<string, number>>
  readonly roots: Roots
  readonly cache: CacheLimits
}

export interface GraphDefinition {
  /** What is listed exists, in this order. */
  // biome-ignore lint/suspicious/noExplicitAny: handles of any parameters go together in one list
  readonly tasks: readonly TaskHandle<any>[]
  readonly pools?: Readonly<Record<string, number>>
  /** Folders outside the graph's own that inputs and commands may name; see `root()`. */
  readonly roots?: Roots
  /** How large the cache may grow: 5 GiB and 30 days since last use, unless said. */
  readonly cache?: Partial<CacheLimits>
}

/**
 * Binds every task to its nodes and links them.
 *
 * @throws GraphError: 'duplicate-task', 'unknown-task', 'cycle', 'duplicate-output',
 * 'path-outside-root', 'bad-graph'
 * @example export default defineGraph({ tasks: [fetch, compile], pools: { network: 1 } })
 */
export function defineGraph(definition: GraphDefinition): Graph {
  if (!Array.isArray(definition?.tasks))
    throw new GraphError('defineGraph() was given no list of tasks', {
      code: 'bad-graph',
      hint: 'write defineGraph({ tasks: [...] })',
    })
  refuseMisspelt(definition)
  const roots = definition.roots ?? {}
  const pools = definition.pools ?? {}
  const drafts = new Map<NodeName, Draft>()
  const declared = new Set<string>()
  for (const [i, handle] of definition.tasks.entries()) {
    const declaration = handle?.declaration
    if (declaration === undefined)
      throw new GraphError(`tasks[${i}] of defineGraph() is no task`, {
        code: 'bad-graph',
        hint: 'list what task() and probe() returned',
      })
    if (declared.has(declaration.name))
      throw new GraphError(`two tasks are named '${declaration.name}'`, {
        code: 'duplicate-task',
        place: declaration.name,
      })
    declared.add(declaration.name)
    for (const values of combinations(declaration)) bind(declaration, values, drafts)
  }
  for (const draft of drafts.values()) link(draft, drafts)
  const nodes = sorted(drafts)
  const byName = new Map(nodes.map((node) => [node.name, node]))
  refuseBadPools(nodes, pools)
  refuseSharedOutputs(nodes, roots)
  const cache = { ...CACHE_LIMITS, ...definition.cache }
  refuseBadLimits(cache)
  return { nodes, byName, pools, roots, cache }
}

/** The name of the node that a reference points to. */
export function refName(ref: Ref, order: readonly string[] = Object.keys(ref.values)): NodeName {
  if (order.length === 0) return ref.task
  return `${ref.task}[${order.map((param) => ref.values[param]).join(',')}]`
}

/**
 * The nodes that `defineGraph` would make of it, by name alone: nothing is bound, and nothing refused.
 *
 * @example const names = declaredNames({ tasks: [fetch, compile] }).map(({ name }) => name)
 */
export function declaredNames({
  tasks,
}: GraphDefinition): readonly { readonly name: NodeName; readonly task: string }[] {
  return tasks.flatMap(({ declaration }) => {
    const task = declaration.name
    return combinations(declaration).map((values) => ({ name: refName({ task, values }), task }))
  })
}

const NO_VALUES = {}

function combinations(declaration: Declaration): Readonly<Record<string, string>>[] {
  const names = Object.keys(declaration.params)
  if (names.length === 0) return [NO_VALUES]
  let all: Record<string, string>[] = [{}]
  for (const name of names)
    all = all.flatMap((values) =>
      (declaration.params[name] as readonly string[]).map((value) => ({
        ...values,
        [name]: value,
      })),
    )
  return all
}

function bind(
  declaration: Declaration,
  values: Readonly<Record<string, string>>,
  drafts: Map<NodeName, Draft>,
): void {
  const name = refName({ task: declaration.name, values })
  const spec = declaration.define(values)
  refuseNoSpec(name, spec)
  refuseUnknownFields(name, spec)
  refuseWrongKinds(name, spec)
  if (declaration.kind === 'probe') refuseNoQuestion(name, spec)
  const commands = commandsOf(name, spec)
  for (const path of spec.outputs ?? []) refuseOutside(name, path)
  for (const path of spec.inputs ?? []) if (typeof path === 'string') refuseOutside(name, path)
  for (const paths of [spec.inputs, spec.outputs]) refuseIdleMinus(name, paths)
  const { kind, name: task } = declaration
  const draft = { name, index: 0, kind, task, values, commands, needs: [], after: [] }
  drafts.set(name, { ...draft, spec: plainlySpelt(spec) })
}

function commandsOf(node: NodeName, spec: TaskSpec): readonly Command[] {
  if (spec.run === undefined && isGroup(spec)) return []
  const commands = Array.isArray(spec.run) ? spec.run : [spec.run as Command]
  if (commands.length > 0 && commands[0] !== undefined) return commands
  throw new GraphError(`'${node}' has nothing to run`, {
    code: 'bad-graph',
    place: node,
    hint: 'give it run: sh`...` or run: argv(...)',
  })
}

// Nobody would make its outputs.
function isGroup({ needs, after, inputs, outputs, depfile }: TaskSpec): boolean {
  const isEmpty = (list: readonly unknown[] = []): boolean => list.length === 0
  const names = ![needs, after, inputs].every((list) => isEmpty(list))
  return names && isEmpty(outputs) && depfile === undefined
}

function link(draft: Draft, drafts: ReadonlyMap<NodeName, Draft>): void {
  const find = (ref: Ref): Draft => {
    refuseNoRef(draft.name, ref)
    const name = refName(ref)
    const named = drafts.get(name)
    const found = named && isBoundTo(named, ref) ? named : inOtherOrder(ref, drafts)
    if (found) return found
    const ofTask = [...drafts.values()].filter(({ task }) => task === ref.task)
    const names = ofTask.map((one) => one.name)
    throw new GraphError(`'${draft.name}' needs '${name}', which no task makes`, {
      code: 'unknown-task',
      place: draft.name,
      // A reference comes from a task, so one that is unknown was declared and not listed.
      hint:
        names.length === 0
          ? `list the task '${ref.task}' in defineGraph({ tasks })`
          : `did you mean '${nearest(name, names) ?? names[0]}'?`,
    })
  }
  draft.needs = (draft.spec.needs ?? []).map(find)
  draft.after = (draft.spec.after ?? []).map(find)
}

// `copy({ to: 'b', from: 'a' })` names the same node as `copy({ from: 'a', to: 'b' })`, and not the
// node `copy[b,a]`, which its values in their written order would name.
function inOtherOrder(ref: Ref, drafts: ReadonlyMap<NodeName, Draft>): Draft | undefined {
  for (const draft of drafts.values())
    if (draft.task === ref.task && isBoundTo(draft, ref)) return draft
  return undefined
}

function isBoundTo({ values }: Draft, ref: Ref): boolean {
  const names = Object.keys(values)
  return (
    names.length === Object.keys(ref.values).length &&
    names.every((param) => values[param] === ref.values[param])
  )
}
