// What a test puts in front of the program, to make a machine of ours fail as one of somebody else does.
import * as fs from 'node:fs'
import { join } from 'node:path'

let hooks = 0

/** Options of node that run a text first; it is kept as a file in the folder. */
export function hookIn(folder: string, text: string): readonly string[] {
  const path = join(folder, `hook-${hooks++}.cjs`)
  fs.writeFileSync(path, `${text}\n`)
  return ['--require', path]
}
