// What a graph may not be, said in the words of the one who wrote it.
import { isAbsolute, normalize } from 'node:path'

import { CACHE_LIMITS, type CacheLimits } from './cache-limits.ts'
import { isPlace, type Place } from './command.ts'
import { GraphError } from './error.ts'
import { nearest } from './nearest.ts'
import type { Node, NodeName } from './node.ts'
import type { ProbeSpec, Ref, TaskHandle, TaskSpec } from './task.ts'

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

const OF_PROBES: ReadonlySet<string> = new Set<keyof ProbeSpec>([
  'title',
  'env',
  'tools',
  'facts',
  'run',
])

// Not every graph file meets tsc: what follows says in words what a compiler would have said.

export function refuseNoSpec(node: NodeName, spec: TaskSpec | undefined): void {
  const isPromise = typeof (spec as { then?: unknown } | undefined)?.then === 'function'
  if (typeof spec === 'object' && spec !== null && !isPromise) return
  throw new GraphError(
    `the function of '${node}' returns ${isPromise ? 'a promise' : `${spec}`}, and no task`,
    {
      code: 'bad-graph',
      place: node,
      hint: isPromise
        ? 'take async away: whatever takes time is done by its commands'
        : "return an object, as in: task('words', () => ({ run: sh`...` }))",
    },
  )
}

export function refuseNoRef(node: NodeName, ref: Ref): void {
  if (typeof ref === 'object' && ref !== null && typeof ref.values === 'object') return
  const isTask = typeof ref === 'function'
  const what = isTask ? `the task '${(ref as TaskHandle).declaration?.name}'` : JSON.stringify(ref)
  throw new GraphError(`'${node}' needs ${what}, and a need is one node`, {
    code: 'bad-graph',
    place: node,
    hint: "call what task() returned: needs: [words()], needs: [object({ mode: 'debug' })]",
  })
}

// `input:` for `inputs:` would make a node that never becomes stale.
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

// What it made would be nobody's output.
export function refuseNoQuestion(node: NodeName, spec: TaskSpec): void {
  const other = Object.keys(spec).find((field) => !OF_PROBES.has(field))
  if (other === undefined && spec.run !== undefined && !Array.isArray(spec.run)) return
  const what = other === undefined ? 'does not have one command' : `has a field '${other}'`
  throw new GraphError(`'${node}' is a probe, and ${what}`, {
    code: 'bad-graph',
    place: node,
    hint: `a probe has ${[...OF_PROBES].join(', ')}, and run is one command; what makes or reads files is a task()`,
  })
}

const OF_GRAPHS: ReadonlySet<string> = new Set(['tasks', 'pools', 'roots', 'cache'])

// What is spread into it may bring other things along, as `repairTasks()` does: only a slip is refused.
export function refuseMisspelt(definition: object): void {
  for (const name in definition) {
    const near = OF_GRAPHS.has(name) ? undefined : nearest(name, OF_GRAPHS)
    if (near !== undefined)
      throw new GraphError(`defineGraph() was given '${name}', which means nothing`, {
        code: 'bad-graph',
        hint: `did you mean '${near}'?`,
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
