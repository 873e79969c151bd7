// A program: empties a build folder whose inner build would go by a time that says nothing. ninja and make
// compile what is newer than its object: a source that holds something else and came with an older time (mv,
// cp -p, rsync, a backup) is not. Usage: doubt-times BUILD SOURCE NAME-OF-FILE-OR-FOLDER-IN-IT...
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join, resolve } from 'node:path'

/** A source as it was when it was compiled. */
interface Seen {
  readonly digest: string
  /** While this stands it is not read again. */
  readonly identity: string
}

// The system's no is an answer like any tool's: one line, no stack.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  process.stderr.write(`doubt-times: ${error.code === undefined ? error.stack : error.message}\n`)
  process.exitCode = 1
})

// Coarser than the clock of any file system: FAT counts in two seconds.
const TICK_MS = 2000

const [build = '', source = '', ...names] = process.argv.slice(2)
// It is touched when the build has ended: what is older was there before some object.
const note = resolve(build, '.sources-seen')
const noted = fs.statSync(note, { throwIfNoEntry: false })?.mtimeMs ?? 0
const at = Date.now()
const { files: before, at: readAt } = known()
const now = new Map(names.flatMap((name) => filesIn(name)).map((path) => [path, seen(path)]))
const unseen = [...now].find(
  ([path, one]) => isOlder(path) && before.get(path)?.digest !== one.digest,
)
if (before.size > 0 && unseen !== undefined) clean(unseen[0])
fs.mkdirSync(build, { recursive: true })
fs.writeFileSync(`${note}.new`, JSON.stringify({ at, files: [...now] }))
fs.renameSync(`${note}.new`, note)

// Whatever cannot be read is as if nothing had been compiled here.
function known(): { readonly at: number; readonly files: ReadonlyMap<string, Seen> } {
  try {
    const { at, files } = JSON.parse(fs.readFileSync(note, 'utf8'))
    return { at, files: new Map<string, Seen>(files) }
  } catch {
    return { at: 0, files: new Map() }
  }
}

function filesIn(name: string): readonly string[] {
  const stat = fs.statSync(join(source, name), { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return stat?.isFile() ? [name] : []
  const entries = fs.readdirSync(join(source, name), { withFileTypes: true })
  return entries
    .filter((entry) => entry.name !== '.git')
    .flatMap((entry) => {
      const path = `${name}/${entry.name}`
      if (entry.isSymbolicLink()) return isFile(path) ? [path] : []
      return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : []
    })
}

function isFile(path: string): boolean {
  return fs.statSync(join(source, path), { throwIfNoEntry: false })?.isFile() === true
}

function seen(path: string): Seen {
  const { size, mtimeMs, ctimeMs, ino } = fs.statSync(join(source, path))
  const identity = `${size} ${mtimeMs} ${ctimeMs} ${ino}`
  const last = before.get(path)
  if (last?.identity === identity && ctimeMs < readAt - TICK_MS) return last
  const bytes = fs.readFileSync(join(source, path))
  return { digest: createHash('sha256').update(bytes).digest('hex'), identity }
}

function isOlder(path: string): boolean {
  return fs.statSync(join(source, path)).mtimeMs <= noted
}

function clean(path: string): void {
  process.stderr.write(
    `doubt-times: '${path}' changed and is older than what was compiled: all is compiled\n`,
  )
  const { status } = spawnSync('cmake', ['--build', build, '--target', 'clean'], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}
