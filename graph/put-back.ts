// Puts stored outputs where they belong. What is there already as it should be is left alone, so that
// what goes by mtime sees no change.

import type { Stored, StoredOutput } from './cache-lines.ts'
import type { Disk } from './host.ts'
import { outputFiles } from './look.ts'
import type { Node } from './node.ts'
import { isRefusal } from './node-failure.ts'
import { removableOutputs } from './removable.ts'
import type { Memory } from './state.ts'

/** Where the content of each output comes from: bytes, or the path of a file. */
export type Sources = ReadonlyMap<StoredOutput, Uint8Array | string>

/** False when the disk refused: then nothing of it is left. */
export function putBack(node: Node, stored: Stored, sources: Sources, memory: Memory): boolean {
  const { world } = memory
  const { disk } = world.host
  const written: string[] = []
  try {
    for (const path of surplus(node, stored, memory)) disk.removeFile(world.path(path))
    for (const output of stored.outputs) {
      const path = world.path(output.path)
      if (isAsStored(path, output, disk)) continue
      disk.removeFile(path)
      disk.makeFolder(path.slice(0, path.lastIndexOf('/')))
      written.push(path)
      write(path, output, sources.get(output) as Uint8Array | string, memory)
    }
    return true
  } catch (error) {
    if (!isRefusal(error)) throw error
    for (const path of written) disk.removeFile(path)
    return false
  }
}

// By its bytes and not by what is remembered of it: after a power loss a file may have its old identity
// and other bytes, and putting it back would read as much.
function isAsStored(path: string, output: StoredOutput, disk: Disk): boolean {
  const stat = disk.lstat(path)
  if (stat === undefined) return false
  const { state, size, mode, content } = output
  if (state.startsWith('l'))
    return stat.kind === 'link' && disk.readLink(path) === Buffer.from(content ?? []).toString()
  const isSame = stat.kind === 'file' && Number(stat.size) === size && (stat.mode & 0o777) === mode
  return isSame && disk.digest(path).digest === state.slice(1)
}

function write(
  path: string,
  { state, mode }: StoredOutput,
  source: Uint8Array | string,
  { world }: Memory,
): void {
  const { disk } = world.host
  if (typeof source === 'string') disk.copyNew(source, path, mode)
  else if (state.startsWith('l')) disk.makeLink(path, Buffer.from(source).toString('utf8'))
  else disk.writeNew(path, source, mode)
}

// Only what this node is known to have made; where its folder stays, only what would count as its own.
function surplus(node: Node, stored: Stored, memory: Memory): readonly string[] {
  const wanted = new Set(stored.outputs.map(({ path }) => path))
  const gone = removableOutputs(node, memory).filter((path) => !wanted.has(path))
  if (node.spec.clean !== false || gone.length === 0) return gone
  const counted = new Set(outputFiles(node, memory))
  return gone.filter((path) => counted.has(path))
}
