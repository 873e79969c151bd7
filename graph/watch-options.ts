// What is watched, and what is told of it.
import type { GraphError } from './error.ts'
import type { NodeFailure, RunEvent } from './event.ts'
import type { Graph } from './graph.ts'
import type { Polling } from './hints.ts'
import type { Host } from './host.ts'
import type { Node, NodeName } from './node.ts'
import type { RunOptions, Verdict } from './run-options.ts'

export interface WatchOptions
  extends Pick<
    RunOptions,
    'targets' | 'jobs' | 'maxLoad' | 'keepGoing' | 'follow' | 'cache' | 'retry'
  > {
  readonly host: Host
  readonly folder: string
  readonly stateFolder: string
  /** Evaluates the graph; called again when one of its sources is another file than before. */
  readonly load: () => Promise<LoadedGraph>
  readonly report: (event: WatchEvent) => void
  /** Aborting ends the watch, and what runs. */
  readonly signal: AbortSignal
  readonly onFailure?: (
    node: Node,
    failure: NodeFailure,
    attempt: number,
  ) => Verdict | Promise<Verdict>
  /** As of a session; nor does it listen in them unless an input lies there. */
  readonly seldom?: readonly string[]
}

export interface LoadedGraph {
  /** Why there is none. */
  readonly graph: Graph | GraphError
  /** Files that it was evaluated from, with what `identityOf` said of each before it was read. */
  readonly sources: ReadonlyMap<string, string>
}

export type WatchEvent =
  | RunEvent
  /** All is as it should be, or nothing can be done about it: it waits for changes. */
  | {
      readonly type: 'idle'
      readonly at: number
      /** Undefined while the graph cannot be evaluated. */
      readonly nodes: number | undefined
      readonly folders: number
      /** Stale nodes that are not run again before something changes. */
      readonly held: readonly NodeName[]
    }
  /** A folder cannot be watched: from now on everything is looked at every so many milliseconds. */
  | ({ readonly type: 'polling'; readonly at: number } & Polling)
  /** Nodes that found other inputs after each of several runs, as if they wrote them themselves. */
  | { readonly type: 'restless'; readonly at: number; readonly nodes: readonly NodeName[] }
  /** The graph was evaluated again. */
  | { readonly type: 'loaded'; readonly at: number }
  /** There is no graph to run, or the run could not begin. */
  | { readonly type: 'stopped'; readonly at: number; readonly error: GraphError }
