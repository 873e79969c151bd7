// The lock of the kernel: it ends with the process that holds it, however that process ends.
// Node has no flock call, but flock(1) run on a descriptor that it inherits locks the open file
// that we share with it, and the lock stays ours when flock has gone. Also here: which processes
// live, as the kernel knows.

import { spawn } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'

import { makeFolder } from './make-folder.ts'

export interface KernelLock {
  /** Replaces the text in the lock file. */
  write(text: string): void
  close(): void
}

/**
 * Every process of a machine must choose the same kind of lock, so the usual place comes before
 * PATH. False: this machine has no flock, and SQLite's lock is used.
 */
export function flockProgram(): string | false {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const places = ['/usr/bin/flock', ...folders.map((folder) => join(folder, 'flock'))]
  return places.find(isProgram) ?? false
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Undefined when another process holds it. Throws what the system calls throw. */
export async function tryKernelLock(
  path: string,
  flock: string | false,
  signal: AbortSignal | undefined,
): Promise<KernelLock | undefined> {
  makeFolder(dirname(path), 0o700)
  const file = openLockFile(path)
  try {
    const unlock = flock ? await lockByFlock(flock, file, signal) : lockBySqlite(path)
    if (unlock && isStillAt(path, file)) return kernelLock(file, unlock)
    unlock?.()
  } catch (error) {
    closeSync(file)
    throw error
  }
  closeSync(file)
  return undefined
}

function kernelLock(file: number, unlock: () => void): KernelLock {
  return {
    write(text) {
      ftruncateSync(file, 0)
      writeSync(file, text, 0)
    },
    close() {
      closeSync(file)
      unlock()
    },
  }
}

// The file is never unlinked by us: who had it open would lock a file that nobody else can find.
function openLockFile(path: string): number {
  const { O_CREAT, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = openSync(path, O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600)
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw Object.assign(new Error(`'${path}' is not a regular file`), { code: 'EINVAL' })
}

// Somebody may have emptied the cache folder since we opened the file.
function isStillAt(path: string, file: number): boolean {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  const own = fstatSync(file, { bigint: true })
  return found?.ino === own.ino && found.dev === own.dev
}

// Short options, which BusyBox knows too. The file is descriptor 3 of the child; the child's copy
// goes with the child, so closing ours unlocks.
function lockByFlock(
  flock: string,
  file: number,
  signal: AbortSignal | undefined,
): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(flock, ['-x', '-n', '3'], {
      stdio: ['ignore', 'ignore', 'pipe', file],
      env: { LC_ALL: 'C' },
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    })
    let said = ''
    child.stderr?.on('data', (piece) => {
      if (said.length < 1000) said += piece
    })
    child.on('error', reject)
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(() => {})
      // 1 is 'held'. Killed: Ctrl-C reaches the whole terminal, and we ourselves may go on.
      if (code === 1 || killedBy) return resolve(undefined)
      reject(
        Object.assign(new Error(said.trim() || `flock: exit code ${code}`), { code: 'ENOLCK' }),
      )
    })
  })
}

// SQLite's lock ends when any descriptor of the file is closed in this process, so we open the
// file ourselves only to make it: then nobody can have locked it yet.
function lockBySqlite(path: string): (() => void) | undefined {
  const { DatabaseSync } = loadSqlite()
  const file = `${path}.sqlite`
  try {
    const { O_CREAT, O_EXCL, O_RDWR } = constants
    closeSync(openSync(file, O_CREAT | O_EXCL | O_RDWR, 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return () => database.close()
  } catch (error) {
    database.close()
    const busy = 5
    if ((error as { errcode?: number }).errcode === busy) return undefined
    throw Object.assign(new Error((error as Error).message), { code: 'ENOLCK' })
  }
}

// Node 22 prints a warning at the first load.
function loadSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Undefined when there is nothing to read: no file, a link, no plain file. */
export function readSmallFile(path: string): string | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  let file: number | undefined
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    const bytes = Buffer.alloc(8192)
    return fstatSync(file).isFile() ? bytes.toString('utf8', 0, readSync(file, bytes)) : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Changes with every start of the machine; empty where there is no /proc. */
export function bootId(): string {
  return readSmallFile('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

/** Undefined when no such process lives. Without /proc: '' when one does. */
export function startOf(pid: number): string | undefined {
  const stat = readSmallFile(`/proc/${pid}/stat`)
  // The name in parentheses may hold anything; after it come the state and 18 more fields.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields) return /[ZX]/.test(fields[0] ?? '') ? undefined : fields[19]
  if (bootId()) return undefined
  try {
    process.kill(pid, 0)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined
  }
}
