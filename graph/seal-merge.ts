// What was found fresh now, and what an older seal vouches for, as one seal. Where the two saw a file
// differently, or a file is too young for its identity to be trusted, the nodes that asked for it stay open.
import {
  ALL,
  entryNumbers,
  type Named,
  numbersOf,
  ownersOf,
  type Seal,
  type SealEntry,
  type SealHeader,
} from './seal-file.ts'
import type { SealNotes } from './seal-notes.ts'
import { isTooYoung } from './snapshot.ts'

export interface MergeOptions {
  readonly old: Seal | undefined
  /** Nodes that the old one vouches for, as places in the graph. */
  readonly standing: Iterable<number>
  readonly notes: SealNotes
  /** Nodes that were found fresh now. */
  readonly fresh: ReadonlySet<number>
  /** All that is noted was seen after this: milliseconds since 1970. */
  readonly sinceMs: number
}

export interface MergedSeal {
  /** The nodes that it vouches for. */
  readonly closed: ReadonlySet<number>
  readonly named: Pick<SealHeader, 'env' | 'programs' | 'facts'>
  readonly entries: readonly SealEntry[]
}

/** Undefined when something on which the whole answer stands cannot be trusted. */
export function mergedSeal(options: MergeOptions): MergedSeal | undefined {
  const { old, notes, fresh, sinceMs } = options
  const standing = new Set(options.standing)
  const named = mergedNames(old?.header, notes.named())
  const keys = old?.header.paths.map((path, place) => `${old.header.ways[place]}${path}`) ?? []
  const speaksFor = (place: number): number[] =>
    [...ownersOf(old as Seal, place)].filter((owner) => owner === ALL || standing.has(owner))
  const untrusted: (readonly number[])[] = [notes.unsettled]
  for (const { stat, owners } of notes.stats.values())
    if (stat && isTooYoung(stat, sinceMs)) untrusted.push(owners)
  keys.forEach((key, place) => {
    const note = notes.stats.get(key)
    if (note === undefined || isSame(entryNumbers(old as Seal, place), numbersOf(note.stat))) return
    const others = speaksFor(place)
    if (others.length > 0) untrusted.push(note.owners, others)
  })
  const doubtful = new Set(untrusted.flat())
  if (named === undefined || doubtful.has(ALL)) return undefined
  const isLooked = (owner: number): boolean =>
    owner === ALL || (fresh.has(owner) && !doubtful.has(owner))
  const entries = new Map<string, SealEntry>()
  for (const [key, { stat, owners }] of notes.stats) {
    const own = owners.filter(isLooked)
    if (own.length > 0) entries.set(key, { key, numbers: numbersOf(stat), owners: own })
  }
  keys.forEach((key, place) => {
    const still = speaksFor(place).filter((owner) => !doubtful.has(owner))
    if (still.length === 0) return
    const owners = [...new Set([...(entries.get(key)?.owners ?? []), ...still])]
    entries.set(key, { key, numbers: entryNumbers(old as Seal, place), owners })
  })
  const closed = new Set([...standing, ...fresh].filter((node) => !doubtful.has(node)))
  return { closed, named, entries: [...entries.values()] }
}

type Names = Pick<SealHeader, 'env' | 'programs' | 'facts'>

// These decide for all nodes: two that differ leave nothing to say.
function mergedNames(old: Names | undefined, now: Names): Names | undefined {
  if (old === undefined) return now
  const env = mergedRows(old.env, now.env)
  const programs = mergedRows(old.programs, now.programs)
  const facts = mergedRows(old.facts, now.facts)
  return env && programs && facts && { env, programs, facts }
}

function mergedRows(old: Named, now: Named): Named | undefined {
  const rows = new Map(old)
  for (const [name, value] of now) {
    if (rows.has(name) && rows.get(name) !== value) return undefined
    rows.set(name, value)
  }
  return [...rows]
}

function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
