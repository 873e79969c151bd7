// Everything that is asked of a host, for a seal: by whom, and what it answered first.
import type { DigestedFile, Disk, FileStat, Host } from './host.ts'
import { identityOf } from './identity.ts'
import { type SealHeader, searchedFor } from './seal-file.ts'

interface Note {
  readonly stat: FileStat | undefined
  /** Another look has seen it otherwise: nothing that was concluded from it stands. */
  isMoved: boolean
  /** One may stand in it twice. */
  readonly owners: number[]
}

export class SealNotes {
  /** The real one, with a note of each question that is asked for somebody. */
  readonly host: Host
  readonly startedMs: number
  private readonly env = new Map<string, string | null>()
  private readonly programs = new Map<string, string | null>()
  private readonly facts = new Map<string, string | null>()
  /** By way ('s': links followed, or 'l') and path. */
  readonly stats = new Map<string, Note>()
  private owner: number | undefined

  /** `owner`: for whom all is asked of which nothing else is said; nothing is noted for nobody. */
  constructor(real: Host, owner?: number) {
    this.owner = owner
    this.startedMs = real.clock.fileNow()
    const disk: Disk = Object.create(real.disk, {
      stat: { value: (path: string) => this.note('s', path, real.disk.stat(path)) },
      lstat: { value: (path: string) => this.note('l', path, real.disk.lstat(path)) },
      lstatMany: { value: (paths: readonly string[]) => this.noteMany(paths, real.disk) },
      digestMany: { value: (paths: readonly string[]) => this.noteRead(paths, real.disk) },
    })
    const which = (name: string, path?: string): string | undefined =>
      this.noteNamed(this.programs, searchedFor(name, path), real.shell.which(name, path))
    const shell = Object.create(real.shell, { which: { value: which } })
    const env = new Proxy(real.env, {
      get: (_, name) => this.noteNamed(this.env, String(name), real.env[String(name)]),
    })
    const fact = (name: string): string | undefined =>
      this.noteNamed(this.facts, name, real.fact(name))
    this.host = { ...real, disk, shell, env, fact }
  }

  /** What is asked within is asked for this node, by its place in the graph, or for `ALL`. */
  askedFor<T>(owner: number, ask: () => T): T {
    const before = this.owner
    this.owner = owner
    try {
      return ask()
    } finally {
      this.owner = before
    }
  }

  /** What has a name and a value, as a seal keeps it. */
  named(): Pick<SealHeader, 'env' | 'programs' | 'facts'> {
    return { env: [...this.env], programs: [...this.programs], facts: [...this.facts] }
  }

  /** Who asked for something that moved between two looks. */
  get unsettled(): readonly number[] {
    return [...this.stats.values()].flatMap(({ isMoved, owners }) => (isMoved ? owners : []))
  }

  forgetAll(): void {
    for (const notes of [this.env, this.programs, this.facts, this.stats]) notes.clear()
  }

  private note(way: string, path: string, stat: FileStat | undefined): FileStat | undefined {
    const { owner } = this
    if (owner === undefined) return stat
    const key = way + path
    const note = this.stats.get(key)
    if (note === undefined) {
      this.stats.set(key, { stat, isMoved: false, owners: [owner] })
      return stat
    }
    note.isMoved ||= identityOf(note.stat) !== identityOf(stat) || note.stat?.mode !== stat?.mode
    if (note.owners.at(-1) !== owner) note.owners.push(owner)
    return stat
  }

  // What cannot be read, or is not there, is asked for again, one by one.
  private *noteMany(paths: readonly string[], disk: Disk): Iterable<FileStat | undefined> {
    let i = 0
    for (const stat of disk.lstatMany(paths)) {
      if (stat) this.note('l', paths[i] as string, stat)
      i++
      yield stat
    }
  }

  private *noteRead(paths: readonly string[], disk: Disk): Iterable<DigestedFile | undefined> {
    let i = 0
    for (const read of disk.digestMany(paths)) {
      if (read) this.note('l', paths[i] as string, read.stat)
      i++
      yield read
    }
  }

  // These are few and seldom change: whose they are is not kept.
  private noteNamed(
    notes: Map<string, string | null>,
    name: string,
    value: string | undefined,
  ): string | undefined {
    if (this.owner !== undefined) notes.set(name, value ?? null)
    return value
  }
}
