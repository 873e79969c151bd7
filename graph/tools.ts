// What stands behind the names of programs. Looked up once, and as often as somebody has doubts: then the files
// behind it must be as they were.
import type { FileStat, Host } from './host.ts'
import { identityOf } from './identity.ts'
import type { FileState } from './snapshot.ts'

/** In place of the identity of a program that is not there. */
export const MISSING = 'missing'

// Longer ones are no wrappers.
const WRAPPER_BYTES = 65_536
// Wrappers that call wrappers.
const DEPTH = 3
// A look takes 20 us, and nobody replaces a program and puts it back in less.
const STANDS_MS = 20

/** How it asks for files: `path` of a name with a slash, and the state of what is read. */
export interface ToolsOptions {
  readonly host: Host
  /** Of the graph. */
  readonly folder: string
  readonly path: (name: string) => string
  readonly input: (path: string) => FileState | undefined
}

interface Known {
  readonly identity: string
  readonly path: string
  /** What was asked of files on the way, and answered. */
  readonly looks: Map<string, string>
  /** So many there had been when it was looked at. */
  doubts: number
}

export class Tools {
  private readonly options: ToolsOptions
  private readonly known = new Map<string, Known>()
  private realFolder: string | undefined
  private doubts = 0
  private doubtedAt = 0

  constructor(options: ToolsOptions) {
    this.options = options
  }

  /** The path of a program and the digests of all files that make it up. */
  identity(name: string): string {
    const known = this.known.get(name)
    if (known && (known.doubts === this.doubts || !this.isOther(name, known))) {
      known.doubts = this.doubts
      return known.identity
    }
    const isPath = name.includes('/')
    const { host } = this.options
    const path = isPath ? this.options.path(name) : host.shell.which(name)
    if (path === undefined || host.disk.stat(path)?.kind !== 'file') return MISSING
    const looks = new Map<string, string>()
    const identity = `${isPath ? name : path} ${this.behind(path, DEPTH, looks).join(' ')}`
    // A program given by its path may be made by this run; one that is missing may be installed.
    if (!isPath) this.known.set(name, { identity, path, looks, doubts: this.doubts })
    return identity
  }

  /** Commands have run since they were looked at: a long run may see them replaced. */
  doubtAll(): void {
    const now = this.options.host.clock.now()
    if (now - this.doubtedAt < STANDS_MS) return
    this.doubtedAt = now
    this.doubts++
  }

  private isOther(name: string, { path, looks }: Known): boolean {
    const { host } = this.options
    if (host.shell.which(name) !== path) return true
    return [...looks].some(([looked, answer]) => identityOf(this.statOf(looked)) !== answer)
  }

  // A wrapper (`#!/bin/sh … exec /opt/cuda/bin/nvcc`) is only as old as what it calls: follow the
  // absolute paths that it names.
  private behind(path: string, depth: number, looks: Known['looks']): string[] {
    const { host, input } = this.options
    looks.set(path, identityOf(this.statOf(path)))
    const real = host.disk.realPath(path) ?? path
    const own = [`${this.shown(real)}=${input(real) ?? 'missing'}`]
    const stat = host.disk.stat(real)
    if (depth === 0 || stat === undefined || stat.size > WRAPPER_BYTES) return own
    const text = host.disk.readText(real) ?? ''
    if (!text.startsWith('#!')) return own
    const called = [...new Set(text.match(/(?<=^|[\s"'=])\/[\w./+-]+/g) ?? [])].filter(
      (word) => word !== real && this.isProgram(word, looks),
    )
    return [...own, ...called.flatMap((word) => this.behind(word, depth - 1, looks))]
  }

  // A program that lies beside the graph moves with it.
  private shown(real: string): string {
    const { host, folder } = this.options
    this.realFolder ??= host.disk.realPath(folder) ?? folder
    return real.startsWith(`${this.realFolder}/`) ? real.slice(this.realFolder.length + 1) : real
  }

  private isProgram(path: string, looks: Known['looks']): boolean {
    const stat = this.statOf(path)
    looks.set(path, identityOf(stat))
    return stat?.kind === 'file' && (stat.mode & 0o111) !== 0
  }

  // A word of a script is a guess: where nobody may look, there is no program.
  private statOf(path: string): FileStat | undefined {
    try {
      return this.options.host.disk.stat(path)
    } catch {
      return undefined
    }
  }
}
