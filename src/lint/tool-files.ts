// The libraries and data of a declared program that is installed under a prefix of its own, as a Python in
// somebody's home. Like those of the system they enter no key: the program stands for them.
import { realPath } from '../real-path.ts'

/**
 * Tells of a real path whether it belongs to one of these programs. Never what lies below one of `own`, the
 * folder of the graph, nor beside a `bin` in somebody's home itself.
 */
export function isOfTools(
  tools: readonly string[],
  { own, home }: { readonly own: string; readonly home: string | undefined },
): (path: string) => boolean {
  const prefixes = tools.flatMap((tool) => /^(.+\/)bin\/[^/]+$/.exec(realPath(tool))?.[1] ?? [])
  const homes = home === undefined ? [] : [`${realPath(home)}/`]
  const foreign = new Set(prefixes.filter((prefix) => !homes.includes(prefix)))
  return (path) =>
    !path.startsWith(`${own}/`) &&
    [...foreign].some((prefix) => path.startsWith(prefix) && PARTS.test(path.slice(prefix.length)))
}

const PARTS = /^(?:lib\w*|share|include|etc)\//
