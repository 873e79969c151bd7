// One file to its digest and the identity that it was read under. Opened once, so that both are of one file.
import type { Hash } from 'node:crypto'
import type { Stats } from 'node:fs'

export interface ReadFile {
  /** Taken before the first byte was read. */
  readonly stat: Stats
  /** SHA-256, hex. */
  readonly digest: string
  /** What it held, where that is up to `keep` bytes. */
  readonly content?: Buffer
}

interface DigesterOptions {
  readonly newHash?: () => Hash
  readonly isLinkRefused?: boolean
  readonly keep?: number
}

/**
 * A function that digests a file; it throws when that is no regular file or cannot be read. It has one buffer,
 * which it fills again for every file. `newHash` is for those that are larger than that; links are followed, or
 * refused; up to `keep` bytes what was read is handed on.
 *
 * Threads run its text, so it uses nothing from around it.
 */
export function fileDigester({
  newHash,
  isLinkRefused = false,
  keep = 0,
}: DigesterOptions = {}): (path: string) => ReadFile {
  const { openSync, fstatSync, readSync, closeSync, constants } =
    process.getBuiltinModule('node:fs')
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
  // Windows has no such flag.
  const flags = O_RDONLY | O_NONBLOCK | (isLinkRefused ? (O_NOFOLLOW ?? 0) : 0)
  // Stays in the processor's cache; models are larger than any memory, and every spawn forks ours.
  const PIECE = 256 * 1024
  let crypto: typeof import('node:crypto')
  let buffer: Buffer | undefined

  // `size`: where a read ends there, having asked for more, it is the end, and nobody has to ask again.
  const fill = (file: number, piece: Buffer, size?: number): Buffer => {
    let length = 0
    for (let read = -1; read !== 0 && length < piece.length && length !== size; length += read)
      read = readSync(file, piece, length, piece.length - length, null)
    return piece.subarray(0, length)
  }
  const inPieces = (file: number, piece: Buffer): string => {
    const hash = newHash?.() ?? crypto.createHash('sha256')
    for (let bytes = fill(file, piece); bytes.length > 0; bytes = fill(file, piece))
      hash.update(bytes)
    return hash.digest('hex')
  }
  return (path) => {
    crypto ??= process.getBuiltinModule('node:crypto')
    buffer ??= Buffer.allocUnsafeSlow(PIECE)
    // Opening a FIFO waits for a writer otherwise.
    const file = openSync(path, flags)
    try {
      const stat = fstatSync(file)
      if (!stat.isFile())
        throw Object.assign(new Error(`not a regular file: ${path}`), { code: 'EINVAL', path })
      // What the kernel makes up as it is read says that it is empty.
      const { size } = stat
      if (size === 0 || size > PIECE) return { stat, digest: inPieces(file, buffer) }
      const piece = fill(file, buffer, size)
      const digest = crypto.hash('sha256', piece, 'hex')
      return piece.length <= keep ? { stat, digest, content: Buffer.from(piece) } : { stat, digest }
    } finally {
      closeSync(file)
    }
  }
}
