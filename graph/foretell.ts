// What will come of stale nodes without running them: what the cache has, and what failed under the same
// key. It digests nothing large; a run checks what it hands out.
import type { Assessed } from './assess.ts'
import type { Cache } from './cache.ts'
import { blobOf } from './cache-lines.ts'
import { resultOfOutputs } from './commit.ts'
import { failedBefore } from './failed-before.ts'
import { reasonsOf, recordedResult } from './look.ts'
import type { Node } from './node.ts'
import { isRefusal } from './node-failure.ts'
import { type Found, findStored, hasStrangers } from './restore.ts'
import type { Memory } from './state.ts'

/** Restored from the cache, or answered with the failure of before. */
export type Foretold = 'restored' | 'failed'

export interface ForetellOptions {
  readonly cache?: Cache
  /** What failed before runs again. */
  readonly retry?: boolean
  /** Needed and not assessed: taken as they are. */
  readonly given?: readonly Node[]
}

/**
 * What a run would come to without running it, as far as it can be told before anything runs.
 *
 * @example
 * const memory = recall(session)
 * const answers = await foretell(await assess(graph.nodes, memory), memory, { cache: openCache(session) })
 */
export async function foretell(
  assessed: readonly Assessed[],
  memory: Memory,
  options: ForetellOptions,
): Promise<ReadonlyMap<Node, Foretold>> {
  const found = new Map<Node, Foretold>()
  if (assessed.every(({ state }) => state === 'fresh')) return found
  const results = new Results(memory, options)
  for (const node of options.given ?? []) results.foretell({ node, state: 'fresh', reasons: [] })
  for (const one of assessed) {
    const answer = results.foretell(one)
    if (answer !== undefined) found.set(one.node, answer)
  }
  return found
}

class Results {
  private readonly memory: Memory
  private readonly options: ForetellOptions
  /** What each node will have produced, as far as that is known. */
  private readonly results = new Map<Node, string>()
  /** Files that will be put back, so that what they are now says nothing. */
  private readonly moving = new Set<string>()
  private readonly resultOf = (need: Node): string => this.results.get(need) as string

  constructor(memory: Memory, options: ForetellOptions) {
    this.memory = memory
    this.options = options
  }

  foretell({ node, state, reasons }: Assessed): Foretold | undefined {
    const { memory, results } = this
    if (reasons[0]?.kind === 'forced') return undefined
    if (state === 'fresh') {
      results.set(node, recordedResult(memory.journal.history, node))
      return undefined
    }
    if (!node.needs.every((need) => results.has(need)) || this.readsWhatMoves(node))
      return undefined
    const fails = this.options.retry !== true && failedBefore(node, memory, this.resultOf)
    if (fails) return 'failed'
    const found = this.find(node)
    if (found === undefined) return undefined
    const { outputs } = found.stored
    const linkText = (path: string): string =>
      Buffer.from(outputs.find((one) => one.path === path)?.content ?? []).toString()
    const states = outputs.map(({ path, state: is }) => [path, is] as const)
    results.set(node, resultOfOutputs(states, memory.world, linkText))
    // What it needs comes out as it was: then it stays as it is.
    if (state === 'maybe' && reasonsOf(node, memory, this.resultOf).length === 0) return undefined
    for (const { path } of found.stored.outputs) this.moving.add(memory.world.path(path))
    return 'restored'
  }

  private find(node: Node): Found | undefined {
    const { memory, resultOf } = this
    const { cache } = this.options
    if (cache === undefined) return undefined
    try {
      return findStored(node, { memory, cache, resultOf }).find(
        ({ stored }) =>
          stored.outputs.every((output) => output.content ?? cache.blobs.has(blobOf(output))) &&
          !hasStrangers(node, stored, memory),
      )
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  private readsWhatMoves(node: Node): boolean {
    if (this.moving.size === 0 || node.spec.inputs === undefined) return false
    try {
      return this.memory.world.inputs(node).some(({ path }) => this.moving.has(path))
    } catch (error) {
      if (isRefusal(error)) return true
      throw error
    }
  }
}
