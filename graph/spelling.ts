// One spelling for each path. What a node has made, what others declare and what a glob finds are compared by
// name, and './out/x' would be another file than 'out/x'.
import { normalize } from 'node:path'

import type { TaskSpec } from './task.ts'

/** The same task, with its outputs in the spelling in which a glob finds them. */
export function plainlySpelt(spec: TaskSpec): TaskSpec {
  const { outputs, depfile } = spec
  if (!outputs?.some(isOdd) && !isOdd(depfile ?? '')) return spec
  return {
    ...spec,
    ...(outputs ? { outputs: outputs.map(plainPath) } : {}),
    ...(depfile === undefined ? {} : { depfile: plainPath(depfile) }),
  }
}

/** `out//x`, `./out/x` and `a/../out/x` are `out/x`. */
export function plainPath(path: string): string {
  if (!isOdd(path)) return path
  return path.startsWith('!') ? `!${normalize(path.slice(1))}` : normalize(path)
}

/** The same of a glob, which may go up behind a wildcard; what takes a folder away takes what is in it. */
export function plainPattern(pattern: string): string {
  const plain = isOdd(pattern)
    ? pattern.replace(/\/{2,}/g, '/').replace(/(^!?|\/)(?:\.\/)+/g, '$1')
    : pattern
  return plain.startsWith('!') && plain.endsWith('/') ? `${plain}**` : plain
}

function isOdd(path: string): boolean {
  return path.includes('./') || path.includes('//')
}
