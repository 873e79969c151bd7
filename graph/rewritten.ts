// Inputs that were written while a node ran, and hold again what they held: somebody went to another branch
// and came back, and the commands have read what was there between.
import type { FileStat } from './host.ts'
import type { Node } from './node.ts'
import type { World } from './world.ts'

/** When each input was last written, and as which file. */
export interface WriteMarks {
  readonly names: readonly string[]
  readonly marks: Float64Array
}

const FIELDS = 4
// Who sets a time back from Node can give no more than milliseconds.
const SAME_MS = 1

/** `discovered`: names of the inputs that the last run discovered. */
export function writeMarks(node: Node, discovered: readonly string[], world: World): WriteMarks {
  const { disk } = world.host
  const found = discovered.map((name) => ({ name, path: world.path(name) }))
  const files = [...world.inputs(node), ...found]
  const marks = new Float64Array(files.length * FIELDS)
  let at = 0
  for (const { path } of files) {
    const own = disk.lstat(path)
    // What lies in a folder behind a link is not looked at.
    const target = own?.kind === 'link' ? disk.stat(path) : undefined
    put(own, at)
    if (target?.kind === 'file') put(target, at + 2)
    at += FIELDS
  }
  return { names: files.map(({ name }) => name), marks }

  function put(stat: FileStat | undefined, place: number): void {
    marks[place] = stat?.mtimeMs ?? 0
    marks[place + 1] = stat?.ino ?? 0
  }
}

/**
 * The inputs that were written between two looks that saw the same content. By when they were written and not
 * by when anything about them changed: a hard link that a command makes of its input is no edit.
 */
export function rewritten(before: WriteMarks, after: WriteMarks): readonly string[] {
  const names: string[] = []
  after.marks.forEach((mark, at) => {
    const name = after.names[Math.floor(at / FIELDS)] as string
    const isSame = Math.abs(mark - (before.marks[at] ?? 0)) < SAME_MS
    if (!isSame && names.at(-1) !== name) names.push(name)
  })
  return names
}
