// What of a log can matter, whatever its size: a short one whole; of a long one its beginning, the lines in
// between that speak of a failure, and its end. Memory and time stay bounded.
import * as fs from 'node:fs'

export interface Excerpt {
  readonly text: string
  /** Of the whole log. */
  readonly bytes: number
  /** It is no text: more than a tenth of its beginning are control characters. */
  readonly isBinary: boolean
}

/**
 * Reads a log to its end.
 *
 * @param descriptor an open file, a pipe or a terminal
 */
export function logExcerpt(descriptor: number): Excerpt {
  const chunk = Buffer.alloc(CHUNK)
  const first = readFully(descriptor, chunk)
  const start = Buffer.from(chunk.subarray(0, first))
  const decoder = decoderOf(start)
  const kept = new Kept()
  let bytes = first
  kept.add(decoder.decode(start, { stream: true }))
  for (let size = first; size > 0; bytes += size) {
    size = readFully(descriptor, chunk)
    kept.add(decoder.decode(chunk.subarray(0, size), { stream: true }))
  }
  kept.add(decoder.decode())
  return { text: kept.text(), bytes, isBinary: isBinary(start, decoder.encoding) }
}

const CHUNK = 256 * 1024
// As much as the classifier looks at; more of the beginning would push the middle out.
const WHOLE = 320 * 1024
const HEAD = 48 * 1024
const MIDDLE = 40 * 1024
const TAIL = 32 * 1024
// A line longer than that is cut: a log without line ends is one line.
const LINE = 4000

const TELLING =
  /error|fatal|fail|cannot|can't|could not|couldn't|denied|not permitted|undefined|not found|no such|unable|killed|timed? ?out|refused|unreachable|\*\*\*|no space|out of memory|fehler|erreur/i

// Collects a text piece by piece: the whole of it while it is short, then what tells.
class Kept {
  private whole: string | undefined = ''
  private head = ''
  private middle = ''
  private tail = ''
  private line = ''

  add(text: string): void {
    if (this.whole !== undefined && this.whole.length + text.length <= WHOLE) this.whole += text
    else this.whole = undefined
    const room = HEAD - this.head.length
    this.head += text.slice(0, room)
    this.tail = (this.tail + text).slice(-TAIL)
    this.look(text.slice(room))
  }

  text(): string {
    return this.whole ?? `${this.head}\n${this.middle}${this.tail}`
  }

  private look(text: string): void {
    if (this.middle.length >= MIDDLE) return
    const lines = (this.line + text).split(/\r\n|\r|\n/)
    this.line = (lines.pop() ?? '').slice(0, LINE)
    for (const line of lines) {
      const short = line.slice(0, LINE)
      if (TELLING.test(short) && this.middle.length < MIDDLE) this.middle += `${short}\n`
    }
  }
}

// A pipe gives what it has; whether a log is binary is judged by more than its first write.
function readFully(descriptor: number, into: Buffer): number {
  let size = 0
  while (size < into.length) {
    const read = readSome(descriptor, into, size)
    if (read === 0) break
    size += read
  }
  return size
}

function readSome(descriptor: number, into: Buffer, at: number): number {
  for (;;)
    try {
      return fs.readSync(descriptor, into, at, into.length - at, null)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      // Somebody made the pipe non-blocking, and its writer needs a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
}

// PowerShell writes UTF-16 when it redirects.
function decoderOf(start: Buffer): InstanceType<typeof TextDecoder> {
  if (start[0] === 0xff && start[1] === 0xfe) return new TextDecoder('utf-16le')
  if (start[0] === 0xfe && start[1] === 0xff) return new TextDecoder('utf-16be')
  return new TextDecoder('utf-8')
}

function isBinary(start: Buffer, encoding: string): boolean {
  if (encoding !== 'utf-8') return false
  let controls = 0
  for (const byte of start) if (byte < 0x20 && !TEXT_CONTROLS.has(byte)) controls++
  return controls > start.length / 10
}

// Bell, backspace, tab, line feed, form feed, carriage return, escape.
const TEXT_CONTROLS: ReadonlySet<number> = new Set([7, 8, 9, 10, 12, 13, 27])
