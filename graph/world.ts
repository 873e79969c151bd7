// The machine as one run sees it: files by their state, programs behind their names, facts. It only looks.
import { delimiter, isAbsolute, join } from 'node:path'

import { isPlace, type Place, placePath, type Roots } from './command.ts'
import { GraphError } from './error.ts'
import { type Around, FileNames, type NamedFile, OWN } from './file-names.ts'
import { FileStates, type OnRead, type See } from './file-states.ts'
import type { Host } from './host.ts'
import type { Node } from './node.ts'
import type { FileState, Snapshot } from './snapshot.ts'
import { Tools } from './tools.ts'

export class World {
  readonly host: Host
  readonly folder: string
  readonly roots: Roots
  readonly snapshot: Snapshot
  private readonly names: FileNames
  private readonly states: FileStates
  private readonly tools: Tools
  private readonly facts = new Map<string, string>()

  /** `pretended`: absolute paths of files that are taken as changed, whatever they hold. */
  constructor(around: Around, snapshot: Snapshot, pretended: ReadonlySet<string> = new Set()) {
    const { host, folder, roots } = around
    this.host = host
    this.folder = folder
    this.roots = { ...roots, [OWN]: folder }
    this.snapshot = snapshot
    this.names = new FileNames({ ...around, roots: this.roots }, snapshot)
    this.states = new FileStates(host, snapshot, pretended)
    const path = (name: string): string => this.named(name)
    this.tools = new Tools({ host, folder, path, input: (file) => this.input(file) })
  }

  /** Absolute path of a file named in the graph. */
  path(name: string | Place): string {
    if (isPlace(name)) return placePath(name, this.roots)
    return name.startsWith('/') ? name : `${this.folder}/${name}`
  }

  /** The same of a name as it stands in a key: `{sdk}/include/a.h` lies below a root. */
  named(name: string): string {
    const [, root = '', path = ''] = /^\{([^}]+)\}\/(.*)$/s.exec(name) ?? []
    return root !== '' && Object.hasOwn(this.roots, root)
      ? this.path({ root, path })
      : this.path(name)
  }

  /** State of a file that is read; links to files are followed. Undefined when nothing is there. */
  input(path: string): FileState | undefined {
    return this.states.input(path)
  }

  /** The same of many, in their order: what has to be read is read on all cores where it is much. */
  inputStates(files: readonly NamedFile[], see?: See): readonly (FileState | undefined)[] {
    return this.states.inputs(
      files.map(({ path }) => path),
      see,
    )
  }

  /** State of a file that was written; a link counts as itself. Undefined when nothing is there. */
  output(path: string, onRead?: OnRead): FileState | undefined {
    return this.states.output(path, onRead)
  }

  /**
   * The files that a node's inputs name, sorted by name. A path without a pattern is named whether
   * it is there or not.
   *
   * @throws GraphError 'unmatched-input' when a pattern finds nothing
   */
  inputs(node: Node): readonly NamedFile[] {
    return this.names.inputs(node)
  }

  /**
   * Files below `cwd` that match, by name, sorted; `!pattern` takes away from those before it. What we keep
   * there is none of them.
   */
  glob(patterns: readonly string[], cwd: string): readonly string[] {
    return this.names.glob(patterns, cwd)
  }

  /** What stands behind the name by which a node calls a program: its path, digests of all files that make it up. */
  tool(name: string, node: Node): string {
    return this.tools.identity(name, this.searchPath(node))
  }

  // Where a node that sets PATH looks, in place of ours; as for its shell, what is not absolute counts from
  // where its commands run.
  private searchPath({ spec }: Node): string | undefined {
    const path = spec.set?.['PATH']
    if (path === undefined) return undefined
    const cwd = this.path(spec.cwd ?? '').replace(/\/$/, '')
    const folders = path.split(delimiter)
    return folders.map((part) => (isAbsolute(part) ? part : join(cwd, part))).join(delimiter)
  }

  /** Commands have run since programs were looked at: a long run may see them replaced. */
  doubtTools(): void {
    this.tools.doubtAll()
  }

  fact(name: string): string {
    const known = this.facts.get(name)
    if (known !== undefined) return known
    const fact = this.host.fact(name)
    if (fact === undefined)
      throw new GraphError(`no fact of the machine is called '${name}'`, {
        code: 'bad-graph',
        hint: "there is 'cpu' and 'os'",
      })
    this.facts.set(name, fact)
    return fact
  }
}
