// Gives a node back what it made before under the same key, instead of running it.
import type { Cache } from './cache.ts'
import { blobOf, type Stored, type StoredOutput } from './cache-lines.ts'
import { resultOfOutputs } from './commit.ts'
import { digestBytes, digestText } from './digest.ts'
import { isMinus, isPattern } from './file-names.ts'
import { partsText } from './fingerprint.ts'
import { foundOutputs, lastOutputs, type NodeRecord } from './history.ts'
import { inheritedOutputs } from './inherited.ts'
import { outputFiles, stateOrOdd } from './look.ts'
import type { Node } from './node.ts'
import { isRefusal } from './node-failure.ts'
import { putBack, type Sources } from './put-back.ts'
import type { Memory } from './state.ts'
import { isStored } from './store.ts'

export interface RestoreOptions {
  readonly memory: Memory
  readonly cache: Cache
  readonly resultOf: (need: Node) => string
}

/** What came of putting a node's outputs back. */
export interface Restored {
  readonly result: string
  /** Milliseconds that it took. */
  readonly ms: number
}

/** Something stored that fits a node now, and all parts of the key that they share. */
export interface Found {
  readonly stored: Stored
  readonly parts: string
}

/**
 * What is stored for a node as the machine is now, the newest first. Nothing of it was digested yet.
 *
 * @throws GraphError when an input is missing or cannot be read
 */
export function findStored(
  node: Node,
  { memory, cache, resultOf }: RestoreOptions,
): readonly Found[] {
  if (cache.isNew || !isStored(node)) return []
  const { world } = memory
  const bare = partsText(node, world, { resultOf, discovered: [] })
  return cache
    .find(digestText(bare))
    .filter(({ outputs }) => outputs.every((output) => isOurs(output, node)))
    .map((stored) => {
      const { discovered } = stored
      const isBare = discovered.length === 0
      return { stored, parts: isBare ? bare : partsText(node, world, { resultOf, discovered }) }
    })
    .filter(({ stored, parts }) => digestText(parts) === stored.fingerprint)
}

/**
 * Restores a node. Undefined when nothing is stored for it, or nothing that is whole: it has to run.
 * What it made before and does not make under this key is removed, as before a run.
 */
export function restore(node: Node, options: RestoreOptions): Restored | undefined {
  const { memory, cache } = options
  const { clock } = memory.world.host
  const start = clock.now()
  try {
    for (const found of findStored(node, options)) {
      const sources = sourcesOf(found.stored, cache)
      if (sources === undefined || hasStrangers(node, found.stored, memory)) continue
      // Forget first: a kill half-way leaves a stale node.
      memory.journal.begin(node.name)
      if (!putBack(node, found.stored, sources, memory)) return undefined
      const result = remember(node, found, memory)
      cache.touch(found.stored)
      return { result, ms: clock.now() - start }
    }
  } catch (error) {
    // What cannot be read here, the run itself stumbles over and tells.
    if (!isRefusal(error)) throw error
  }
  return undefined
}

// Everything is digested before anything is touched.
function sourcesOf({ outputs }: Stored, cache: Cache): Sources | undefined {
  const sources = new Map<StoredOutput, Uint8Array | string>()
  for (const output of outputs) {
    const { content, state } = output
    const isWhole = content === undefined || digestBytes(content) === state.slice(1)
    const source = content ?? cache.blobs.check(blobOf(output))
    if (source === undefined || !isWhole) return undefined
    sources.set(output, source)
  }
  return sources
}

// A damaged or planted line could name any path.
function isOurs({ path }: StoredOutput, { spec }: Node): boolean {
  if (path.startsWith('/') || path.split('/').includes('..')) return false
  return (spec.outputs ?? []).some((output) =>
    isPattern(output)
      ? !isMinus(output) && path.startsWith(output.slice(0, output.search(/[^/]*[*?[\]{}()!]/)))
      : output === path,
  )
}

/**
 * Whether something lies among a node's output globs that it is not known to have made. A run takes that for
 * its own, and we have no right to remove it: then nothing is restored.
 */
export function hasStrangers(node: Node, stored: Stored, memory: Memory): boolean {
  if (!node.spec.outputs?.some(isPattern)) return false
  const { world, journal } = memory
  const known = new Set(stored.outputs.map(({ path }) => path))
  for (const [path] of lastOutputs(journal.history, node.name)) known.add(path)
  for (const path of foundOutputs(journal.history, node.name)) known.delete(path)
  for (const path of inheritedOutputs(node, memory)) known.add(path)
  return outputFiles(node, memory).some(
    (path) => !known.has(path) && stateOrOdd(() => world.output(world.path(path))) !== undefined,
  )
}

function remember(node: Node, { stored, parts }: Found, { journal, world }: Memory): string {
  const { clock } = world.host
  const outputs = stored.outputs.map(({ path, state }) => [path, state] as const)
  const { fingerprint, ms, discovered } = stored
  const result = resultOfOutputs(outputs, world)
  const at = clock.now()
  const boot = clock.bootId()
  const record: NodeRecord = {
    ...{ fingerprint, result, ms, at, parts, outputs, discovered, boot },
    durable: false,
  }
  journal.commit(node.name, record)
  return result
}
