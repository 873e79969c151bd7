// PE: what Windows loads.
import { Beyond, type Bytes, fields } from './bytes.ts'
import type { LibraryImage, Machine } from './image.ts'

/** The image, or undefined for a program of DOS. @throws Beyond */
export function pe(bytes: Bytes): LibraryImage | undefined {
  const start = bytes.at(60, 4).readUInt32LE(0)
  const head = bytes.at(start, 26)
  if (head.toString('latin1', 0, 4) !== 'PE\0\0') return undefined
  const { u16 } = fields(head, true)
  const sections = fields(bytes.at(start + 24 + u16(20), u16(6) * 40), true)
  for (let i = 0; i < u16(6); i++)
    if (sections.u32(i * 40 + 16) + sections.u32(i * 40 + 20) > bytes.size) throw new Beyond()
  return {
    format: 'PE',
    machines: [MACHINES[u16(4)] ?? 'other'],
    bits: u16(24) === 0x20b ? 64 : 32,
    isShared: (u16(22) & IMAGE_FILE_DLL) !== 0,
    name: undefined,
    needed: [],
    runpath: undefined,
  }
}

const MACHINES: Readonly<Record<number, Machine>> = {
  332: 'ia32',
  452: 'arm',
  34404: 'x64',
  43620: 'arm64',
}
const IMAGE_FILE_DLL = 0x2000
