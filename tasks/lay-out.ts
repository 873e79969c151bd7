// A source that lacks a file which its own build includes is laid out as links, with the file beside them.
// The tree is not written to: it may be a person's.
import { posix } from 'node:path'

import { type Command, type Place, root } from '../graph/index.ts'
import type { Backend } from './backend.ts'
import { step, stepFile } from './places.ts'

export interface LaidOut {
  /** What cmake is given. */
  readonly source: string | Place
  /** Where the headers lie that the tree may lack. */
  readonly headers: readonly Place[]
  readonly inputs: readonly Place[]
  readonly outputs: readonly string[]
  readonly commands: readonly Command[]
}

/** How the tree `source` is laid out in `folder`, below the graph's; the tree itself where it lacks nothing. */
export function layOut({ standIns }: Backend, source: string | Place, folder: string): LaidOut {
  if (standIns.length === 0) return { source, headers: [], inputs: [], outputs: [], commands: [] }
  const folders = new Set(standIns.map(({ file }) => posix.dirname(file)))
  return {
    source: folder,
    headers: [...folders].map((name) => root('')(`${folder}/${name}`)),
    inputs: [stepFile('lay-source')],
    outputs: [`${folder}/**`],
    commands: [step('lay-source', [source, folder], standIns)],
  }
}
