// A graph as text and back: it is data, so what was evaluated once need not be evaluated again.
import type { CacheLimits } from './cache-limits.ts'
import type { Command, Roots } from './command.ts'
import type { Graph } from './graph.ts'
import type { Draft, Node } from './node.ts'
import type { TaskSpec } from './task.ts'

interface Packed {
  readonly version: 2
  readonly pools: Readonly<Record<string, number>>
  readonly roots: Roots
  readonly cache: CacheLimits
  readonly nodes: readonly PackedNode[]
}

interface PackedNode {
  readonly name: string
  readonly kind: Node['kind']
  readonly task: string
  readonly values: Readonly<Record<string, string>>
  readonly spec: Omit<TaskSpec, 'run' | 'needs' | 'after'>
  readonly commands: readonly Command[]
  /** Places in the list of nodes. */
  readonly needs: readonly number[]
  readonly after: readonly number[]
}

/**
 * The graph as one line of JSON.
 *
 * @example const same = unpackGraph(packGraph(graph))
 */
export function packGraph({ nodes, pools, roots, cache }: Graph): string {
  const packed: Packed = { version: 2, pools, roots, cache, nodes: nodes.map(packNode) }
  return JSON.stringify(packed)
}

/**
 * The graph behind a text that `packGraph` made; undefined for any other.
 *
 * @example const same = unpackGraph(packGraph(graph))
 */
export function unpackGraph(text: string): Graph | undefined {
  const packed = parsed(text)
  if (packed?.version !== 2) return undefined
  const drafts = packed.nodes.map(({ needs: _, after: __, ...node }, index): Draft => {
    const run = node.commands
    return { ...node, index, spec: { ...node.spec, run }, needs: [], after: [] }
  })
  packed.nodes.forEach(({ needs, after }, i) => {
    const draft = drafts[i] as Draft
    draft.needs = needs.map((at) => drafts[at] as Draft)
    draft.after = after.map((at) => drafts[at] as Draft)
  })
  const byName = new Map(drafts.map((node) => [node.name, node as Node]))
  const { pools, roots, cache } = packed
  return { nodes: drafts, byName, pools, roots, cache }
}

function packNode({ name, kind, task, values, spec, commands, needs, after }: Node): PackedNode {
  const { run: _, needs: __, after: ___, ...rest } = spec
  const at = (node: Node): number => node.index
  return {
    name,
    kind,
    task,
    values,
    spec: rest,
    commands,
    needs: needs.map(at),
    after: after.map(at),
  }
}

function parsed(text: string): Packed | undefined {
  try {
    return JSON.parse(text) as Packed
  } catch {
    return undefined
  }
}
