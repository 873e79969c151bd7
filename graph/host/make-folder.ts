// Folders, with those above them.
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * As `mkdir -p`; throws what the system says. Node's own way says ENOENT of what it does not expect: a disk that
 * is mounted read-only, a quota, too many open files.
 */
export function makeFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, { recursive: true, mode })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(firstMissing(path), { mode })
    mkdirSync(path, { recursive: true, mode })
  }
}

function firstMissing(path: string): string {
  const above = dirname(path)
  return above === path || existsSync(above) ? path : firstMissing(above)
}
