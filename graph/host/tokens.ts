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
  const { O_RDWR, O_NONBLOCK } = fs.constants
  const fd = fs.openSync(path, O_RDWR | O_NONBLOCK)
  return {
    path,
    take: () => read(fd, 1) === 1,
    put: (count) => void fs.writeSync(fd, '+'.repeat(count)),
    empty: () => {
      while (read(fd, PIECE) > 0);
    },
    close: () => {
      fs.closeSync(fd)
      fs.rmSync(path, { force: true })
    },
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
