// A FIFO whose bytes are tokens. We hold it open both ways: reading finds it empty and not closed, and
// what tools have put back stays in it when the last of them ends.
import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { promisify } from 'node:util'

import type { TokenPipe } from '../host.ts'

const PIECE = 4096

/** Makes it at a path, in place of what a killed run may have left there. */
export async function tokenPipe(path: string): Promise<TokenPipe> {
  fs.rmSync(path, { force: true })
  await makeFifo(path)
  const pipe = opened(path)
  const close = (): void => {
    pipe.close()
    fs.rmSync(path, { force: true })
  }
  return { ...pipe, close }
}

/**
 * The pipe that MAKEFLAGS names, if it is there for us: in a recipe without `+` make tells of descriptors
 * and does not hand them on.
 */
export function inheritedPipe(makeflags: string): TokenPipe | undefined {
  const named = [...makeflags.matchAll(/--jobserver-(?:auth|fds)=(\S+)/g)].at(-1)?.[1] ?? ''
  const [, fifo] = /^fifo:(.+)$/.exec(named) ?? []
  const [, read, write] = /^(\d+),(\d+)$/.exec(named) ?? []
  try {
    if (fifo !== undefined) return fs.statSync(fifo).isFIFO() ? opened(fifo) : undefined
    if (read === undefined || write === undefined) return undefined
    if (!isParents(read, write)) return undefined
    // Opened anew: whether it waits is a thing of the descriptor's, and make has its own mind about that.
    return opened(`/proc/${process.pid}/fd/${read}`)
  } catch {
    // It is gone, or this is no Linux.
    return undefined
  }
}

// Node has pipes of its own, and one of them may have these numbers.
function isParents(read: string, write: string): boolean {
  const links = [process.pid, process.ppid].flatMap((pid) =>
    [read, write].map((fd) => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)),
  )
  return links.every((link) => link.startsWith('pipe:') && link === links[0])
}

function opened(path: string): TokenPipe {
  const { O_RDWR, O_NONBLOCK } = fs.constants
  const fd = fs.openSync(path, O_RDWR | O_NONBLOCK)
  return {
    path,
    take: () => read(fd, 1) === 1,
    put: (count) => void fs.writeSync(fd, '+'.repeat(count)),
    empty: () => {
      while (read(fd, PIECE) > 0);
    },
    close: () => fs.closeSync(fd),
  }
}

// Node has no mkfifo of its own.
async function makeFifo(path: string): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path])
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string }
    const why = (stderr || message).trim()
    throw Object.assign(new Error(`the jobserver needs a FIFO here: ${why}`), {
      code: typeof code === 'string' ? code : 'ENOTSUP',
      path,
    })
  }
}

function read(fd: number, count: number): number {
  try {
    return fs.readSync(fd, Buffer.alloc(count), 0, count, null)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}
