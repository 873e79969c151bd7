// Where a path leads.
import { realpathSync } from 'node:fs'

/** The path with all links followed; as it is, where there is nothing. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
