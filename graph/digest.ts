// Bytes to a digest: SHA-256 in hex, so that a digest is also one of the Remote Execution API.
// hasha costs 9 ms to import and a run in which nothing changed never digests, so it comes late.
/** 64 hex digits. */
export type Digest = string

type HashSync = (input: Uint8Array | string, options: { algorithm: 'sha256' }) => string

let hashSync: HashSync | undefined

/**
 * Must have been awaited before anything is digested: what finds everything fresh digests nothing, and does
 * not load a hash for it.
 *
 * @example await loadDigest()
 */
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

/**
 * Guards our own state files against torn or flipped bytes (FNV-1a, 32 bits); not for content. Any
 * change within one word is noticed, others but for one in 4e9. node:zlib's crc32 is quicker by the byte
 * and loads all of Node's streams first, 3 ms.
 */
export function checksum(content: Uint8Array | string): string {
  let hash = 0x811c9dc5 | 0
  const { length } = content
  if (typeof content === 'string') {
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ content.charCodeAt(i), PRIME)
  } else {
    // Four bytes at a time; a copy, for a view of words must start at a multiple of four.
    const whole = length - (length % 4)
    const words = new Uint32Array(new Uint8Array(content.subarray(0, whole)).buffer)
    for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ (words[i] as number), PRIME)
    for (let i = whole; i < length; i++) hash = Math.imul(hash ^ (content[i] as number), PRIME)
  }
  return (hash >>> 0).toString(16).padStart(8, '0')
}

const PRIME = 0x01000193
