// Text for whoever reads at the other end of a pipe or a socket, in their own time: what they have not taken
// yet is kept here, so that nobody waits for them.
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'

export interface ReaderQueue {
  /** Never waits. */
  readonly write: (text: string) => void
  /** Characters that the reader has not taken, about. */
  readonly left: () => number
  /** Resolves when all is taken, or cannot be: with the system's name for why. */
  readonly emptied: () => Promise<string | undefined>
  /** Drops what is left. The descriptor itself stays open. */
  readonly close: () => void
}

/** Whether a write into it may wait for somebody who reads. */
export function hasReader(fd: number): boolean {
  const stat = fstatSync(fd)
  return stat.isFIFO() || stat.isSocket()
}

/** A queue in front of a pipe or a socket. */
export function readerQueue(fd: number): ReaderQueue {
  const own = ownEnd(fd)
  const stream =
    own === undefined ? besideUs(fd) : new Socket({ fd: own, readable: false, writable: true })
  let trouble: string | undefined
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    trouble ??= code ?? message
  })
  return {
    write: (text) => {
      if (trouble === undefined) stream.write(text)
    },
    left: () => stream.writableLength,
    emptied: () =>
      new Promise((resolve) => {
        if (trouble !== undefined) return resolve(trouble)
        stream.write('', () => setImmediate(() => resolve(trouble)))
      }),
    close: () => {
      stream.destroy()
    },
  }
}

// The same pipe, opened once more: O_NONBLOCK is of whoever shares an open file, and ours may be that of the
// caller's shell. Nothing there, where the system has no /proc, for a socket, and for another user's pipe.
function ownEnd(fd: number): number | undefined {
  if (!fstatSync(fd).isFIFO()) return undefined
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    if (fstatSync(own).isFIFO()) return own
    closeSync(own)
    return undefined
  } catch {
    return undefined
  }
}

// It is one of the threads that waits then. Not where it can be helped: a process with such a thread can be
// ended by a signal, and not by process.exit().
function besideUs(fd: number): Writable {
  return new Writable({ write: (bytes: Buffer, _, done) => put(fd, bytes, done) })
}

function put(fd: number, bytes: Buffer, done: (error?: Error | null) => void): void {
  write(fd, bytes, (error, count) => {
    // Somebody made it non-blocking, and it is full.
    if (error?.code === 'EAGAIN') setTimeout(put, AGAIN_MS, fd, bytes, done)
    else if (error || count === bytes.length) done(error)
    else put(fd, bytes.subarray(count), done)
  })
}

const AGAIN_MS = 20
