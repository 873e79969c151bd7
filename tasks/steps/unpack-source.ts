// A program: unpacks an archive of a source tree into FOLDER, whole or not at all. The archive may come
// from anywhere: nothing is written outside, no link leads outside, no mode is kept but "executable".
// Usage: unpack-source ARCHIVE FOLDER [SUBMODULE...]
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { createGunzip } from 'node:zlib'

class Refused extends Error {}

const NO_TAR = 'it is no tar archive, or a damaged one'
const DAMAGED = 'it is cut short, damaged, or not compressed by gzip'
const MOST_BYTES = 8 * 2 ** 30
const MOST_ENTRIES = 500_000
// Of a long name or a pax header; paths are shorter.
const MOST_TEXT = 1 << 20

/** The bytes of the archive in pieces of the size that is asked for. */
class Stream {
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

const [archive = '', into = '', ...submodules] = process.argv.slice(2)
const folder = resolve(into)
const part = `${folder}.part`

main().catch((error: unknown) => {
  fs.rmSync(part, { recursive: true, force: true })
  const { code, message } = error as NodeJS.ErrnoException
  const isDamaged = code?.startsWith('Z_') === true
  const why = isDamaged ? DAMAGED : message
  process.stderr.write(`unpack-source: '${archive}': ${why}\n`)
  process.exitCode = 1
})

async function main(): Promise<void> {
  fs.rmSync(part, { recursive: true, force: true })
  fs.mkdirSync(part, { recursive: true })
  const hash = createHash('sha256')
  const file = fs.createReadStream(archive)
  file.on('data', (bytes) => hash.update(bytes))
  const gunzip = createGunzip()
  file.on('error', (error) => gunzip.destroy(error))
  try {
    await unpack(new Stream(file.pipe(gunzip)))
  } finally {
    file.destroy()
  }
  const tree = treeIn(part)
  const old = `${folder}.old`
  fs.rmSync(old, { recursive: true, force: true })
  if (fs.existsSync(folder)) fs.renameSync(folder, old)
  fs.renameSync(tree, folder)
  fs.rmSync(old, { recursive: true, force: true })
  fs.rmSync(part, { recursive: true, force: true })
  const provenance = { ref: 'archive', sha256: hash.digest('hex'), from: archive }
  fs.writeFileSync(`${folder}.provenance.json`, `${JSON.stringify(provenance, null, 2)}\n`)
}

// Archives of hosting sites hold one folder, named after the version.
function treeIn(top: string): string {
  const only = fs.readdirSync(top)
  const isTree = (path: string): boolean => fs.existsSync(join(path, 'CMakeLists.txt'))
  const tree = only.length === 1 && !isTree(top) ? join(top, only[0] as string) : top
  if (!isTree(tree))
    throw new Refused('it holds no CMakeLists.txt at its top: it is no source tree')
  const empty = submodules.find((path) => !isTree(join(tree, path)))
  if (empty === undefined) return tree
  throw new Refused(
    `its submodule '${empty}' is empty: put a clone with submodules there, or an archive of one`,
  )
}

interface Entry {
  readonly path: string
  readonly link: string
  readonly size: number
  readonly mode: number
  /** As tar writes it: '0' file, '1' hard link, '2' link, '5' folder. */
  readonly type: string
}

// Links come last: while files are written there is none that could lead a write elsewhere.
async function unpack(stream: Stream): Promise<void> {
  const links: Entry[] = []
  let entries = 0
  for await (const entry of entriesOf(stream)) {
    if (++entries > MOST_ENTRIES) throw new Refused(`it holds more than ${MOST_ENTRIES} files`)
    const path = placeOf(entry.path)
    if (path === part) continue
    if (entry.type === '0') await writeFile(stream, path, entry)
    else if (entry.type === '5') fs.mkdirSync(path, { recursive: true })
    else if (entry.type === '1') copyOf(path, entry)
    else if (entry.type === '2') links.push(entry)
    else throw new Refused(`'${entry.path}' is neither a file nor a folder nor a link`)
  }
  // The checksum of gzip stands behind the end of the archive.
  while ((await stream.take(1 << 16)).length > 0);
  if (entries === 0) throw new Refused('it is empty, or no tar archive')
  for (const link of links) makeLink(link)
  for (const link of links) checkLink(link)
}

// Where an entry goes: below our folder, whatever its name says.
function placeOf(name: string): string {
  const isOutside = name.startsWith('/') || /^[A-Za-z]:/.test(name)
  const parts = name.split(/[/\\]/).filter((one) => one !== '' && one !== '.')
  if (isOutside || parts.includes('..') || name.includes('\0'))
    throw new Refused(`${JSON.stringify(name)} leads out of it`)
  return join(part, ...parts)
}

async function writeFile(stream: Stream, path: string, { size, mode }: Entry): Promise<void> {
  fs.mkdirSync(dirname(path), { recursive: true })
  const file = fs.openSync(path, 'wx', mode & 0o100 ? 0o755 : 0o644)
  try {
    for (let left = size; left > 0; ) {
      const bytes = await stream.some(left)
      fs.writeSync(file, bytes)
      left -= bytes.length
    }
  } finally {
    fs.closeSync(file)
  }
  await stream.take(padding(size))
}

function copyOf(path: string, { link }: Entry): void {
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.copyFileSync(placeOf(link), path, fs.constants.COPYFILE_EXCL)
}

function makeLink({ path, link }: Entry): void {
  const place = placeOf(path)
  if (link.startsWith('/') || relative(part, resolve(dirname(place), link)).startsWith('..'))
    throw new Refused(`'${path}' is a link that leads out of it`)
  fs.mkdirSync(dirname(place), { recursive: true })
  fs.symlinkSync(link, place)
}

// By way of other links a harmless text may lead anywhere; what leads nowhere is of no use to a build.
function checkLink({ path }: Entry): void {
  const place = placeOf(path)
  let real: string
  try {
    // The system's own: Node's takes `..` away before it follows a link.
    real = fs.realpathSync.native(place)
  } catch {
    return fs.rmSync(place)
  }
  if (relative(fs.realpathSync.native(part), real).startsWith('..'))
    throw new Refused(`'${path}' is a link that leads out of it`)
}

// An entry is a header of 512 bytes and its content, filled up to a multiple of that. Names that do not
// fit come before it, in an entry of their own: GNU's types L and K, or POSIX's x.
async function* entriesOf(stream: Stream): AsyncGenerator<Entry> {
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

function padding(size: number): number {
  return (512 - (size % 512)) % 512
}
