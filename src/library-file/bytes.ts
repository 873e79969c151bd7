// Bytes of a file of which nothing is believed: no read goes outside of it, and none is large.
import { readSync } from 'node:fs'

/** A header pointed outside of its file: it is cut short, or damaged, or made to hurt. */
export class Beyond extends Error {}

export class Bytes {
  readonly size: number
  private readonly file: number

  constructor(file: number, size: number) {
    this.file = file
    this.size = size
  }

  /** @throws Beyond */
  at(offset: number, length: number): Buffer {
    const isInside = offset >= 0 && length >= 0 && offset + length <= this.size
    if (!isInside || length > MOST_READ) throw new Beyond()
    const bytes = Buffer.alloc(length)
    // Somebody may be cutting the file while we look.
    if (readSync(this.file, bytes, 0, length, offset) !== length) throw new Beyond()
    return bytes
  }

  /** A text that ends with a zero byte; undefined where it is longer than any path. */
  text(offset: number): string | undefined {
    const bytes = this.at(offset, Math.min(MOST_TEXT, this.size - offset))
    const end = bytes.indexOf(0)
    return end < 0 ? undefined : bytes.toString('utf8', 0, end)
  }
}

const MOST_READ = 1 << 20
const MOST_TEXT = 4096

/** Numbers in a header, of either byte order. Each throws Beyond at the end of the header. */
export interface Fields {
  readonly u16: (at: number) => number
  readonly u32: (at: number) => number
  /** Inexact beyond 2^53, where no file reaches. */
  readonly u64: (at: number) => number
}

export function fields(bytes: Buffer, isLittle: boolean): Fields {
  const checked = (at: number, length: number): number => {
    if (at < 0 || at + length > bytes.length) throw new Beyond()
    return at
  }
  const u16 = (at: number): number =>
    isLittle ? bytes.readUInt16LE(checked(at, 2)) : bytes.readUInt16BE(checked(at, 2))
  const u32 = (at: number): number =>
    isLittle ? bytes.readUInt32LE(checked(at, 4)) : bytes.readUInt32BE(checked(at, 4))
  const u64 = (at: number): number => {
    const [low, high] = isLittle ? [u32(at), u32(at + 4)] : [u32(at + 4), u32(at)]
    return high * 2 ** 32 + low
  }
  return { u16, u32, u64 }
}
