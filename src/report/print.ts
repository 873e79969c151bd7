// Answers on stdout. Synchronous: process.stdout would load the whole machinery of streams for one line,
// and nothing may be lost when the process ends or becomes another one.
import { fstatSync, writeSync } from 'node:fs'

/** Writes all of it to stdout. */
export function print(text: string): void {
  writeAll(1, text)
}

/** False when nobody reads it: a closed pipe (`| head -1`) or terminal is not an error of ours. */
export function writeAll(fd: number, text: string): boolean {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length; )
    try {
      offset += writeSync(fd, bytes, offset)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE' || (code === 'EIO' && fstatSync(fd).isCharacterDevice())) return false
      // A pipe that somebody made non-blocking is full: its reader needs a moment.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  return true
}
