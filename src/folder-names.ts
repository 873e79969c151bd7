// What lies in a folder.
import { readdirSync } from 'node:fs'

/** The names in a folder, sorted; none, where it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}
