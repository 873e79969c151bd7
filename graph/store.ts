// Keeps what a node made, so that it need not run again when it comes back to the same key.
import type { Cache } from './cache.ts'
import type { StoredOutput } from './cache-lines.ts'
import { digestText, SMALL_BYTES } from './digest.ts'
import { partsText } from './fingerprint.ts'
import type { NodeRecord } from './history.ts'
import type { DigestedFile } from './host.ts'
import type { Node } from './node.ts'
import type { FileState } from './snapshot.ts'
import type { World } from './world.ts'

// One node may not drive out all others.
const MOST_OF_IT = 1 / 4

/**
 * Whether what it makes may stand for a run of it. A probe asks the machine, each time anew, and what has
 * no commands is done at once.
 */
export function isStored({ kind, spec, commands }: Node): boolean {
  return kind === 'task' && spec.store !== false && spec.always !== true && commands.length > 0
}

/**
 * The digest under which a node is looked up: of its key without discovered inputs, which only a run
 * can tell.
 *
 * @throws GraphError as partsText() does
 */
export function lookupKey(node: Node, world: World, resultOf: (need: Node) => string): string {
  return digestText(partsText(node, world, { resultOf, discovered: [] }))
}

export interface StoreOptions {
  readonly cache: Cache
  readonly world: World
  readonly resultOf: (need: Node) => string
  /** Small outputs that were read a moment ago, by their path. */
  readonly read: ReadonlyMap<string, DigestedFile>
}

/** Stores a node that was just recorded. A disk that refuses costs the entry and not the run. */
export function store(node: Node, record: NodeRecord, options: StoreOptions): void {
  const { cache, world, resultOf, read } = options
  if (cache.trouble !== undefined) return
  try {
    const outputs = record.outputs.flatMap(([path, state]) =>
      storedOutput(path, { state, read: read.get(path) }, world),
    )
    const large = outputs.filter(({ content }) => content === undefined)
    const bytes = large.reduce((sum, { size }) => sum + size, 0)
    const isWhole = outputs.length === record.outputs.length
    if (!isWhole || bytes > cache.limits.maxBytes * MOST_OF_IT) return
    for (const output of large) cache.take(world.path(output.path), output)
    const { fingerprint, ms, at, discovered } = record
    const key = node.spec.depfile === undefined ? fingerprint : lookupKey(node, world, resultOf)
    cache.add({ key, fingerprint, ms, at, outputs, discovered })
  } catch (error) {
    cache.giveUp(error)
  }
}

// Empty for one that cannot be stored: somebody removed it just now, or its name is no UTF-8 and came to
// us as another one.
function storedOutput(
  path: string,
  { state, read }: { readonly state: FileState; readonly read: DigestedFile | undefined },
  world: World,
): readonly StoredOutput[] {
  const { disk } = world.host
  if (read?.content && !path.includes(NO_UTF8)) {
    const { stat, content } = read
    return [{ path, state, mode: stat.mode & 0o777, size: content.length, content }]
  }
  const where = world.path(path)
  const stat = disk.lstat(where)
  if (stat === undefined || path.includes(NO_UTF8)) return []
  const output = { path, state, mode: stat.mode & 0o777, size: Number(stat.size) }
  if (stat.kind === 'link') {
    const text = disk.readLink(where)
    return text.includes(NO_UTF8) ? [] : [{ ...output, content: Buffer.from(text, 'utf8') }]
  }
  if (output.size > SMALL_BYTES) return [{ ...output, content: undefined }]
  const content = disk.readBytes(where)
  return content === undefined ? [] : [{ ...output, content }]
}

const NO_UTF8 = '\ufffd'
