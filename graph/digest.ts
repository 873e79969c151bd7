// Bytes to a digest: SHA-256 in hex, so that a digest is also one of the Remote Execution API. In one call
// of Node's, which is a third of what a hash object costs for a small file; loaded when something is
// digested, since a run in which nothing changed never is.
/**
 * Up to this, what was digested is handed on with the digest: it costs less within a line of the cache than as
 * a file of its own.
 */
export const SMALL_BYTES = 4096

/** 64 hex digits. */
export type Digest = string

let crypto: typeof import('node:crypto') | undefined

export function digestText(text: string): Digest {
  crypto ??= process.getBuiltinModule('node:crypto')
  return crypto.hash('sha256', text)
}

export function digestBytes(bytes: Uint8Array): Digest {
  crypto ??= process.getBuiltinModule('node:crypto')
  return crypto.hash('sha256', bytes)
}

// From so many on, loading node:crypto is the quicker way.
const MUCH = 1024 * 1024

/**
 * Guards our own state files against torn or flipped bytes, with 32 bits; not for content. A change is noticed
 * but for one in 4e9. FNV-1a, since node:zlib's crc32 loads all of Node's streams first, 3 ms; what is long
 * gets the first bits of its digest.
 */
export function checksum(content: Uint8Array | string): string {
  const { length } = content
  if (length < MUCH) return fnv(content)
  return (typeof content === 'string' ? digestText(content) : digestBytes(content)).slice(0, 8)
}

function fnv(content: Uint8Array | string): string {
  let hash = 0x811c9dc5 | 0
  const { length } = content
  if (typeof content === 'string') {
    // Two at a time: the journal is read at every run.
    const even = length - (length % 2)
    for (let i = 0; i < even; i += 2) {
      const pair = content.charCodeAt(i) | (content.charCodeAt(i + 1) << 16)
      hash = Math.imul(hash ^ pair, PRIME)
    }
    if (even < length) hash = Math.imul(hash ^ content.charCodeAt(even), PRIME)
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
