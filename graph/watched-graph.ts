// The graph that is watched, and the files that it was evaluated from: when one of these is another than
// before, so may the graph be.
import { dirname } from 'node:path'

import { GraphError } from './error.ts'
import type { Graph } from './graph.ts'
import { identityOf } from './identity.ts'
import type { Node } from './node.ts'
import type { Noting } from './noting.ts'
import { plan } from './plan.ts'
import { select } from './select.ts'
import type { WatchOptions } from './watch-options.ts'

type Places = Pick<Noting, 'files' | 'lists' | 'outputs'>

export class WatchedGraph {
  private readonly options: Pick<WatchOptions, 'host' | 'load' | 'targets'>
  private sources: ReadonlyMap<string, string> = new Map()
  private found: Graph | undefined
  private chosen: readonly Node[] = []
  private awaited: Places = { files: new Set(), lists: new Set(), outputs: new Set() }

  constructor(options: Pick<WatchOptions, 'host' | 'load' | 'targets'>) {
    this.options = options
  }

  /** Undefined while it cannot be evaluated. */
  get graph(): Graph | undefined {
    return this.found
  }

  /** The targets and all they need, in order. */
  get wanted(): readonly Node[] {
    return this.chosen
  }

  /** What to listen to while there is none: a missing file may come to lie beside those that were found. */
  get places(): Places {
    return this.awaited
  }

  get files(): Iterable<string> {
    return this.sources.keys()
  }

  get haveSourcesMoved(): boolean {
    const { disk } = this.options.host
    return [...this.sources].some(([path, was]) => identityOf(disk.stat(path)) !== was)
  }

  /** Evaluates it; says why there is none. */
  async load(): Promise<GraphError | undefined> {
    const { graph, sources } = await this.options.load()
    this.sources = sources
    this.found = undefined
    try {
      if (graph instanceof GraphError) throw graph
      this.chosen = plan(graph, select(graph, this.options.targets))
      this.found = graph
      return undefined
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      this.awaitChange()
      return error
    }
  }

  private awaitChange(): void {
    const { disk } = this.options.host
    const files = new Set(this.sources.keys())
    const lists = new Set([...files].map(dirname))
    this.awaited = { files, lists, outputs: new Set() }
    const folders = [...lists].map((path) => [path, identityOf(disk.stat(path))] as const)
    this.sources = new Map([...this.sources, ...folders])
  }
}
