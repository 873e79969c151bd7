// Mach-O: what macOS loads. A fat file holds one image for each of several machines.
import { Beyond, type Bytes, type Fields, fields } from './bytes.ts'
import { type LibraryImage, type Machine, MOST_NEEDED } from './image.ts'

/** The first four bytes of a thin image, and what they say of the rest. */
export const MACH_O: ReadonlyMap<string, Shape> = new Map([
  ['\xcf\xfa\xed\xfe', { is64: true, isLittle: true }],
  ['\xce\xfa\xed\xfe', { is64: false, isLittle: true }],
  ['\xfe\xed\xfa\xcf', { is64: true, isLittle: false }],
  ['\xfe\xed\xfa\xce', { is64: false, isLittle: false }],
])

interface Shape {
  readonly is64: boolean
  readonly isLittle: boolean
}

/** @throws Beyond */
export function machO(bytes: Bytes, start = 0): LibraryImage {
  const shape = MACH_O.get(bytes.at(start, 4).toString('latin1'))
  if (shape === undefined) throw new Beyond()
  const size = shape.is64 ? 32 : 28
  const header = fields(bytes.at(start, size), shape.isLittle)
  const commands = commandsOf(bytes, start + size, header, shape)
  for (const end of commands.map(segmentEnd)) bytes.at(start + end, 0)
  const paths = (...types: readonly number[]): readonly string[] =>
    commands.filter(({ type }) => types.includes(type)).map(pathOf)
  const type = header.u32(12)
  return {
    format: 'Mach-O',
    machines: [MACHINES[header.u32(4)] ?? 'other'],
    bits: shape.is64 ? 64 : 32,
    isShared: type === MH_DYLIB || type === MH_BUNDLE,
    name: paths(LC_ID_DYLIB)[0],
    needed: paths(LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB).slice(0, MOST_NEEDED),
    runpath: paths(LC_RPATH).join(':') || undefined,
  }
}

/** A Java class begins with the same four bytes; what follows is its version, 45 or more. */
export function isFat(head: Buffer): boolean {
  if (head.length < 8 || head.readUInt32BE(0) !== 0xcafebabe) return false
  const count = head.readUInt32BE(4)
  return count > 0 && count < 43
}

/** @throws Beyond */
export function fat(bytes: Bytes): LibraryImage {
  const count = bytes.at(4, 4).readUInt32BE(0)
  const table = fields(bytes.at(8, count * 20), false)
  const slices = Array.from({ length: count }, (_, i) => {
    const [offset, size] = [table.u32(i * 20 + 8), table.u32(i * 20 + 12)]
    bytes.at(offset + size, 0)
    return machO(bytes, offset)
  })
  return {
    ...(slices[0] as LibraryImage),
    machines: slices.flatMap(({ machines }) => machines),
    isShared: slices.every(({ isShared }) => isShared),
  }
}

const MACHINES: Readonly<Record<number, Machine>> = {
  7: 'ia32',
  12: 'arm',
  16777223: 'x64',
  16777228: 'arm64',
}
const [MH_DYLIB, MH_BUNDLE] = [6, 8]
const [LC_SEGMENT, LC_SEGMENT_64] = [0x1, 0x19]
const [LC_LOAD_DYLIB, LC_ID_DYLIB, LC_RPATH] = [0xc, 0xd, 0x8000001c]
const [LC_LOAD_WEAK_DYLIB, LC_REEXPORT_DYLIB] = [0x80000018, 0x8000001f]

interface LoadCommand extends Fields {
  readonly type: number
  readonly bytes: Buffer
}

function commandsOf(
  bytes: Bytes,
  start: number,
  header: Fields,
  { isLittle }: Shape,
): readonly LoadCommand[] {
  const [count, length] = [header.u32(16), header.u32(20)]
  const table = bytes.at(start, length)
  const found: LoadCommand[] = []
  for (let i = 0, at = 0; i < count; i++) {
    const { u32 } = fields(table, isLittle)
    const size = u32(at + 4)
    if (size < 8 || at + size > length) throw new Beyond()
    const own = table.subarray(at, at + size)
    found.push({ type: u32(at), bytes: own, ...fields(own, isLittle) })
    at += size
  }
  return found
}

// A copy that was interrupted has its headers, and not what they speak of.
function segmentEnd({ type, u32, u64 }: LoadCommand): number {
  if (type === LC_SEGMENT_64) return u64(40) + u64(48)
  return type === LC_SEGMENT ? u32(32) + u32(36) : 0
}

// The text lies behind the command's own fields, at the offset that its third one gives.
function pathOf({ bytes, u32 }: LoadCommand): string {
  const text = bytes.subarray(u32(8))
  const end = text.indexOf(0)
  return text.toString('utf8', 0, end < 0 ? text.length : end)
}
