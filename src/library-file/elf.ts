// ELF: what Linux loads. Read by its segments, as the loader does: a stripped library has no sections.
import { Beyond, type Bytes, type Fields, fields } from './bytes.ts'
import { type LibraryImage, type Machine, MOST_NEEDED } from './image.ts'

export const ELF = '\x7fELF'

/** @throws Beyond */
export function elf(bytes: Bytes): LibraryImage {
  const ident = bytes.at(0, 20)
  const [width, order] = [ident[4], ident[5]]
  if ((width !== 1 && width !== 2) || (order !== 1 && order !== 2)) throw new Beyond()
  const [is64, isLittle] = [width === 2, order === 1]
  const header = fields(bytes.at(0, is64 ? 64 : 52), isLittle)
  const segments = segmentsOf(bytes, header, { is64, isLittle })
  // A copy that was interrupted has its headers, and not what they speak of.
  for (const { type, offset, length } of segments)
    if (type === PT_LOAD && offset + length > bytes.size) throw new Beyond()
  const dynamic = dynamicOf(bytes, segments, { is64, isLittle })
  // Programs that can lie anywhere are ET_DYN as well, and name an interpreter; libc does so too.
  const isProgram = dynamic.name === undefined && segments.some(({ type }) => type === PT_INTERP)
  return {
    format: 'ELF',
    machines: [MACHINES[header.u16(18)] ?? 'other'],
    bits: is64 ? 64 : 32,
    isShared: header.u16(16) === ET_DYN && !isProgram,
    ...dynamic,
  }
}

interface Shape {
  readonly is64: boolean
  readonly isLittle: boolean
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly length: number
}

const [PT_LOAD, PT_DYNAMIC, PT_INTERP, ET_DYN] = [1, 2, 3, 3]

const MACHINES: Readonly<Record<number, Machine>> = {
  3: 'ia32',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
}

function segmentsOf(bytes: Bytes, header: Fields, { is64, isLittle }: Shape): readonly Segment[] {
  const start = is64 ? header.u64(32) : header.u32(28)
  const size = header.u16(is64 ? 54 : 42)
  const count = header.u16(is64 ? 56 : 44)
  if (count > 0 && size < (is64 ? 56 : 32)) throw new Beyond()
  const table = fields(bytes.at(start, size * count), isLittle)
  const word = is64 ? table.u64 : table.u32
  const [offset, address, length] = is64 ? [8, 16, 32] : [4, 8, 16]
  return Array.from({ length: count }, (_, i) => ({
    type: table.u32(i * size),
    offset: word(i * size + offset),
    address: word(i * size + address),
    length: word(i * size + length),
  }))
}

type Dynamic = Pick<LibraryImage, 'name' | 'needed' | 'runpath'>

// Pairs of a tag and a value; names are offsets into a table of strings, whose place is given as it
// will be in memory.
function dynamicOf(bytes: Bytes, segments: readonly Segment[], shape: Shape): Dynamic {
  const pairs = pairsOf(bytes, segments, shape)
  const valueFor = (tag: number): number | undefined => pairs.find(([own]) => own === tag)?.[1]
  const strings = fileOffset(valueFor(DT_STRTAB), segments)
  const text = (value: number | undefined): string | undefined =>
    value === undefined || strings === undefined ? undefined : bytes.text(strings + value)
  return {
    name: text(valueFor(DT_SONAME)),
    needed: pairs
      .filter(([tag]) => tag === DT_NEEDED)
      .slice(0, MOST_NEEDED)
      .flatMap(([, value]) => text(value) ?? []),
    runpath: text(valueFor(DT_RUNPATH) ?? valueFor(DT_RPATH)),
  }
}

const [DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH] = [1, 5, 14, 15, 29]

function pairsOf(
  bytes: Bytes,
  segments: readonly Segment[],
  { is64, isLittle }: Shape,
): readonly (readonly [number, number])[] {
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC)
  if (dynamic === undefined) return []
  const table = fields(bytes.at(dynamic.offset, dynamic.length), isLittle)
  const word = is64 ? table.u64 : table.u32
  const width = is64 ? 8 : 4
  const pairs: [number, number][] = []
  for (let at = 0; at + 2 * width <= dynamic.length; at += 2 * width) {
    if (word(at) === 0) break
    pairs.push([word(at), word(at + width)])
  }
  return pairs
}

function fileOffset(address: number | undefined, segments: readonly Segment[]): number | undefined {
  if (address === undefined) return undefined
  const home = segments.find(
    (one) => one.type === PT_LOAD && one.address <= address && address < one.address + one.length,
  )
  return home && home.offset + (address - home.address)
}
