// Whose a folder is. A live name of ours is a link into the store of generations beside it; what it
// leads to carries our manifest.
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { MANIFEST } from './detect.ts'

/** The store of generations beside a live name. */
export function storeOf(live: string): string {
  return join(dirname(live), `.${basename(live)}.generations`)
}

/** Where the live link points, if it points into its store. */
export function currentFolder(live: string): string | undefined {
  try {
    const target = join(dirname(live), readlinkSync(live))
    return dirname(target) === storeOf(live) ? target : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether a name holds something that is not ours to replace. An empty folder is nobody's; of one that
 * may not be looked at, whoever wants to write there will be told.
 */
export function isForeign(live: string): boolean {
  if (existsSync(join(live, MANIFEST))) return false
  try {
    const stat = lstatSync(live, { throwIfNoEntry: false })
    if (stat === undefined || currentFolder(live) !== undefined) return false
    return !stat.isDirectory() || readdirSync(live).length > 0
  } catch {
    return false
  }
}
