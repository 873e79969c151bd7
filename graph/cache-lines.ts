// The lines of the cache: what a node made under a key, and when that was last of use. A line with a
// wrong checksum is as if it had not been written.
import type { BlobName } from './blobs.ts'
import { escaped, unescaped } from './escape.ts'
import { asLine, checkedPayload } from './journal-lines.ts'
import type { FileState } from './snapshot.ts'

/** A file that a node made. */
export interface StoredOutput {
  /** Relative to the graph's folder. */
  readonly path: string
  readonly state: FileState
  /** Permissions. */
  readonly mode: number
  readonly size: number
  /** Of a small file; the text of a link. A large file has its content among the blobs. */
  readonly content: Uint8Array | undefined
}

/** What a node made once. */
export interface Stored {
  /** Digest of its key without discovered inputs: known before it runs. */
  readonly key: string
  /** Digest of its whole key. */
  readonly fingerprint: string
  /** Milliseconds that its commands took. */
  readonly ms: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly discovered: readonly string[]
  readonly outputs: readonly StoredOutput[]
}

/** The name under which a large file's content lies. */
export function blobOf({ state, size }: Pick<StoredOutput, 'state' | 'size'>): BlobName {
  return `${state.slice(1)}-${size}`
}

/** When something stored was of use. */
export interface Use {
  readonly key: string
  readonly fingerprint: string
  readonly at: number
}

const FIELD = '\x1f'
const ITEM = '\x1e'
const IN_BLOBS = 'b'

export function storedLine({ key, fingerprint, ms, at, outputs, discovered }: Stored): string {
  const times = [String(Math.round(ms * 10) / 10), String(Math.round(at))]
  const lists = [outputs.map(outputItem).join(ITEM), discovered.map(escaped).join(ITEM)]
  return asLine(['A', key, fingerprint, ...times, ...lists])
}

export function useLine({ key, fingerprint, at }: Use): string {
  return asLine(['U', key, fingerprint, String(Math.round(at))])
}

/** The key of a line that looks like one of something stored, without checking it. */
export function keyOfLine(line: string): string | undefined {
  return line.startsWith(`A${FIELD}`, HEAD) ? keyIn(line) : undefined
}

/** The same of any line; undefined where none could be. */
export function keyIn(line: string): string | undefined {
  const key = line.slice(HEAD + 2, HEAD + 66)
  return /^[0-9a-f]{64}$/.test(key) ? key : undefined
}

// Checksum and blank.
const HEAD = 9

/** Undefined when it is damaged. */
export function readLine(line: string): Stored | Use | undefined {
  const payload = checkedPayload(line)
  if (payload === undefined) return undefined
  const [kind, key = '', fingerprint = '', ...rest] = payload.split(FIELD)
  if (kind === 'U') return { key, fingerprint, at: Number(rest[0]) }
  const [ms, at, outputs, discovered] = rest
  if (kind !== 'A' || discovered === undefined) return undefined
  return {
    key,
    fingerprint,
    ms: Number(ms),
    at: Number(at),
    outputs: items(outputs).map(readOutput),
    discovered: items(discovered).map(unescaped),
  }
}

function outputItem({ path, state, mode, size, content }: StoredOutput): string {
  const where = content === undefined ? IN_BLOBS : `=${Buffer.from(content).toString('base64')}`
  return [escaped(path), state, mode.toString(8), String(size), where].join('\t')
}

function readOutput(item: string): StoredOutput {
  const [path, state, mode, size, where] = item.split('\t') as [
    string,
    string,
    string,
    string,
    string,
  ]
  return {
    path: unescaped(path),
    state,
    mode: Number.parseInt(mode, 8),
    size: Number(size),
    content: where === IN_BLOBS ? undefined : Buffer.from(where.slice(1), 'base64'),
  }
}

function items(field: string | undefined): readonly string[] {
  return field ? field.split(ITEM) : []
}
