// Bytes to a digest: SHA-256 in hex, so that a digest is also one of the Remote Execution API.
// hasha costs 9 ms to import and a run in which nothing changed never digests, so it comes late.
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

/**
 * Guards our own state files against torn or flipped bytes (FNV-1a, 32 bits); not for content. Any
 * change within one byte is noticed, others but for one in 4e9. node:zlib's crc32 is quicker by the byte
 * and loads all of Node's streams first, 3 ms.
 */
export function checksum(content: Uint8Array | string): string {
  let hash = 0x811c9dc5 | 0
  const { length } = content
  if (typeof content === 'string')
    for (let i = 0; i < length; i++) hash = Math.imul(hash ^ content.charCodeAt(i), 0x01000193)
  else for (let i = 0; i < length; i++) hash = Math.imul(hash ^ (content[i] as number), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
