// Answers on stdout. Synchronous: process.stdout would load the whole machinery of streams for one line,
// and nothing may be lost when the process ends or becomes another one.
import { fstatSync, writeSync } from 'node:fs'

/** Writes all of it to stdout. A closed pipe (`| head -1`) or terminal is not an error of ours. */
export function print(text: string): void {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length; )
    try {
      offset += writeSync(1, bytes, offset)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE' || (code === 'EIO' && fstatSync(1).isCharacterDevice())) return
      // A pipe that somebody made non-blocking is full: its reader needs a moment.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
}
