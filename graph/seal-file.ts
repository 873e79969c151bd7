// The file of a seal: a line that guards the rest, a JSON document, and blocks of numbers.
import { checksum } from './digest.ts'
import type { FileStat } from './host.ts'

/** Of a run's seal, in the state folder. */
export const SEAL_NAME = 'seal'

/** In place of a node: the whole answer stands on it. */
export const ALL = 0xffff_ffff

export type Named = readonly (readonly [name: string, value: string | null])[]

export interface SealHeader {
  readonly key: string
  readonly boot: string
  /** When it was made: milliseconds since 1970. */
  readonly at: number
  /** Identity of the journal that the look went by. */
  readonly journal?: string
  /** How many nodes were looked at. */
  readonly count: number
  /** Of these it says nothing, as places in the graph. */
  readonly open: readonly number[]
  readonly env: Named
  readonly programs: Named
  readonly facts: Named
  readonly paths: readonly string[]
  /** 's' (links followed) or 'l' for each path. */
  readonly ways: string
}

/** Under which name a program is kept that was looked for in folders of its own; see `nameAndPath`. */
export function searchedFor(name: string, path: string | undefined): string {
  return path === undefined ? name : `${name}\0${path}`
}

/** What was asked for a program that is kept under this name. */
export function nameAndPath(kept: string): [name: string, path?: string] {
  const [name = '', path] = kept.split('\0')
  return path === undefined ? [name] : [name, path]
}

export interface Seal {
  /** No two seals have the same. */
  readonly id: string
  readonly header: SealHeader
  /** Six for each path. */
  readonly numbers: Float64Array
  /** Where the owners of each path begin, and the owners. */
  readonly owners: Uint32Array
  readonly ownersSum: string
  /** What was told, where it is more than that all is fresh. */
  readonly answer: string
}

/** A file or folder, as it was seen. */
export interface SealEntry {
  /** The way, and the path. */
  readonly key: string
  readonly numbers: ArrayLike<number>
  /** The nodes whose look depended on it, as places in the graph; or `ALL`. */
  readonly owners: readonly number[]
}

const MAGIC = 'seal 4'
const FIELDS = 6
// In place of a size: nothing is there.
const ABSENT_SIZE = -1

export function sealBytes(
  header: Omit<SealHeader, 'paths' | 'ways'>,
  entries: readonly SealEntry[],
  answer = '',
): Uint8Array {
  const paths = entries.map(({ key }) => key.slice(1))
  const ways = entries.map(({ key }) => key[0]).join('')
  const text = Buffer.from(JSON.stringify({ ...header, paths, ways }))
  const numbers = new Float64Array(entries.length * FIELDS)
  const size = entries.reduce((sum, { owners }) => sum + owners.length, entries.length + 1)
  const owners = new Uint32Array(size)
  let at = entries.length + 1
  entries.forEach((entry, i) => {
    numbers.set(entry.numbers, i * FIELDS)
    owners[i] = at
    owners.set(entry.owners, at)
    at += entry.owners.length
  })
  owners[entries.length] = at
  const block = Buffer.from(owners.buffer)
  const said = Buffer.from(answer)
  const sums = [checksum(text), text.length, checksum(block), checksum(said), said.length]
  const head = Buffer.from(`${[MAGIC, ...sums].join(' ')}\n`)
  return Buffer.concat([head, text, said, Buffer.from(numbers.buffer), block])
}

/** Undefined for what is damaged, save in the numbers: a damaged number equals that of no file. */
export function readSeal(bytes: Uint8Array | undefined): Seal | undefined {
  if (bytes === undefined) return undefined
  try {
    const end = bytes.indexOf(10)
    const head = Buffer.from(bytes.subarray(0, end)).toString('latin1').split(' ')
    const [magic, version, sum, length, ownersSum = '', saidSum, saidLength] = head
    const textEnd = end + 1 + Number(length)
    const saidEnd = textEnd + Number(saidLength)
    const text = bytes.subarray(end + 1, textEnd)
    const said = bytes.subarray(textEnd, saidEnd)
    if (`${magic} ${version}` !== MAGIC || checksum(text) !== sum) return undefined
    if (checksum(said) !== saidSum) return undefined
    const header = JSON.parse(textOf(text)) as SealHeader
    // A copy: the block starts at any byte, a Float64Array must start at a multiple of eight.
    const block = new Uint8Array(bytes.subarray(saidEnd)).buffer
    const count = header.paths.length * FIELDS
    const numbers = new Float64Array(block, 0, count)
    const owners = new Uint32Array(block, count * 8)
    const isWhole = owners[header.paths.length] === owners.length
    const id = `${sum}-${ownersSum}`
    return isWhole ? { id, header, numbers, owners, ownersSum, answer: textOf(said) } : undefined
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

/** Whether the owners are as they were written: asked only of a seal in which something changed. */
export function hasOwners({ owners, ownersSum }: Seal): boolean {
  const { buffer, byteOffset, byteLength } = owners
  return checksum(new Uint8Array(buffer, byteOffset, byteLength)) === ownersSum
}

export function ownersOf({ owners }: Seal, place: number): Uint32Array {
  return owners.subarray(owners[place], owners[place + 1])
}

export function entryNumbers({ numbers }: Seal, place: number): Float64Array {
  return numbers.subarray(place * FIELDS, (place + 1) * FIELDS)
}

export function numbersOf(stat: FileStat | undefined): readonly number[] {
  if (stat === undefined) return [ABSENT_SIZE, 0, 0, 0, 0, 0]
  const { size, mtimeMs, ctimeMs, ino, dev, mode } = stat
  return [size, mtimeMs, ctimeMs, ino, dev, mode]
}

export function isAsSealed({ numbers }: Seal, place: number, now: FileStat | undefined): boolean {
  const at = place * FIELDS
  if (now === undefined) return numbers[at] === ABSENT_SIZE
  return (
    numbers[at] === now.size &&
    numbers[at + 1] === now.mtimeMs &&
    numbers[at + 2] === now.ctimeMs &&
    numbers[at + 3] === now.ino &&
    numbers[at + 4] === now.dev &&
    numbers[at + 5] === now.mode
  )
}
