// A program: unpacks an archive of a source tree into FOLDER, whole or not at all. The archive may come
// from anywhere: nothing is written outside, no link leads outside, no mode is kept but "executable".
// Usage: unpack-source ARCHIVE FOLDER [SUBMODULE...]
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { createGunzip } from 'node:zlib'

import { DAMAGED, type Entry, entriesOf, padding, Refused, Stream } from '../fetch/tar.ts'

const MOST_ENTRIES = 500_000

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
