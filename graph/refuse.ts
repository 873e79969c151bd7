// What a graph may not be, said in the words of the one who wrote it.
import { isAbsolute, normalize } from 'node:path'

import { CACHE_LIMITS, type CacheLimits } from './cache-limits.ts'
import { isPlace, type Place, placePath, type Roots } from './command.ts'
import { GraphError } from './error.ts'
import { nearest } from './nearest.ts'
import type { Node, NodeName } from './node.ts'
import type { TaskSpec } from './task.ts'

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
  'jobserver',
  'timeoutMs',
  'clean',
  'always',
  'store',
  'depfile',
  'contracts',
  'run',
])

// `input:` for `inputs:` would make a node that never becomes stale; not every graph file meets tsc.
export function refuseUnknownFields(node: NodeName, spec: TaskSpec): void {
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

export function refuseOutside(node: NodeName, path: string): void {
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

// In front it would take nothing away, and nobody would notice.
export function refuseIdleMinus(node: NodeName, paths: readonly (string | Place)[] = []): void {
  const seen = new Set<string>()
  for (const one of paths) {
    const { root, path } = isPlace(one) ? one : { root: '', path: one }
    if (!path.startsWith('!')) seen.add(root)
    else if (!seen.has(root))
      throw new GraphError(`'${node}': ${JSON.stringify(path)} takes nothing away`, {
        code: 'bad-graph',
        place: node,
        hint: 'it takes from the patterns before it: write it behind them',
      })
  }
}

export function refuseBadPools(
  nodes: readonly Node[],
  pools: Readonly<Record<string, number>>,
): void {
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

export function refuseBadLimits(limits: CacheLimits): void {
  for (const [name, value] of Object.entries(limits))
    if (!(name in CACHE_LIMITS) || typeof value !== 'number' || !(value >= 0))
      throw new GraphError(`the limit '${name}' of the cache is ${value}`, {
        code: 'bad-graph',
        hint: `give maxBytes and maxAgeDays, numbers from 0: ${JSON.stringify(CACHE_LIMITS)}`,
      })
}

export function refuseSharedOutputs(nodes: readonly Node[], roots: Roots): void {
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
