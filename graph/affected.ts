// Which nodes a file reaches, whether they are fresh or not: those that read it or make it, and all that
// stand on these.
import { dirname } from 'node:path'

import { GraphError } from './error.ts'
import { recordedInputs, recordedTools } from './fingerprint.ts'
import type { Graph } from './graph.ts'
import type { NodeRecord } from './history.ts'
import { outputFiles } from './look.ts'
import type { Node } from './node.ts'
import { plainPath } from './spelling.ts'
import type { Memory } from './state.ts'

export interface Affected {
  readonly node: Node
  /** The file that it reads, makes or calls, or the need through which it is reached. */
  readonly because:
    | { readonly kind: 'input' | 'output' | 'tool'; readonly path: string }
    | { readonly kind: 'need'; readonly name: string }
}

/**
 * The nodes that the files reach, in graph order. Absolute paths; a folder means all that is in it.
 *
 * @example
 * const names = affected(graph, recall(session), new Set(['/home/you/a.md'])).map(({ node }) => node.name)
 */
export function affected(
  graph: Graph,
  memory: Memory,
  paths: ReadonlySet<string>,
): readonly Affected[] {
  const found = new Map<Node, Affected>()
  for (const node of graph.nodes) {
    const because = touch(node, memory, paths) ?? through(node, found)
    if (because !== undefined) found.set(node, { node, because })
  }
  return [...found.values()]
}

/**
 * All nodes that stand on a node, directly or not, in graph order.
 *
 * @example const names = dependents(graph, node).map(({ name }) => name)
 */
export function dependents(graph: Graph, of: Node): readonly Node[] {
  const found = new Set([of])
  for (const node of graph.nodes)
    if ([...node.needs, ...node.after].some((need) => found.has(need))) found.add(node)
  found.delete(of)
  return [...found]
}

/**
 * A shortest chain of needs from a node to one that stands on it; undefined when there is none.
 *
 * @example const chain = pathBetween(graph, node, other)?.map(({ name }) => name).join(' -> ')
 */
export function pathBetween(graph: Graph, from: Node, to: Node): readonly Node[] | undefined {
  const above = new Map<Node, Node[]>()
  for (const node of graph.nodes)
    for (const need of [...node.needs, ...node.after]) {
      const others = above.get(need)
      if (others) others.push(node)
      else above.set(need, [node])
    }
  const before = new Map<Node, Node | undefined>([[from, undefined]])
  const queue = [from]
  for (const at of queue) {
    if (at === to) break
    for (const node of above.get(at) ?? [])
      if (!before.has(node)) {
        before.set(node, at)
        queue.push(node)
      }
  }
  if (!before.has(to)) return undefined
  const path: Node[] = []
  for (let at: Node | undefined = to; at !== undefined; at = before.get(at)) path.push(at)
  return path.reverse()
}

function touch(
  node: Node,
  memory: Memory,
  paths: ReadonlySet<string>,
): Affected['because'] | undefined {
  const { world, journal } = memory
  const first = (all: readonly string[]): string | undefined =>
    all.find((path) => isAmong(path, paths))
  const record = journal.history.records.get(node.name)
  // What is gone, or was added to be read the next time: both reach the node.
  const recorded = record === undefined ? [] : recordedInputs(record)
  const discovered = journal.history.lastDone.get(node.name)?.discovered ?? []
  const read = first([
    ...inputPaths(node, memory),
    ...[...recorded, ...discovered].map((name) => world.named(name)),
  ])
  if (read !== undefined) return { kind: 'input', path: read }
  const made = first(outputFiles(node, memory).map((name) => world.path(name)))
  if (made !== undefined) return { kind: 'output', path: made }
  const called = record === undefined ? undefined : first(programs(record, world))
  return called === undefined ? undefined : { kind: 'tool', path: called }
}

function isAmong(path: string, paths: ReadonlySet<string>): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (paths.has(at)) return true
    if (at === dirname(at)) return false
  }
}

// `/usr/bin/cc /usr/bin/x86_64-linux-gnu-gcc-12=x3f2a…`, `./tool tool=x3f2a…`
function programs(record: NodeRecord, world: Memory['world']): readonly string[] {
  return Object.values(recordedTools(record)).flatMap((identity) =>
    identity
      .split(' ')
      .map((word) => plainPath(world.named(word.replace(/=[flx][0-9a-f]{64}$/, '')))),
  )
}

// A glob that matches nothing now reads nothing now.
function inputPaths(node: Node, { world }: Memory): readonly string[] {
  try {
    return world.inputs(node).map(({ path }) => path)
  } catch (error) {
    if (error instanceof GraphError && error.code === 'unmatched-input') return []
    throw error
  }
}

function through(node: Node, found: ReadonlyMap<Node, Affected>): Affected['because'] | undefined {
  const need = node.needs.find((one) => found.has(one))
  return need && { kind: 'need', name: need.name }
}
