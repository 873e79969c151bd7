// What a look at the machine depended on: files, and folders whose lists counted. It says in which folders
// to listen, and whether a hint concerns anything that was looked at.
import { delimiter, dirname } from 'node:path'

import type { Disk, FileStat, Host } from './host.ts'

/**
 * A host that notes what is asked of it.
 *
 * @example
 * const noting = new Noting(host)
 * noting.host.disk.stat(`${folder}/main.c`)
 * const asked = [...noting.files]
 */
export class Noting {
  readonly host: Host
  /** Files, by path; also where nothing is. */
  readonly files = new Set<string>()
  /** Folders of which it counts what is in them. */
  readonly lists = new Set<string>()
  /** Files that nodes write. */
  readonly outputs = new Set<string>()
  private isOfOutputs = false

  constructor(real: Host) {
    const disk: Disk = Object.create(real.disk, {
      stat: { value: (path: string) => this.follow(path, real.disk) },
      lstat: { value: (path: string) => this.note(path, real.disk.lstat(path)) },
      lstatMany: { value: (paths: readonly string[]) => this.noteMany(paths, real.disk) },
      digestMany: {
        value: (paths: readonly string[]) => {
          for (const path of paths) this.note(path, real.disk.lstat(path))
          return real.disk.digestMany(paths)
        },
      },
    })
    const shell = Object.create(real.shell, {
      which: { value: (name: string, path?: string) => this.noteProgram(name, path, real) },
    })
    this.host = { ...real, disk, shell }
  }

  /** What is asked within is asked about outputs. */
  ofOutputs<T>(ask: () => T): T {
    this.isOfOutputs = true
    try {
      return ask()
    } finally {
      this.isOfOutputs = false
    }
  }

  private note(path: string, stat: FileStat | undefined): FileStat | undefined {
    if (this.isOfOutputs) this.outputs.add(path)
    else if (stat?.kind === 'folder') this.lists.add(path)
    else this.files.add(path)
    return stat
  }

  // An edit of what a link stands for is heard of where that lies.
  private follow(path: string, disk: Disk): FileStat | undefined {
    const own = disk.lstat(path)
    if (own?.kind !== 'link') return this.note(path, own)
    const target = disk.realPath(path)
    if (target !== undefined && !this.isOfOutputs) this.files.add(target)
    this.files.add(path)
    return this.note(path, disk.stat(path))
  }

  private *noteMany(paths: readonly string[], disk: Disk): Iterable<FileStat | undefined> {
    let i = 0
    for (const stat of disk.lstatMany(paths)) yield this.note(paths[i++] as string, stat)
  }

  // Another program of that name may come to stand before it on PATH.
  private noteProgram(name: string, path: string | undefined, real: Host): string | undefined {
    const found = real.shell.which(name, path)
    if (name.includes('/')) return found
    for (const folder of (path ?? real.env['PATH'] ?? '').split(delimiter)) {
      if (folder.startsWith('/')) this.files.add(`${folder}/${name}`)
      if (found === `${folder}/${name}`) break
    }
    return found
  }
}

export interface NotedOptions {
  readonly disk: Disk
  /** Above it nobody renames folders while we look. */
  readonly top: string
  /** Never listened in, nor below it. */
  readonly never: readonly string[]
  /** Names of folders to leave out, unless a file that was looked at lies there. */
  readonly seldom: readonly string[]
}

/** Folders in which to listen, and what concerns us there. */
export class Noted {
  private readonly noted: Pick<Noting, 'files' | 'lists' | 'outputs'>
  private readonly options: NotedOptions
  private readonly listened = new Set<string>()
  /** Folders whose coming or going is of interest in itself. */
  private readonly ways = new Set<string>()

  constructor(noted: Pick<Noting, 'files' | 'lists' | 'outputs'>, options: NotedOptions) {
    this.noted = noted
    this.options = options
    for (const folder of noted.lists) if (!this.isSeldom(folder)) this.add(folder)
    for (const path of noted.files) this.add(dirname(path))
    for (const path of noted.outputs) this.add(dirname(path))
  }

  /** All of them exist. */
  get folders(): ReadonlySet<string> {
    return this.listened
  }

  /** Whether a look would ask about this again, and may get another answer. */
  concerns(path: string): boolean {
    const { files, lists, outputs } = this.noted
    // What nodes write is no news, unless somebody took it away.
    if (outputs.has(path)) return this.options.disk.lstat(path) === undefined
    return [files, lists, this.ways].some((known) => known.has(path)) || lists.has(dirname(path))
  }

  /**
   * A folder that came into one of which the list counts: it and all below count, until a look says
   * otherwise. False where nothing of it is new.
   */
  grow(path: string): boolean {
    const { disk } = this.options
    const { lists } = this.noted
    if (!lists.has(dirname(path)) || disk.lstat(path)?.kind !== 'folder') return false
    const isNew = !this.listened.has(path)
    if (isNew && !this.isSeldom(path)) this.add(path)
    if (!this.listened.has(path)) return false
    lists.add(path)
    const below = (disk.list(path) ?? []).map((name) => this.grow(`${path}/${name}`))
    return isNew || below.includes(true)
  }

  private add(folder: string): void {
    const { disk, top, never } = this.options
    const isNever = never.some((left) => folder === left || folder.startsWith(`${left}/`))
    if (this.listened.has(folder) || isNever) return
    const isThere = isFolder(folder, disk)
    // A folder of PATH may be one that nobody may look at: nothing of it is ever seen.
    if (isThere === undefined) return
    if (isThere) this.listened.add(folder)
    this.ways.add(folder)
    // A folder that is moved away takes its watch with it: only the one above hears of that.
    const above = dirname(folder)
    if (above !== folder && (folder.startsWith(`${top}/`) || !isThere)) this.add(above)
  }

  private isSeldom(folder: string): boolean {
    return this.options.seldom.some((name) => folder.split('/').includes(name))
  }
}

function isFolder(path: string, disk: Disk): boolean | undefined {
  try {
    return disk.stat(path)?.kind === 'folder'
  } catch {
    return undefined
  }
}
