// The chain of nodes that decided how long a run took: making anything else faster would not have helped.

export interface Timed {
  readonly name: string
  readonly needs: readonly string[]
  readonly ms: number
}

/** The longest chain of needs, by time, in the order in which it ran. Nodes in topological order. */
export function criticalPath<T extends Timed>(nodes: readonly T[]): readonly T[] {
  const known = new Map<string, { node: T; until: number; before: string | undefined }>()
  let end: string | undefined
  for (const node of nodes) {
    const longest = node.needs
      .flatMap((name) => known.get(name) ?? [])
      .reduce<{ node: T; until: number } | undefined>(
        (best, one) => (best === undefined || one.until > best.until ? one : best),
        undefined,
      )
    const until = (longest?.until ?? 0) + node.ms
    known.set(node.name, { node, until, before: longest?.node.name })
    if (end === undefined || until > (known.get(end)?.until ?? 0)) end = node.name
  }
  const path: T[] = []
  for (let name = end; name !== undefined; name = known.get(name)?.before)
    path.unshift(known.get(name)?.node as T)
  return path.filter(({ ms }) => ms > 0)
}
