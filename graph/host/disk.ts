// The real disk: node:fs.
import * as fs from 'node:fs'
import { dirname } from 'node:path'

import { SMALL_BYTES } from '../digest.ts'
import type { AppendFile, Disk, FileStat } from '../host.ts'
import { absentIsUndefined } from './absent.ts'
import { fileDigester } from './digest-file.ts'
import { asFileStat } from './file-stat.ts'
import { glob } from './glob.ts'
import { makeFolder } from './make-folder.ts'
import { digestMany, lstatMany, readyForMany } from './many-files.ts'

/** The machine's own files. */
export function disk(): Disk {
  let serial = 0
  const digest = fileDigester({ keep: SMALL_BYTES })
  const digestOwn = fileDigester({ isLinkRefused: true })
  return {
    stat: (path) => asStat(absentIsUndefined(() => fs.statSync(path, STAT))),
    lstat: (path) => asStat(absentIsUndefined(() => fs.lstatSync(path, STAT))),
    lstatMany: (paths) => lstatMany(paths, (path) => fs.lstatSync(path, STAT)),
    readLink: (path) => fs.readlinkSync(path),
    readText: (path) => absentIsUndefined(() => named(path, () => fs.readFileSync(path, 'utf8'))),
    readBytes: (path) => absentIsUndefined(() => named(path, () => fs.readFileSync(path))),
    readTail: (path, bytes) => {
      const { size } = absentIsUndefined(() => fs.statSync(path)) ?? { size: 0 }
      const start = Math.max(0, size - bytes)
      const piece = readPiece(path, start, bytes)
      return piece.subarray(start === 0 ? 0 : halfCharacter(piece)).toString('utf8')
    },
    readFrom: (path, offset, bytes) => {
      const piece = wholeCharacters(readPiece(path, offset, bytes))
      return { text: piece.toString('utf8'), next: offset + piece.length }
    },
    digest: (path) => {
      const read = digest(path)
      return { ...read, stat: asFileStat(read.stat) }
    },
    digestMany: (paths) => digestMany(paths, digestOwn),
    realPath: (path) => absentIsUndefined(() => fs.realpathSync.native(path)),
    writeWhole: (path, content, options = {}) => {
      const temporary = `${path}.${process.pid}.${serial++}.tmp`
      makeFolder(dirname(path), 0o700)
      // Left by one that was killed: in a container every process has the same id.
      fs.rmSync(temporary, { force: true })
      try {
        const file = fs.openSync(temporary, 'wx', 0o600)
        try {
          fs.writeFileSync(file, content)
          if (options.durable) fs.fsyncSync(file)
        } finally {
          fs.closeSync(file)
        }
        fs.renameSync(temporary, path)
      } catch (error) {
        fs.rmSync(temporary, { force: true })
        throw error
      }
      if (options.durable) flushFolder(dirname(path))
    },
    writeNew: (path, content, mode) => {
      const file = fs.openSync(path, 'wx', mode)
      try {
        fs.writeFileSync(file, content)
        // What umask took away.
        fs.fchmodSync(file, mode)
      } finally {
        fs.closeSync(file)
      }
    },
    copyNew: (from, to, mode) => {
      const { COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants
      fs.copyFileSync(from, to, COPYFILE_EXCL | COPYFILE_FICLONE)
      fs.chmodSync(to, mode)
    },
    makeLink: (path, target) => fs.symlinkSync(target, path),
    append: (path) => append(path),
    makeFolder: (path, options = {}) => {
      makeFolder(path, options.private ? 0o700 : undefined)
    },
    removeFile: (path) => {
      // Asking first: an exception for a file that is not there costs 50 times as much.
      absentIsUndefined(() => {
        if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) fs.unlinkSync(path)
      })
    },
    remove: (path) => fs.rmSync(path, { recursive: true, force: true }),
    rename: (from, to) => fs.renameSync(from, to),
    list: (path) => absentIsUndefined(() => fs.readdirSync(path)),
    flush: (paths) => {
      for (const path of paths) flushFile(path)
      for (const folder of new Set(paths.map(dirname))) flushFolder(folder)
    },
    glob: (patterns, ignore, cwd) => glob(patterns, ignore, cwd, readyForMany),
  }
}

const STAT = { throwIfNoEntry: false } as const

function asStat(stat: fs.Stats | undefined): FileStat | undefined {
  return stat && asFileStat(stat)
}

// A FIFO in the place of a file would be waited for.
const WITHOUT_WAITING = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0)

function readPiece(path: string, offset: number, bytes: number): Buffer {
  // Asking first, as in removeFile: most commands print nothing.
  const file = absentIsUndefined(() =>
    fs.statSync(path, { throwIfNoEntry: false }) ? fs.openSync(path, WITHOUT_WAITING) : undefined,
  )
  if (file === undefined) return Buffer.alloc(0)
  try {
    const { size } = fs.fstatSync(file)
    const piece = Buffer.alloc(Math.max(0, Math.min(bytes, size - offset)))
    const count = named(path, () => fs.readSync(file, piece, 0, piece.length, offset))
    return piece.subarray(0, count)
  } finally {
    fs.closeSync(file)
  }
}

// What the system says of an open file, as of a folder that is read like one, names no path.
function named<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    ;(error as NodeJS.ErrnoException).path ??= path
    throw error
  }
}

// How many bytes at the start belong to a character that began before.
function halfCharacter(piece: Buffer): number {
  const whole = piece.subarray(0, 3).findIndex((byte) => (byte & 0xc0) !== 0x80)
  return whole < 0 ? Math.min(3, piece.length) : whole
}

// A character cut in two stays for the next piece.
function wholeCharacters(piece: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, piece.length); back++) {
    const byte = piece[piece.length - back] as number
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? piece.subarray(0, piece.length - back) : piece
  }
  return piece
}

function append(path: string): AppendFile {
  makeFolder(dirname(path), 0o700)
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_RDWR } = fs.constants
  healTornTail(path, O_RDWR | (O_NOFOLLOW ?? 0))
  const file = fs.openSync(path, O_APPEND | O_CREAT | O_WRONLY | (O_NOFOLLOW ?? 0), 0o600)
  return {
    write: (text) => {
      fs.writeFileSync(file, text)
    },
    sync: () =>
      new Promise((resolve, reject) => {
        fs.fsync(file, (error) => (error ? reject(error) : resolve()))
      }),
    close: () => fs.closeSync(file),
  }
}

// What a kill left of a last line would swallow the next one: end it.
function healTornTail(path: string, flags: number): void {
  const file = absentIsUndefined(() => fs.openSync(path, flags))
  if (file === undefined) return
  try {
    const { size } = fs.fstatSync(file)
    const last = Buffer.alloc(1)
    if (size === 0 || fs.readSync(file, last, 0, 1, size - 1) === 0) return
    if (last[0] !== 10) fs.writeSync(file, '\n', size)
  } finally {
    fs.closeSync(file)
  }
}

function flushFile(path: string): void {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile()) return
  const file = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
}

function flushFolder(path: string): void {
  // Windows cannot open a folder; its rename is durable by itself.
  if (process.platform === 'win32') return
  const folder = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
}
