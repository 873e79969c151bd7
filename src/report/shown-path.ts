// A path as the person who asks would write it.
import { relative } from 'node:path'

/** Relative to the folder when it lies below, else absolute. */
export function shownPath(folder: string, path: string): string {
  const short = relative(folder, path)
  return short === '' || short === '..' || short.startsWith('../') ? path : short
}
