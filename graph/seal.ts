// A memo of a whole look: "all of these nodes were fresh, and this is everything that was looked at". While
// every file, folder, variable, program and fact of it is as it was, so is the answer, and a no-op needs
// neither the graph nor the journal: it costs little more than the stats themselves. Where only files have
// changed, the nodes whose look depended on these are in doubt, and what stands on them; no other.
import type { Host } from './host.ts'
import { identityOf } from './identity.ts'
import { readMemo } from './own-file.ts'
import { amended } from './seal-amendment.ts'
import {
  ALL,
  hasOwners,
  isAsSealed,
  type Named,
  nameAndPath,
  ownersOf,
  readSeal,
  SEAL_NAME,
  type Seal,
  type SealHeader,
} from './seal-file.ts'

/** What a seal still says of its look. */
export interface CheckedSeal {
  /** How many nodes were looked at. */
  readonly count: number
  /** The nodes that it says nothing of, as places in the graph. */
  readonly open: readonly number[]
  /** These, and those of which something changed: they have to be looked at again, with what stands on them. */
  readonly doubtful: ReadonlySet<number>
  /** Identity of the journal that it goes by. */
  readonly journal: string
  /** When it was checked: milliseconds since 1970. */
  readonly at: number
  readonly seal: Seal
}

/**
 * What a seal still says; undefined when it says nothing any more. With no node in doubt, everything is
 * as fresh as it was.
 *
 * @example const isFresh = checkSeal(stateFolder, key, host)?.doubtful.size === 0
 */
export function checkSeal(stateFolder: string, key: string, host: Host): CheckedSeal | undefined {
  const at = host.clock.now()
  const seal = readSeal(readMemo(host.disk, `${stateFolder}/${SEAL_NAME}`))
  if (seal === undefined || !isSameAround(seal.header, key, host)) return undefined
  const { journal, open } = amended(stateFolder, seal, host.disk)
  if (identityOf(host.disk.stat(`${stateFolder}/journal`)) !== journal) return undefined
  const doubtful = new Set(open)
  const places = [...changedPlaces(seal, host)]
  if (places.length > 0 && !hasOwners(seal)) return undefined
  for (const place of places) {
    for (const owner of ownersOf(seal, place)) {
      if (owner === ALL) return undefined
      doubtful.add(owner)
    }
  }
  return { count: seal.header.count, open, doubtful, journal, at, seal }
}

/**
 * What was told at the last look, when the seal of that name still holds.
 *
 * @example const answer = sealedAnswer(stateFolder, { key, name: 'status' }, host)
 */
export function sealedAnswer(
  stateFolder: string,
  { key, name }: { readonly key: string; readonly name: string },
  host: Host,
): string | undefined {
  const seal = readSeal(readMemo(host.disk, `${stateFolder}/${name}`))
  if (seal === undefined || !isSameAround(seal.header, key, host)) return undefined
  return changedPlaces(seal, host).next().done ? seal.answer : undefined
}

function isSameAround(header: SealHeader, key: string, host: Host): boolean {
  const isSame = (rows: Named, now: (name: string) => string | undefined): boolean =>
    rows.every(([name, value]) => (now(name) ?? null) === value)
  return (
    header.key === key &&
    header.boot === host.clock.bootId() &&
    isSame(header.env, (name) => host.env[name]) &&
    isSame(header.programs, (name) => host.shell.which(...nameAndPath(name))) &&
    isSame(header.facts, (name) => host.fact(name))
  )
}

function* changedPlaces(seal: Seal, { disk }: Host): Generator<number, void> {
  const { paths, ways } = seal.header
  for (let place = 0; place < paths.length; place++) {
    const path = paths[place] as string
    const now = ways[place] === 's' ? disk.stat(path) : disk.lstat(path)
    if (!isAsSealed(seal, place, now)) yield place
  }
}
