// Which stale nodes the cache would serve: what a run would restore and not run. It looks and digests
// nothing large; a run checks what it hands out.
import type { Assessed } from './assess.ts'
import type { Cache } from './cache.ts'
import { blobOf } from './cache-lines.ts'
import { resultOfOutputs } from './commit.ts'
import { loadDigest } from './digest.ts'
import { reasonsOf, recordedResult } from './look.ts'
import type { Node } from './node.ts'
import { isRefusal } from './node-failure.ts'
import { type Found, findStored } from './restore.ts'
import type { Memory } from './state.ts'

/**
 * The nodes among them that would be restored, as far as it can be told before anything runs.
 *
 * @example
 * const memory = recall(session)
 * const inCache = await served(await assess(graph.nodes, memory), memory, openCache(session))
 */
export async function served(
  assessed: readonly Assessed[],
  memory: Memory,
  cache: Cache,
): Promise<ReadonlySet<Node>> {
  const found = new Set<Node>()
  if (cache.isNew || assessed.every(({ state }) => state === 'fresh')) return found
  await loadDigest()
  const foretold = new Foretold(memory, cache)
  for (const one of assessed) if (foretold.isServed(one)) found.add(one.node)
  return found
}

class Foretold {
  private readonly memory: Memory
  private readonly cache: Cache
  /** What each node will have produced, as far as that is known. */
  private readonly results = new Map<Node, string>()
  /** Files that will be put back, so that what they are now says nothing. */
  private readonly moving = new Set<string>()
  private readonly resultOf = (need: Node): string => this.results.get(need) as string

  constructor(memory: Memory, cache: Cache) {
    this.memory = memory
    this.cache = cache
  }

  isServed({ node, state }: Assessed): boolean {
    const { memory, results } = this
    if (state === 'fresh') {
      results.set(node, recordedResult(memory.journal.history, node))
      return false
    }
    if (!node.needs.every((need) => results.has(need)) || this.readsWhatMoves(node)) return false
    const found = this.find(node)
    if (found === undefined) return false
    results.set(
      node,
      resultOfOutputs(found.stored.outputs.map(({ path, state: is }) => [path, is])),
    )
    // What it needs comes out as it was: then it stays as it is.
    if (state === 'maybe' && reasonsOf(node, memory, this.resultOf).length === 0) return false
    for (const { path } of found.stored.outputs) this.moving.add(memory.world.path(path))
    return true
  }

  private find(node: Node): Found | undefined {
    const { memory, cache, resultOf } = this
    try {
      return findStored(node, { memory, cache, resultOf }).find(({ stored }) =>
        stored.outputs.every((output) => output.content ?? cache.blobs.has(blobOf(output))),
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
