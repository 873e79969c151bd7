// From a node to what made it run: a need that runs first or produced something else, and so on.
import type { Reason } from '../../graph/index.ts'

/** The links of the chain behind a node, the nearest first; each node once. */
export function chain<Link extends { readonly reasons: readonly Reason[] }>(
  of: string,
  known: ReadonlyMap<string, Link>,
): readonly Link[] {
  const links: Link[] = []
  const seen = new Set([of])
  for (let at = known.get(of); at !== undefined; ) {
    const cause = at.reasons
      .flatMap((reason) => (BY_NEED.has(reason.kind) && 'name' in reason ? [reason.name] : []))
      .find((name) => !seen.has(name))
    at = cause === undefined ? undefined : known.get(cause)
    if (cause === undefined || at === undefined) break
    seen.add(cause)
    links.push(at)
  }
  return links
}

const BY_NEED: ReadonlySet<Reason['kind']> = new Set([
  'need-changed',
  'need-replaced',
  'need-will-run',
])

const SHOWN = 10

/** The lines of a chain: all of a short one, of a long one its beginning and where it ends. */
export function chainText<Link>(
  links: readonly Link[],
  lineOf: (link: Link) => string,
): readonly string[] {
  const line = (link: Link): string => `  because of ${lineOf(link)}`
  const last = links.at(-1)
  if (links.length <= SHOWN || last === undefined) return links.map(line)
  const left = links.length - SHOWN
  return [...links.slice(0, SHOWN - 1).map(line), `  ... and ${left} more, up to`, line(last)]
}
