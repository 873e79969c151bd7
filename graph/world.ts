// The machine as one run sees it: files by their state, globs, tools behind their names, facts.
// It only looks. What was read once is taken from the snapshot while the identity stands.
import { isPlace, type Place, placePath, type Roots } from './command.ts'
import { type Digest, digestText } from './digest.ts'
import { GraphError } from './error.ts'
import type { FileStat, Host } from './host.ts'
import type { Node } from './node.ts'
import type { FileState, Snapshot } from './snapshot.ts'

/** A file under the name that it has in a key: relative to the folder, or `{root}/path`. */
export interface NamedFile {
  readonly name: string
  readonly path: string
}

// The graph's own folder among the names of roots.
const OWN = ''

/** In place of the identity of a program that is not there. */
export const MISSING = 'missing'

// So many inputs of one node, and so many bytes of them to read, are worth a thread, which takes 30 ms to
// start. A large file is one thread's work anyway.
const MANY = 64
const MUCH = 16n * 1024n * 1024n
const LARGE = 8n * 1024n * 1024n

// Equals the state of no file.
const PRETENDED = 'pretended'

/** Where a graph's files are looked for. */
export interface Around {
  readonly host: Host
  readonly folder: string
  readonly roots: Roots
  /** What lies there is no input of anything. */
  readonly stateFolder?: string
  /** Names of folders that the wildcards of an input enter only where they are named. */
  readonly seldom?: readonly string[]
}

export class World {
  readonly host: Host
  readonly folder: string
  readonly roots: Roots
  readonly snapshot: Snapshot
  private readonly around: Around
  private readonly pretended: ReadonlySet<string>
  private readonly tools = new Map<string, string>()
  private readonly facts = new Map<string, string>()
  private readonly lists = new WeakMap<Node, readonly NamedFile[]>()

  /** `pretended`: absolute paths of files that are taken as changed, whatever they hold. */
  constructor(around: Around, snapshot: Snapshot, pretended: ReadonlySet<string> = new Set()) {
    const { host, folder, roots } = around
    this.pretended = pretended
    this.around = around
    this.host = host
    this.folder = folder
    this.roots = { ...roots, [OWN]: folder }
    this.snapshot = snapshot
  }

  /** Absolute path of a file named in the graph. */
  path(name: string | Place): string {
    if (isPlace(name)) return placePath(name, this.roots)
    return name.startsWith('/') ? name : `${this.folder}/${name}`
  }

  /** State of a file that is read; links to files are followed. Undefined when nothing is there. */
  input(path: string): FileState | undefined {
    if (this.pretended.has(path)) return PRETENDED
    try {
      const stat = this.host.disk.stat(path)
      if (stat === undefined) return undefined
      // What lies behind a link to a folder is not looked at: where it leads is all that counts.
      const own = stat.kind === 'folder' ? this.host.disk.lstat(path) : stat
      return own?.kind === 'link' ? this.linkState(path, own) : this.state(path, stat)
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  /** The same of many, in their order: what has to be read is read on all cores where it is much. */
  inputStates(files: readonly NamedFile[]): readonly (FileState | undefined)[] {
    if (files.length < MANY) return files.map(({ path }) => this.input(path))
    const unread = new Map<string, FileStat>()
    const known = files.map(({ path }) => this.knownInput(path, unread))
    const bytes = [...unread.values()].reduce((sum, { size }) => sum + size, 0n)
    const read = bytes < MUCH ? undefined : this.readMany(unread)
    return files.map(({ path }, i) => known[i] ?? read?.get(path) ?? this.input(path))
  }

  // Whatever is odd about a file, `input` says it.
  private knownInput(path: string, unread: Map<string, FileStat>): FileState | undefined {
    if (this.pretended.has(path)) return PRETENDED
    try {
      const stat = this.host.disk.stat(path)
      const state = stat && this.snapshot.known(path, stat)
      if (state === undefined && stat?.kind === 'file' && stat.size < LARGE) unread.set(path, stat)
      return state
    } catch {
      return undefined
    }
  }

  private readMany(unread: ReadonlyMap<string, FileStat>): ReadonlyMap<string, FileState> {
    const lookedAt = this.host.clock.nowNs()
    const states = new Map<string, FileState>()
    for (const [path, digest] of this.host.disk.digestMany([...unread.keys()]))
      states.set(path, this.remember(path, unread.get(path) as FileStat, digest, lookedAt))
    return states
  }

  /** State of a file that was written; a link counts as itself. Undefined when nothing is there. */
  output(path: string): FileState | undefined {
    if (this.pretended.has(path)) return PRETENDED
    try {
      const stat = this.host.disk.lstat(path)
      if (stat === undefined) return undefined
      return stat.kind === 'link' ? this.linkState(path, stat) : this.state(path, stat)
    } catch (error) {
      throw unreadable(path, error)
    }
  }

  private linkState(path: string, stat: FileStat): FileState {
    const key = `${path}\0link`
    const known = this.snapshot.known(key, stat)
    if (known !== undefined) return known
    const lookedAt = this.host.clock.nowNs()
    const state = `l${digestText(this.host.disk.readLink(path))}`
    this.snapshot.remember(key, stat, state, lookedAt)
    return state
  }

  /**
   * The files that a node's inputs name, sorted by name. A path without a pattern is named whether
   * it is there or not.
   *
   * @throws GraphError 'unmatched-input' when a pattern finds nothing
   */
  inputs(node: Node): readonly NamedFile[] {
    const specs = node.spec.inputs
    if (specs === undefined || specs.length === 0) return []
    const known = this.lists.get(node)
    if (known) return known
    const literal = specs.every((spec) => typeof spec === 'string' && !isPattern(spec))
    if (!literal) return this.expand(node, specs)
    const files = specs.map((spec) => ({ name: spec as string, path: `${this.folder}/${spec}` }))
    if (files.length > 1) files.sort((a, b) => (a.name < b.name ? -1 : 1))
    this.lists.set(node, files)
    return files
  }

  /** Files below `cwd` that match, by name, sorted; `!pattern` takes away from those before it. */
  glob(patterns: readonly string[], cwd: string): readonly string[] {
    try {
      return this.findAll(patterns, cwd)
    } catch (error) {
      throw unreadable(cwd, error)
    }
  }

  private findAll(patterns: readonly string[], cwd: string): readonly string[] {
    const again = patterns.findIndex((one, i) => i > 0 && !isMinus(one) && isMinus(patterns[i - 1]))
    if (again > 0) {
      const behind = patterns.slice(again)
      const first = this.findAll([...patterns.slice(0, again), ...behind.filter(isMinus)], cwd)
      return [...new Set([...first, ...this.findAll(behind, cwd)])].sort()
    }
    const key = `${cwd}\0${patterns.join('\0')}`
    const known = this.snapshot.knownGlob(key, (folder) => this.host.disk.stat(folder))
    if (known) return known
    const lookedAt = this.host.clock.nowNs()
    const positive = patterns.filter((pattern) => !isMinus(pattern))
    const negative = patterns.filter(isMinus).map((pattern) => pattern.slice(1))
    const found = this.host.disk.glob(positive, negative, cwd)
    const folders = found.folders.map((folder) => [folder, this.host.disk.stat(folder)] as const)
    this.snapshot.rememberGlob(key, found.files, folders, lookedAt)
    return found.files
  }

  /** What stands behind a program's name: its path and the digests of all files that make it up. */
  tool(name: string): string {
    const known = this.tools.get(name)
    if (known !== undefined) return known
    const isPath = name.includes('/')
    const path = isPath ? this.path(name) : this.host.shell.which(name)
    const isThere = path !== undefined && this.host.disk.stat(path)?.kind === 'file'
    const identity = isThere ? `${isPath ? name : path} ${this.behind(path, 3).join(' ')}` : MISSING
    // A program given by its path may be made by this run; one that is missing may be installed.
    if (!isPath && isThere) this.tools.set(name, identity)
    return identity
  }

  fact(name: string): string {
    const known = this.facts.get(name)
    if (known !== undefined) return known
    const fact = this.host.fact(name)
    if (fact === undefined)
      throw new GraphError(`no fact of the machine is called '${name}'`, { code: 'bad-graph' })
    this.facts.set(name, fact)
    return fact
  }

  private expand(node: Node, specs: readonly (string | Place)[]): readonly NamedFile[] {
    const found = new Map<string, string>()
    const places = specs.map((spec) => (isPlace(spec) ? spec : { root: OWN, path: spec as string }))
    for (const [i, { root, path }] of places.entries()) {
      if (isMinus(path)) continue
      const isOptional = path.endsWith('?')
      const pattern = isOptional ? path.slice(0, -1) : path
      const cwd = root === OWN ? this.folder : placePath({ root, path: '' }, this.roots)
      const prefix = root === OWN ? '' : `{${root}}/`
      const behind = places.slice(i)
      const minus = behind.filter((other) => other.root === root && isMinus(other.path))
      const names = isPattern(pattern)
        ? this.glob(
            [pattern, ...minus.map((other) => other.path), ...this.leftOut(pattern, cwd)],
            cwd,
          )
        : isOptional && this.host.disk.stat(`${cwd}/${pattern}`) === undefined
          ? []
          : [pattern]
      if (names.length === 0 && !isOptional) throw unmatched(node.name, `${prefix}${pattern}`)
      for (const name of names) found.set(`${prefix}${name}`, `${cwd}/${name}`)
    }
    return [...found]
      .map(([name, path]) => ({ name, path }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  // As patterns that take away; a folder that the pattern itself names is meant.
  private leftOut(pattern: string, cwd: string): readonly string[] {
    if (!/\*\*|[*?[\]{}()!].*\//.test(pattern)) return []
    const { stateFolder = '', seldom = [] } = this.around
    const names = seldom.filter((name) => !pattern.split('/').includes(name))
    const state = stateFolder.startsWith(`${cwd}/`) ? stateFolder.slice(cwd.length + 1) : undefined
    return [...names.map((name) => `!**/${name}/**`), ...(state ? [`!${state}/**`] : [])]
  }

  private state(path: string, stat: FileStat): FileState {
    const known = this.snapshot.known(path, stat)
    if (known !== undefined) return known
    if (stat.kind !== 'file')
      throw new GraphError(
        `'${path}' is a ${stat.kind === 'folder' ? 'folder' : 'special file'}, not a file`,
        {
          code: 'bad-file',
          place: path,
          hint: stat.kind === 'folder' ? `name its files: '${path}/**'` : 'name a regular file',
        },
      )
    const lookedAt = this.host.clock.nowNs()
    return this.remember(path, stat, this.host.disk.digest(path), lookedAt)
  }

  private remember(path: string, stat: FileStat, digest: Digest, lookedAt: bigint): FileState {
    const state = `${stat.mode & 0o111 ? 'x' : 'f'}${digest}`
    // Written while it was read: what was digested belongs to neither content; never remember it.
    const after = this.host.disk.stat(path)
    if (
      after &&
      after.size === stat.size &&
      after.mtimeNs === stat.mtimeNs &&
      after.ctimeNs === stat.ctimeNs
    )
      this.snapshot.remember(path, stat, state, lookedAt)
    return state
  }

  // A wrapper (`#!/bin/sh … exec /opt/cuda/bin/nvcc`) is only as old as what it calls: follow the
  // absolute paths that it names.
  private behind(path: string, depth: number): string[] {
    const real = this.host.disk.realPath(path) ?? path
    const state = this.input(real) ?? 'missing'
    const own = [`${real}=${state}`]
    const stat = this.host.disk.stat(real)
    if (depth === 0 || stat === undefined || stat.size > 65_536n) return own
    const text = this.host.disk.readText(real) ?? ''
    if (!text.startsWith('#!')) return own
    const called = [...new Set(text.match(/(?<=^|[\s"'=])\/[\w./+-]+/g) ?? [])].filter(
      (word) => word !== real && this.isProgram(word),
    )
    return [...own, ...called.flatMap((word) => this.behind(word, depth - 1))]
  }

  // A word of a script is a guess: where nobody may look, there is no program.
  private isProgram(path: string): boolean {
    try {
      const stat = this.host.disk.stat(path)
      return stat?.kind === 'file' && (stat.mode & 0o111) !== 0
    } catch {
      return false
    }
  }
}

/**
 * Whether a path is a glob.
 *
 * @example isPattern('src/*.c')   // true
 */
export function isPattern(path: string): boolean {
  return /[*?[\]{}()!]/.test(path)
}

/** Whether it takes matches away. */
export function isMinus(pattern: string | undefined): boolean {
  return pattern?.startsWith('!') === true
}

// A file or folder that is there and refuses to be read is the person's to correct.
function unreadable(path: string, error: unknown): unknown {
  const { code } = error as { code?: string }
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error
  const where = (error as { path?: string }).path ?? path
  return new GraphError(`cannot read '${where}': ${code}`, {
    code: 'bad-file',
    place: where,
    errno: code,
    hint: `make it readable: ls -ld '${where}'`,
    cause: error,
  })
}

/** An input of a node finds no file. */
export function unmatched(node: string, pattern: string): GraphError {
  return new GraphError(`'${node}': no file matches the input '${pattern}'`, {
    code: 'unmatched-input',
    place: node,
    hint: `correct it, or write '${pattern}?' if it may be absent`,
  })
}
