// What files hold, as one look sees it: their states, taken from the snapshot while their identity stands.
import { quote } from './command.ts'
import { digestText } from './digest.ts'
import { GraphError } from './error.ts'
import type { Clock, DigestedFile, Disk, FileStat, Host } from './host.ts'
import type { FileState, Snapshot } from './snapshot.ts'

// So many files to read are asked for at once.
const MANY = 64

// Equals the state of no file.
const PRETENDED = 'pretended'

/** Told of a file that is read, by its place in the list: itself, and what a link leads to, otherwise the same. */
export type See = (i: number, own: FileStat | undefined, target: FileStat | undefined) => void

/** Told of a file that had to be read. */
export type OnRead = (read: DigestedFile) => void

export class FileStates {
  private readonly disk: Disk
  private readonly clock: Clock
  private readonly snapshot: Snapshot
  private readonly pretended: ReadonlySet<string>

  /** `pretended`: absolute paths of files that are taken as changed, whatever they hold. */
  constructor({ disk, clock }: Host, snapshot: Snapshot, pretended: ReadonlySet<string>) {
    this.disk = disk
    this.clock = clock
    this.snapshot = snapshot
    this.pretended = pretended
  }

  /** State of a file that is read; links to files are followed. Undefined when nothing is there. */
  input(path: string): FileState | undefined {
    return this.one(path, 0)
  }

  /** The same of many, in their order: what has to be read is read on all cores where it is much. */
  inputs(paths: readonly string[], see?: See): readonly (FileState | undefined)[] {
    if (paths.length < MANY) return paths.map((path, i) => this.one(path, i, see))
    const states = this.knownInputs(paths, see)
    const unread = [...paths.keys()].filter((i) => states[i] === undefined)
    if (unread.length >= MANY) this.readMany(paths, unread, states, see)
    return states.map((state, i) => state ?? this.one(paths[i] as string, i, see))
  }

  private one(path: string, i: number, see?: See): FileState | undefined {
    if (this.pretended.has(path)) return PRETENDED
    try {
      const own = this.disk.lstat(path)
      const target = own?.kind === 'link' ? this.disk.stat(path) : own
      see?.(i, own, target)
      return target && this.stateBehind(path, own, target)
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  // What lies behind a link to a folder is not looked at: where it leads is all that counts.
  private stateBehind(path: string, own: FileStat | undefined, target: FileStat): FileState {
    const isOfLink = own?.kind === 'link' && target.kind === 'folder'
    return isOfLink ? this.linkState(path, own) : this.state(path, target)
  }

  // Whatever is odd about a file is left to `one`; links too.
  private knownInputs(paths: readonly string[], see?: See): (FileState | undefined)[] {
    const isAsked = paths.map((path) => !this.pretended.has(path) && this.snapshot.has(path))
    const stats = this.disk.lstatMany(paths.filter((_, i) => isAsked[i]))[Symbol.iterator]()
    return paths.map((path, i) => {
      const own: FileStat | undefined = isAsked[i] ? stats.next().value : undefined
      const state = own && this.snapshot.known(path, own)
      if (state !== undefined) see?.(i, own, own)
      return state
    })
  }

  // Each under the identity that it had when it was opened, as one alone.
  private readMany(
    paths: readonly string[],
    unread: readonly number[],
    states: (FileState | undefined)[],
    see?: See,
  ): void {
    const lookedAt = this.clock.fileNow()
    let next = 0
    for (const read of this.disk.digestMany(unread.map((i) => paths[i] as string))) {
      const i = unread[next++] as number
      if (read === undefined) continue
      const { stat } = read
      const state = stateOf(stat, read.digest)
      states[i] = state
      see?.(i, stat, stat)
      this.snapshot.remember(paths[i] as string, stat, state, lookedAt)
    }
  }

  /** State of a file that was written; a link counts as itself. Undefined when nothing is there. */
  output(path: string, onRead?: OnRead): FileState | undefined {
    if (this.pretended.has(path)) return PRETENDED
    try {
      const stat = this.disk.lstat(path)
      if (stat === undefined) return undefined
      return stat.kind === 'link' ? this.linkState(path, stat) : this.state(path, stat, onRead)
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  private linkState(path: string, stat: FileStat): FileState {
    const key = `${path}\0link`
    const known = this.snapshot.known(key, stat)
    if (known !== undefined) return known
    const lookedAt = this.clock.fileNow()
    const state = `l${digestText(this.disk.readLink(path))}`
    this.snapshot.remember(key, stat, state, lookedAt)
    return state
  }

  private state(path: string, stat: FileStat, onRead?: OnRead): FileState {
    const known = this.snapshot.known(path, stat)
    if (known !== undefined) return known
    if (stat.kind !== 'file')
      throw new GraphError(
        `'${path}' is a ${stat.kind === 'folder' ? 'folder' : 'special file'}, not a file`,
        {
          code: 'bad-file',
          place: path,
          hint:
            stat.kind === 'folder' ? "name its files, with '/**' behind it" : 'name a regular file',
        },
      )
    // Under the identity that it had when it was opened. What is written after that is younger: nothing is
    // remembered of it under what it will be.
    const lookedAt = this.clock.fileNow()
    const read = this.disk.digest(path)
    const state = stateOf(read.stat, read.digest)
    this.snapshot.remember(path, read.stat, state, lookedAt)
    onRead?.(read)
    return state
  }
}

function stateOf({ mode }: FileStat, digest: string): FileState {
  return `${mode & 0o111 ? 'x' : 'f'}${digest}`
}

/** A file or folder that is there and refuses to be read is the person's to correct. */
export function unreadable(path: string, error: unknown): unknown {
  const { code } = error as { code?: string }
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error
  const where = (error as { path?: string }).path ?? path
  return new GraphError(`cannot read '${where}': ${code}`, {
    code: 'bad-file',
    place: where,
    errno: code,
    hint: `make it readable: ls -ld ${quote(where)}`,
    cause: error,
  })
}
