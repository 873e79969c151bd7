// The names under which one file may stand in a graph: its folder may be a link, and so may the file.
import { basename, dirname, join, relative } from 'node:path'

import { realPath } from './real-path.ts'

/** An absolute path as it is, with all links followed, and as it lies below the folder of a graph. */
export function spellings(path: string, folder: string): readonly string[] {
  const real = realOf(path)
  const below = relative(realPath(folder), real)
  return [path, real, ...(below.startsWith('..') ? [] : [join(folder, below)])]
}

// Of what is gone, the folder in which it was.
function realOf(path: string): string {
  const real = realPath(path)
  if (real !== path || path === dirname(path)) return real
  return join(realOf(dirname(path)), basename(path))
}
