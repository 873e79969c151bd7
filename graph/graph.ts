// A graph is data: tasks with their parameters bound to nodes, needs linked, bad graphs refused.
import { isAbsolute, normalize } from 'node:path'

import type { Command, Place, Roots } from './command.ts'
import { isPlace, placePath } from './command.ts'
import { GraphError } from './error.ts'
import { nearest } from './nearest.ts'
import type { Declaration, Ref, TaskHandle, TaskSpec } from './task.ts'

/** `task[value,value]` */
export type NodeName = string

export interface Node {
  readonly name: NodeName
  /** Its place in `graph.nodes`, which is also a topological order. */
  readonly index: number
  readonly kind: 'task' | 'probe'
  readonly task: string
  readonly values: Readonly<Record<string, string>>
  readonly spec: TaskSpec
  readonly commands: readonly Command[]
  readonly needs: readonly Node[]
  readonly after: readonly Node[]
}

export interface Graph {
  /** In topological order. */
  readonly nodes: readonly Node[]
  readonly byName: ReadonlyMap<NodeName, Node>
  /** Limit of each pool. */
  readonly pools: Readonly<Record<string, number>>
  readonly roots: Roots
}

export interface GraphDefinition {
  /** What is listed exists, in this order. */
  // biome-ignore lint/suspicious/noExplicitAny: handles of any parameters go together in one list
  readonly tasks: readonly TaskHandle<any>[]
  readonly pools?: Readonly<Record<string, number>>
  /** Folders outside the graph's own that inputs and commands may name; see `root()`. */
  readonly roots?: Roots
}

/**
 * Binds every task to its nodes and links them.
 *
 * @throws GraphError: 'duplicate-task', 'unknown-task', 'cycle', 'duplicate-output',
 * 'path-outside-root', 'bad-graph'
 * @example export default defineGraph({ tasks: [fetch, compile], pools: { network: 1 } })
 */
export function defineGraph(definition: GraphDefinition): Graph {
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
  return { nodes, byName, pools, roots }
}

/** The name of the node that a reference points to. */
export function refName(ref: Ref, order: readonly string[] = Object.keys(ref.values)): NodeName {
  if (order.length === 0) return ref.task
  return `${ref.task}[${order.map((param) => ref.values[param]).join(',')}]`
}

interface Draft extends Node {
  index: number
  needs: Node[]
  after: Node[]
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
  refuseUnknownFields(name, spec)
  const commands = Array.isArray(spec.run) ? spec.run : [spec.run as Command]
  if (commands.length === 0 || commands.some((command) => command?.kind === undefined))
    throw new GraphError(`'${name}' has nothing to run`, {
      code: 'bad-graph',
      place: name,
      hint: 'give it run: sh`...` or run: argv(...)',
    })
  for (const path of spec.outputs ?? []) refuseOutside(name, path)
  for (const path of spec.inputs ?? []) if (typeof path === 'string') refuseOutside(name, path)
  const { kind, name: task } = declaration
  drafts.set(name, { name, index: 0, kind, task, values, spec, commands, needs: [], after: [] })
}

const FIELDS: ReadonlySet<string> = new Set<keyof TaskSpec>([
  'title',
  'needs',
  'after',
  'inputs',
  'outputs',
  'env',
  'passEnv',
  'set',
  'tools',
  'facts',
  'cwd',
  'pool',
  'timeoutMs',
  'clean',
  'depfile',
  'contracts',
  'run',
])

// `input:` for `inputs:` would make a node that never becomes stale; not every graph file meets tsc.
function refuseUnknownFields(node: NodeName, spec: TaskSpec): void {
  for (const field in spec)
    if (!FIELDS.has(field)) {
      const near = nearest(field, FIELDS)
      throw new GraphError(`'${node}' has a field '${field}', which means nothing`, {
        code: 'bad-graph',
        place: node,
        hint: near ? `did you mean '${near}'?` : `there is ${[...FIELDS].join(', ')}`,
      })
    }
}

function link(draft: Draft, drafts: ReadonlyMap<NodeName, Draft>): void {
  const find = (ref: Ref): Draft => {
    const name = refName(ref)
    const named = drafts.get(name)
    const found = named && isBoundTo(named, ref) ? named : inOtherOrder(ref, drafts)
    if (found) return found
    const near = nearest(name, drafts.keys())
    throw new GraphError(`'${draft.name}' needs '${name}', which no task makes`, {
      code: 'unknown-task',
      place: draft.name,
      hint: near ? `did you mean '${near}'?` : 'list its task in defineGraph({ tasks })',
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

// Depth first, in the order of declaration; a node still open when met again closes a cycle.
function sorted(drafts: ReadonlyMap<NodeName, Draft>): Node[] {
  const order: Draft[] = []
  const state = new Map<Draft, 'open' | 'done'>()
  for (const start of drafts.values()) {
    if (state.has(start)) continue
    const stack: { draft: Draft; next: number; edges: Node[] }[] = []
    const open = (draft: Draft): void => {
      state.set(draft, 'open')
      const edges = draft.after.length === 0 ? draft.needs : [...draft.needs, ...draft.after]
      stack.push({ draft, next: 0, edges })
    }
    open(start)
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as (typeof stack)[number]
      const edge = top.edges[top.next++] as Draft | undefined
      if (edge === undefined) {
        state.set(top.draft, 'done')
        top.draft.index = order.length
        order.push(top.draft)
        stack.pop()
      } else if (state.get(edge) === 'open')
        throw cycle(
          stack.map((frame) => frame.draft.name),
          edge.name,
        )
      else if (!state.has(edge)) open(edge)
    }
  }
  return order
}

function cycle(open: readonly NodeName[], again: NodeName): GraphError {
  const path = [...open.slice(open.indexOf(again)), again]
  return new GraphError(`the needs go in a circle: ${path.join(' -> ')}`, {
    code: 'cycle',
    place: again,
    hint: 'take one of these needs away',
  })
}

function refuseOutside(node: NodeName, path: string): void {
  const bare = path.startsWith('!') ? path.slice(1) : path
  if (!bare.includes('..') && !isAbsolute(bare) && bare !== '' && !bare.includes('\0')) return
  const flat = normalize(bare)
  if (
    bare !== '' &&
    !bare.includes('\0') &&
    !isAbsolute(bare) &&
    flat !== '..' &&
    !flat.startsWith('../')
  )
    return
  throw new GraphError(
    `'${node}': the path ${JSON.stringify(path)} lies outside the graph's folder`,
    {
      code: 'path-outside-root',
      place: node,
      hint: 'outputs stay below the folder of the graph; for an input elsewhere declare a root and use it',
    },
  )
}

function refuseBadPools(nodes: readonly Node[], pools: Readonly<Record<string, number>>): void {
  for (const name of Object.keys(pools))
    if (!Number.isInteger(pools[name]) || (pools[name] as number) < 1)
      throw new GraphError(`the pool '${name}' has the limit ${pools[name]}`, {
        code: 'bad-graph',
        hint: 'a limit is a whole number from 1',
      })
  for (const { name, spec } of nodes)
    if (spec.pool !== undefined && !Object.hasOwn(pools, spec.pool))
      throw new GraphError(`'${name}' is in the pool '${spec.pool}', which is not declared`, {
        code: 'bad-graph',
        place: name,
        hint: `give defineGraph({ pools: { ${spec.pool}: 1 } })`,
      })
}

function refuseSharedOutputs(nodes: readonly Node[], roots: Roots): void {
  const producers = new Map<string, Node>()
  for (const node of nodes)
    for (const output of node.spec.outputs ?? []) {
      const path = flat(output)
      const other = producers.get(path)
      if (other)
        throw new GraphError(`'${other.name}' and '${node.name}' both make the output '${path}'`, {
          code: 'duplicate-output',
          place: node.name,
          hint: 'an output has one producer; give one of them another path',
        })
      producers.set(path, node)
    }
  for (const node of nodes)
    for (const input of node.spec.inputs ?? []) {
      if (isPlace(input)) placePath(input as Place, { ...roots, '': '' })
      const isPath = typeof input === 'string'
      const producer = isPath ? producers.get(flat(input.replace(/\?$/, ''))) : undefined
      if (producer && !reaches(node, producer))
        throw new GraphError(
          `'${node.name}' reads '${input}', which '${producer.name}' makes, and does not need it`,
          { code: 'bad-graph', place: node.name, hint: `add '${producer.name}' to its needs` },
        )
    }
}

// One spelling for each path.
function flat(path: string): string {
  return path.includes('./') || path.includes('//') ? normalize(path) : path
}

function reaches(from: Node, target: Node): boolean {
  const seen = new Set<Node>()
  const stack: Node[] = [from]
  for (let node = stack.pop(); node; node = stack.pop())
    for (const edge of [...node.needs, ...node.after]) {
      if (edge === target) return true
      if (!seen.has(edge)) {
        seen.add(edge)
        stack.push(edge)
      }
    }
  return false
}
