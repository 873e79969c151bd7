// All files below a folder.
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { realPath } from '../real-path.ts'

/** Real paths of all that lies below a folder; of one that cannot be listed, what can be. */
export function filesBelow(folder: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [realPath(folder)]
  for (const at of open)
    for (const entry of entriesOf(at)) {
      const path = join(at, entry.name)
      if (entry.isDirectory()) open.push(path)
      else found.add(path)
    }
  return found
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
