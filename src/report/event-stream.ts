// The events of a run for another program, while they happen: the lines of its record, byte for byte.
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  statSync,
} from 'node:fs'
import { isatty } from 'node:tty'
import { eprint } from './eprint.ts'
import { writeAll } from './print.ts'
import { hasReader, readerQueue } from './reader-queue.ts'
import { steerless } from './text.ts'
import { cannotWrite } from './write-out.ts'

export interface EventStream {
  /** Never waits for a reader. */
  readonly write: (line: string) => void
  /**
   * Closes it when its reader has taken the rest, and when `limitMs` is over at the latest; says on stderr when
   * not all of it could be written. A reader that has gone away is no matter of the run's.
   */
  readonly close: (limitMs?: number) => Promise<void>
  /** Other lines on that terminal would stand between. */
  readonly isTerminal: boolean
}

/**
 * Opens what `--events FILE` names; `-` is stdout. A FIFO is waited for until somebody reads it.
 *
 * @throws GraphError 'bad-file' when it cannot be written
 */
export function openEventStream(file: string): EventStream {
  const fd = opened(file)
  const isTerminal = isatty(fd)
  const { write, ended } = hasReader(fd) ? queued(fd, file) : atOnce(fd, isTerminal)
  const close = async (limitMs?: number): Promise<void> => {
    const trouble = await ended(limitMs)
    if (fd > 2) closeSync(fd)
    if (trouble !== undefined) eprint(notWhole(file, trouble))
  }
  return { write, close, isTerminal }
}

interface Way {
  readonly write: (line: string) => void
  /** Resolves with what kept some of it from being written. */
  readonly ended: (limitMs?: number) => Promise<string | undefined>
}

// A file, a terminal, a device: none of them waits for a reader.
function atOnce(fd: number, isTerminal: boolean): Way {
  let trouble: string | undefined
  const write = (line: string): void => {
    if (trouble !== undefined) return
    try {
      if (!writeAll(fd, isTerminal ? steerless(line) : line)) trouble = GONE
    } catch (error) {
      trouble = (error as NodeJS.ErrnoException).code
    }
  }
  return { write, ended: async () => trouble }
}

function queued(fd: number, file: string): Way {
  const queue = readerQueue(fd)
  const ended = async (limitMs?: number): Promise<string | undefined> => {
    const { promise: isOver, resolve } = Promise.withResolvers<string>()
    const limit = limitMs === undefined ? undefined : setTimeout(resolve, limitMs, SLOW)
    const note = setTimeout(() => eprint(waitsText(file, queue.left())), NOTE_MS)
    try {
      return await Promise.race([queue.emptied(), isOver])
    } finally {
      clearTimeout(limit)
      clearTimeout(note)
      queue.close()
    }
  }
  return { write: queue.write, ended }
}

// Until then a reader is only slow.
const NOTE_MS = 1000

const GONE = 'EPIPE'
const SLOW = 'what reads them did not take the rest'

function notWhole(file: string, trouble: string): string {
  const why = trouble === GONE ? 'what read them has gone' : trouble
  return `the events in '${file}' are not whole: ${why}; the run is not touched by it\n`
}

function waitsText(file: string, left: number): string {
  const size = left < 1024 ? `${left} bytes` : `${Math.round(left / 1024)} KiB`
  return `the run has ended; what reads the events in '${file}' has not taken the last ${size} yet\n  hint: Ctrl-C ends it without them\n`
}

function opened(file: string): number {
  try {
    const own = descriptorOf(file)
    if (own === undefined) return openSync(file, 'w')
    if (isNodesOwn(own)) throw Object.assign(new Error('not ours'), { code: 'EBADF' })
    return own
  } catch (error) {
    throw cannotWrite(file, error)
  }
}

// A number that nobody has opened for us may be one by which Node talks to the system or to itself, and a
// line written to it ends the program.
function isNodesOwn(fd: number): boolean {
  const stat = fstatSync(fd)
  if (fd <= 2) return false
  if (isReadOnly(String(fd))) return true
  if (stat.isFile() || stat.isSocket() || stat.isCharacterDevice()) return false
  return !stat.isFIFO() || isReadHere(stat)
}

// Both ends of a pipe are open here: nobody else is meant.
function isReadHere({ ino, dev }: Stats): boolean {
  return descriptors().some((name) => {
    const other = statSync(`/proc/self/fd/${name}`, { throwIfNoEntry: false })
    return other?.ino === ino && other.dev === dev && isReadOnly(name)
  })
}

// Where there is no /proc, nothing is known of any.
function isReadOnly(name: string): boolean {
  try {
    return /^flags:\s*[0-7]*[04]$/m.test(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))
  } catch {
    return false
  }
}

function descriptors(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd')
  } catch {
    return []
  }
}

// What somebody has opened for us is used as it is: a socket, as Node gives its children, cannot be opened by name.
function descriptorOf(file: string): number | undefined {
  if (file === '-' || file === '/dev/stdout') return 1
  if (file === '/dev/stderr') return 2
  const found = /^\/dev\/fd\/(\d{1,5})$/.exec(file)
  return found ? Number(found[1]) : undefined
}
