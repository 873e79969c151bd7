// Which files the patterns of a graph name. Globs are walked again only where a folder has changed.
import { isPlace, type Place, placePath, type Roots } from './command.ts'
import { GraphError } from './error.ts'
import { unreadable } from './file-states.ts'
import type { Host } from './host.ts'
import type { Node } from './node.ts'
import type { Snapshot } from './snapshot.ts'
import { plainPattern } from './spelling.ts'

/** A file under the name that it has in a key: relative to the folder, or `{root}/path`. */
export interface NamedFile {
  readonly name: string
  readonly path: string
}

/** The graph's own folder among the names of roots. */
export const OWN = ''

/** Where a graph's files are looked for. */
export interface Around {
  readonly host: Host
  readonly folder: string
  readonly roots: Roots
  /** What lies there is no input and no output of anything. */
  readonly stateFolder?: string
  /** Names of folders that the wildcards of an input enter only where they are named. */
  readonly seldom?: readonly string[]
}

export class FileNames {
  private readonly around: Around
  private readonly snapshot: Snapshot
  private readonly lists = new WeakMap<Node, readonly NamedFile[]>()
  private readonly lastNamed = new WeakMap<
    readonly string[],
    { readonly prefix: string; readonly files: readonly NamedFile[] }
  >()

  constructor(around: Around, snapshot: Snapshot) {
    this.around = around
    this.snapshot = snapshot
  }

  /**
   * The files that a node's inputs name, sorted by name. A path without a pattern is named whether
   * it is there or not.
   *
   * @throws GraphError 'unmatched-input' when a pattern finds nothing
   */
  inputs(node: Node): readonly NamedFile[] {
    const { folder } = this.around
    const specs = node.spec.inputs
    if (specs === undefined || specs.length === 0) return []
    const known = this.lists.get(node)
    if (known) return known
    const literal = specs.every((spec) => typeof spec === 'string' && !isPattern(spec))
    if (!literal) return this.expand(node, specs)
    const files = specs.map((spec) => ({ name: spec as string, path: `${folder}/${spec}` }))
    if (files.length > 1) files.sort((a, b) => (a.name < b.name ? -1 : 1))
    this.lists.set(node, files)
    return files
  }

  /**
   * Files below `cwd` that match, by name, sorted; `!pattern` takes away from those before it. What we keep
   * there is none of them: a log of ours would count as an output, and go before the next run.
   */
  glob(patterns: readonly string[], cwd: string): readonly string[] {
    return this.find([...patterns, ...(patterns.some(isDeep) ? this.ownState(cwd) : [])], cwd)
  }

  private find(patterns: readonly string[], cwd: string): readonly string[] {
    try {
      return this.findAll(patterns.map(plainPattern), cwd)
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
    const { disk, clock } = this.around.host
    const key = `${cwd}\0${patterns.join('\0')}`
    const known = this.snapshot.knownGlob(key, (folder) => disk.stat(folder))
    if (known) return known
    const lookedAt = clock.fileNow()
    const positive = patterns.filter((pattern) => !isMinus(pattern))
    const negative = patterns.filter(isMinus).map((pattern) => pattern.slice(1))
    const found = disk.glob(positive, negative, cwd)
    const folders = found.folders.map((folder) => [folder, disk.stat(folder)] as const)
    this.snapshot.rememberGlob(key, found.files, folders, lookedAt)
    return found.files
  }

  private expand(node: Node, specs: readonly (string | Place)[]): readonly NamedFile[] {
    const { folder, roots, host } = this.around
    const found: (readonly NamedFile[])[] = []
    const places = specs.map((spec) => (isPlace(spec) ? spec : { root: OWN, path: spec as string }))
    for (const [i, { root, path }] of places.entries()) {
      if (isMinus(path)) continue
      const isOptional = path.endsWith('?')
      const pattern = isOptional ? path.slice(0, -1) : path
      const cwd = root === OWN ? folder : placePath({ root, path: '' }, roots)
      const prefix = root === OWN ? '' : `{${root}}/`
      const behind = places.slice(i)
      const minus = behind.filter((other) => other.root === root && isMinus(other.path))
      const names = isPattern(pattern)
        ? this.find(
            [pattern, ...minus.map((other) => other.path), ...this.leftOut(pattern, cwd)],
            cwd,
          )
        : isOptional && host.disk.stat(`${cwd}/${pattern}`) === undefined
          ? []
          : [pattern]
      if (names.length === 0 && !isOptional) throw unmatched(node.name, `${prefix}${pattern}`)
      found.push(this.named(names, prefix, cwd))
    }
    // What one glob finds is in order already.
    return found.length === 1 ? (found[0] as readonly NamedFile[]) : merged(found.flat())
  }

  // A glob that is remembered gives the same list again.
  private named(names: readonly string[], prefix: string, cwd: string): readonly NamedFile[] {
    const known = this.lastNamed.get(names)
    if (known?.prefix === prefix) return known.files
    const files = names.map((name) => ({ name: `${prefix}${name}`, path: `${cwd}/${name}` }))
    this.lastNamed.set(names, { prefix, files })
    return files
  }

  // As patterns that take away; a folder that the pattern itself names is meant.
  private leftOut(pattern: string, cwd: string): readonly string[] {
    if (!isDeep(pattern)) return []
    const names = this.around.seldom?.filter((name) => !pattern.split('/').includes(name)) ?? []
    return [...names.map((name) => `!**/${name}/**`), ...this.ownState(cwd)]
  }

  private ownState(cwd: string): readonly string[] {
    const { stateFolder = '' } = this.around
    return stateFolder.startsWith(`${cwd}/`) ? [`!${stateFolder.slice(cwd.length + 1)}/**`] : []
  }
}

// A wildcard in it may stand for a folder.
function isDeep(pattern: string): boolean {
  return /\*\*|[*?[\]{}()!].*\//.test(pattern)
}

function merged(files: readonly NamedFile[]): readonly NamedFile[] {
  const paths = new Map(files.map(({ name, path }) => [name, path]))
  return [...paths]
    .map(([name, path]) => ({ name, path }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
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

/** An input of a node finds no file. */
export function unmatched(node: string, pattern: string): GraphError {
  return new GraphError(`'${node}': no file matches the input '${pattern}'`, {
    code: 'unmatched-input',
    place: node,
    hint: `correct it, or write '${pattern}?' if it may be absent`,
  })
}
