// What a look at the machine depended on: files, and folders whose lists counted. It says in which folders
// to listen, and whether a hint concerns anything that was looked at.
import { delimiter, dirname } from 'node:path'

import type { Disk, FileStat, Host } from './host.ts'

/** A host that notes what is asked of it. */
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
    })
    const shell = Object.create(real.shell, {
      which: { value: (name: string) => this.noteProgram(name, real) },
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

  // Another program of that name may come to stand before it on PATH.
  private noteProgram(name: string, real: Host): string | undefined {
    const found = real.shell.which(name)
    if (name.includes('/')) return found
    for (const folder of (real.env['PATH'] ?? '').split(delimiter)) {
      if (folder.startsWith('/')) this.files.add(`${folder}/${name}`)
      if (found === `${folder}/${name}`) break
    }
    return found
  }
}

/** Folders in which to listen, and what concerns us there. */
export class Noted {
  /** All of them exist. */
  readonly folders: ReadonlySet<string>
  private readonly noted: Pick<Noting, 'files' | 'lists' | 'outputs'>
  /** Folders whose coming or going is of interest in itself. */
  private readonly ways = new Set<string>()
  private readonly disk: Disk

  constructor(
    noted: Pick<Noting, 'files' | 'lists' | 'outputs'>,
    options: {
      readonly disk: Disk
      /** Above it nobody renames folders while we look. */
      readonly top: string
      /** Never listened in, nor below it. */
      readonly never: readonly string[]
      /** Names of folders to leave out, unless a file that was looked at lies there. */
      readonly seldom: readonly string[]
    },
  ) {
    const { disk, top, never, seldom } = options
    this.noted = noted
    this.disk = disk
    const folders = new Set<string>()
    const isLeftOut = (folder: string): boolean =>
      never.some((left) => folder === left || folder.startsWith(`${left}/`))
    const add = (folder: string): void => {
      if (folders.has(folder) || isLeftOut(folder)) return
      if (disk.stat(folder)?.kind === 'folder') folders.add(folder)
      this.ways.add(folder)
      // A folder that is moved away takes its watch with it: only the one above hears of that.
      const above = dirname(folder)
      if (above !== folder && (folder.startsWith(`${top}/`) || !folders.has(folder))) add(above)
    }
    for (const folder of noted.lists)
      if (!seldom.some((name) => folder.split('/').includes(name))) add(folder)
    for (const path of noted.files) add(dirname(path))
    for (const path of noted.outputs) add(dirname(path))
    this.folders = folders
  }

  /** Whether a look would ask about this again, and may get another answer. */
  concerns(path: string): boolean {
    const { files, lists, outputs } = this.noted
    // What nodes write is no news, unless somebody took it away.
    if (outputs.has(path)) return this.disk.lstat(path) === undefined
    return [files, lists, this.ways].some((known) => known.has(path)) || lists.has(dirname(path))
  }
}
