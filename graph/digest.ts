// Bytes to a digest: SHA-256 in hex, so that a digest is also one of the Remote Execution API.
// hasha costs 9 ms to import and a run in which nothing changed never digests, so it comes late.
import { crc32 } from 'node:zlib'

/** 64 hex digits. */
export type Digest = string

type HashSync = (input: Uint8Array | string, options: { algorithm: 'sha256' }) => string

let hashSync: HashSync | undefined

/** Must have been awaited before digestText or digestBytes. */
export async function loadDigest(): Promise<void> {
  hashSync ??= (await import('hasha')).hashSync as HashSync
}

export function isDigestLoaded(): boolean {
  return hashSync !== undefined
}

export function digestText(text: string): Digest {
  if (hashSync === undefined) throw new Error('BUG: digestText before loadDigest')
  return hashSync(text, { algorithm: 'sha256' })
}

export function digestBytes(bytes: Uint8Array): Digest {
  if (hashSync === undefined) throw new Error('BUG: digestBytes before loadDigest')
  return hashSync(bytes, { algorithm: 'sha256' })
}

/** Guards lines of our own state files against torn or flipped bytes; not for content. */
export function checksum(bytes: Uint8Array | string): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}
