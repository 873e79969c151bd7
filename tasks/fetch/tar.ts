// A tar archive that is compressed by gzip, read entry by entry. It may come from anywhere:
// whatever is odd is refused.

/** What is wrong with an archive, in words. */
export class Refused extends Error {}

export const DAMAGED = 'it is cut short, damaged, or not compressed by gzip'
const NO_TAR = 'it is no tar archive, or a damaged one'
const MOST_BYTES = 8 * 2 ** 30
// Of a long name or a pax header; paths are shorter.
const MOST_TEXT = 1 << 20

/** The unpacked bytes of an archive in pieces of the size that is asked for. */
export class Stream {
  private readonly source: AsyncIterator<Buffer>
  private rest: Buffer = Buffer.alloc(0)
  private total = 0

  constructor(source: AsyncIterable<Buffer>) {
    this.source = source[Symbol.asyncIterator]()
  }

  /** So many bytes, or fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let left = length; left > 0; ) {
      const piece = await this.next(left)
      if (piece === undefined) break
      pieces.push(piece)
      left -= piece.length
    }
    return Buffer.concat(pieces)
  }

  /** What is there of so many bytes: at least one. */
  async some(length: number): Promise<Buffer> {
    const piece = await this.next(length)
    if (piece === undefined) throw new Refused(DAMAGED)
    return piece
  }

  private async next(most: number): Promise<Buffer | undefined> {
    if (this.rest.length === 0) {
      const { value, done } = await this.source.next()
      if (done) return undefined
      this.rest = value
      this.total += this.rest.length
      if (this.total > MOST_BYTES) throw new Refused('it holds more than 8 GiB')
    }
    const piece = this.rest.subarray(0, most)
    this.rest = this.rest.subarray(piece.length)
    return piece
  }
}

export interface Entry {
  readonly path: string
  readonly link: string
  readonly size: number
  readonly mode: number
  /** As tar writes it: '0' file, '1' hard link, '2' link, '5' folder. */
  readonly type: string
}

/**
 * The entries in their order: each is a header of 512 bytes and its content, which is to be taken from the
 * stream, with its padding, before the next one is asked for. Names that do not fit come before it, in an
 * entry of their own: GNU's types L and K, or POSIX's x.
 *
 * @throws Refused when it is no archive, or a damaged one
 */
export async function* entriesOf(stream: Stream): AsyncGenerator<Entry> {
  let before: Partial<Entry> = {}
  for (;;) {
    const header = await stream.take(512)
    if (header.every((byte) => byte === 0)) return
    if (header.length < 512) throw new Refused(DAMAGED)
    const entry = headerOf(header)
    if (entry.type === 'L') before = { ...before, path: await text(stream, entry) }
    else if (entry.type === 'K') before = { ...before, link: await text(stream, entry) }
    else if (entry.type === 'x') before = { ...before, ...paxOf(await text(stream, entry)) }
    // Speaks of the archive, not of a file: git writes its commit there.
    else if (entry.type === 'g') await text(stream, entry)
    else {
      yield { ...entry, ...before }
      before = {}
    }
  }
}

function headerOf(header: Buffer): Entry {
  const field = (from: number, length: number): string =>
    header.toString('utf8', from, from + length).replace(/\0.*$/s, '')
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  if (number(header.subarray(148, 156)) !== sum) throw new Refused(NO_TAR)
  const prefix = field(257, 5) === 'ustar' ? field(345, 155) : ''
  const type = field(156, 1)
  return {
    path: prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`,
    link: field(157, 100),
    size: number(header.subarray(124, 136)),
    mode: number(header.subarray(100, 108)),
    type: type === '' || type === '7' ? '0' : type,
  }
}

// Octal text, or with the first bit set a big-endian number.
function number(field: Buffer): number {
  const value =
    (field[0] ?? 0) & 0x80
      ? field.subarray(1).reduce((total, byte) => total * 256 + byte, 0)
      : Number.parseInt(field.toString('latin1').replace(/[\0 ]/g, '') || '0', 8)
  if (!Number.isSafeInteger(value)) throw new Refused(NO_TAR)
  return value
}

// 'length key=value\n', again and again.
function paxOf(text: string): Partial<Entry> {
  const rows = new Map(
    [...text.matchAll(/^\d+ (\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]),
  )
  const [path, link, size] = [rows.get('path'), rows.get('linkpath'), rows.get('size')]
  return {
    ...(path === undefined ? {} : { path }),
    ...(link === undefined ? {} : { link }),
    ...(size === undefined ? {} : { size: Number(size) }),
  }
}

async function text(stream: Stream, { size }: Entry): Promise<string> {
  if (size > MOST_TEXT) throw new Refused('a name in it is too long')
  const bytes = await stream.take(size)
  await stream.take(padding(size))
  return bytes.toString('utf8').replace(/\0+$/, '')
}

/** The bytes behind a content of that size. */
export function padding(size: number): number {
  return (512 - (size % 512)) % 512
}
