// What stands behind the names of programs. Looked up once, and as often as somebody has doubts: then the files
// behind it must be as they were.
import { dirname, join } from 'node:path'

import { digestText } from './digest.ts'
import { GraphError } from './error.ts'
import type { Disk, FileStat, Host } from './host.ts'
import { identityOf } from './identity.ts'
import { askedOfEnv, namedPaths, pathsBeside } from './scripts.ts'
import type { FileState } from './snapshot.ts'

/** In place of the identity of a program that is not there. */
export const MISSING = 'missing'

// Longer ones are no wrappers, but scripts: what they name by a path is not looked at, save their interpreter.
const WRAPPER_BYTES = 65_536
const FIRST_LINE_BYTES = 512
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

interface Known extends Way {
  readonly identity: string
  readonly path: string
  /** So many there had been when it was looked at. */
  doubts: number
}

/** All that was asked on the way to a program. */
interface Way {
  /** Folders that are searched instead of PATH. */
  readonly search: string | undefined
  /** What was asked of files on the way, and answered. */
  readonly looks: Map<string, string>
  /** Interpreters that `env` finds, and where it did. */
  readonly found: Map<string, string | undefined>
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

  /** The path of a program and the digests of all files that make it up. `search`: in place of PATH. */
  identity(name: string, search?: string): string {
    const key = search === undefined ? name : `${name}\0${search}`
    const known = this.known.get(key)
    if (known && (known.doubts === this.doubts || !this.isOther(name, known))) {
      known.doubts = this.doubts
      return known.identity
    }
    const isPath = name.includes('/')
    const { host } = this.options
    const path = isPath ? this.options.path(name) : host.shell.which(name, search)
    if (path === undefined || host.disk.stat(path)?.kind !== 'file') return MISSING
    const way: Way = { search, looks: new Map(), found: new Map() }
    const identity = `${isPath ? name : path} ${this.behind(path, DEPTH, way).join(' ')}`
    // A program given by its path may be made by this run; one that is missing may be installed.
    if (!isPath) this.known.set(key, { identity, path, ...way, doubts: this.doubts })
    return identity
  }

  /** Commands have run since they were looked at: a long run may see them replaced. */
  doubtAll(): void {
    const now = this.options.host.clock.now()
    if (now - this.doubtedAt < STANDS_MS) return
    this.doubtedAt = now
    this.doubts++
  }

  private isOther(name: string, { path, search, looks, found }: Known): boolean {
    const { shell } = this.options.host
    const asked = [[name, path] as const, ...found]
    if (asked.some(([one, at]) => shell.which(one, search) !== at)) return true
    return [...looks].some(([looked, answer]) => identityOf(this.statOf(looked)) !== answer)
  }

  // A wrapper (`#!/bin/sh … exec /opt/cuda/bin/nvcc`) is only as old as what it calls: follow the
  // absolute paths that it names and those from its own folder, and the interpreter that it asks `env` for.
  private behind(path: string, depth: number, way: Way): string[] {
    const { host } = this.options
    way.looks.set(path, identityOf(this.statOf(path)))
    const real = host.disk.realPath(path) ?? path
    const state = this.stateOf(real)
    const own = [`${this.shown(real)}=${state ?? this.unread(real)}`]
    const stat = host.disk.stat(real)
    if (depth === 0 || stat === undefined || state === undefined) return own
    const text = scriptText(host.disk, real, stat.size)
    if (!text.startsWith('#!')) return own
    const beside = [path, real].flatMap((own) =>
      pathsBeside(text).map((below) => join(dirname(own), below)),
    )
    const named = [...this.interpreter(text, way), ...namedPaths(text), ...beside]
    const called = [...new Set(named)].filter(
      (word) => word !== real && this.isProgram(word, way.looks),
    )
    return [...own, ...called.flatMap((word) => this.behind(word, depth - 1, way))]
  }

  // Undefined for a program that may be started and not read, as sudo is on some systems.
  private stateOf(path: string): FileState | 'missing' | undefined {
    try {
      return this.options.input(path) ?? 'missing'
    } catch (error) {
      if (error instanceof GraphError && error.errno === 'EACCES') return undefined
      throw error
    }
  }

  // It counts by its size, times and place.
  private unread(path: string): FileState {
    return `x${digestText(identityOf(this.statOf(path)))}` as FileState
  }

  private interpreter(text: string, { found, search }: Way): string[] {
    const name = askedOfEnv(text)
    if (name === undefined || name.includes('/')) return []
    const path = this.options.host.shell.which(name, search)
    found.set(name, path)
    return path === undefined ? [] : [path]
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

// Of a long one the first line.
function scriptText(disk: Disk, path: string, size: number): string {
  if (size <= WRAPPER_BYTES) return disk.readText(path) ?? ''
  return disk.readFrom(path, 0, FIRST_LINE_BYTES).text.split('\n', 1)[0] as string
}
