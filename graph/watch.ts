// Watching: hints -> quiet -> a look at the disk -> a run. A hint only says when to look; what has to be
// done is decided from the disk, by the same freshness as every run's. Silent: it tells by events.
import { dirname } from 'node:path'

import { loadDigest } from './digest.ts'
import { GraphError } from './error.ts'
import type { NodeFailure, Outcome, RunEvent } from './event.ts'
import type { Reason } from './freshness.ts'
import type { Graph } from './graph.ts'
import type { Host, Watch } from './host.ts'
import type { Live } from './live.ts'
import type { Node, NodeName } from './node.ts'
import { Noted, Noting } from './noting.ts'
import { plan } from './plan.ts'
import { LONGEST_QUIET_MS, Quiet } from './quiet.ts'
import { runGraph } from './run.ts'
import type { RunOptions, Verdict } from './run-options.ts'
import { select } from './select.ts'
import type { Session } from './state.ts'
import { type Stale, staleNodes } from './survey.ts'
import { identityOf, LocksAhead, WarmMemory } from './warm.ts'
import { World } from './world.ts'

export interface WatchOptions
  extends Pick<RunOptions, 'targets' | 'jobs' | 'keepGoing' | 'follow' | 'cache'> {
  readonly host: Host
  readonly folder: string
  readonly stateFolder: string
  /** Evaluates the graph; called again when one of its sources is another file than before. */
  readonly load: () => Promise<LoadedGraph>
  readonly report: (event: WatchEvent) => void
  /** Aborting ends the watch, and what runs. */
  readonly signal: AbortSignal
  readonly onFailure?: (node: Node, failure: NodeFailure, attempt: number) => Verdict
  /** Names of folders that are not listened in unless an input lies there. */
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
  | {
      readonly type: 'polling'
      readonly at: number
      readonly errno: string
      readonly folder: string
      readonly everyMs: number
    }
  /** Nodes that found other inputs after each of several runs, as if they wrote them themselves. */
  | { readonly type: 'restless'; readonly at: number; readonly nodes: readonly NodeName[] }
  /** The graph was evaluated again. */
  | { readonly type: 'loaded'; readonly at: number }
  /** There is no graph to run, or the run could not begin. */
  | { readonly type: 'stopped'; readonly at: number; readonly error: GraphError }

const POLL_MS = 1000
// File systems that tell nobody of changes: one look in a while, for at most a hundredth of the time.
const BEAT_MS = 10_000
const BEAT_SHARE = 100
// So often a run follows at once on one that left something stale; then after a pause in which nobody edits
// anything. Who is stale even after so many of these writes its own inputs.
const RERUNS_AT_ONCE = 2
const CALM_RUNS = 2
const CALM_MS = 1000
const ECHO_MS = 200
// A node that is ended so often after the same time for the same file has written that file itself.
const ENDED_FOR_ITS_OWN = 2

/**
 * Keeps the targets of a graph up to date until its signal aborts.
 *
 * @example
 * await new GraphWatch({ targets: [], host, folder, stateFolder, load, report, signal }).run()
 */
export class GraphWatch {
  private readonly options: WatchOptions
  private readonly locks: LocksAhead
  private readonly warm = new WarmMemory()
  private readonly quiet: Quiet
  private readonly listener: Watch
  private readonly live: Live
  private graph: Graph | undefined
  private wanted: readonly Node[] = []
  private sources: ReadonlyMap<string, string> = new Map()
  private noted: Noted | undefined
  private lookMs = 0
  private held = new Map<NodeName, string>()
  private readonly ends = new Map<NodeName, Outcome>()
  private readonly began = new Map<NodeName, string>()
  private readonly restless = new Set<NodeName>()
  private readonly endings = new Map<NodeName, { name: string; ms: number; count: number }>()
  /** Runs one after another that left something stale; those of them that began in calm. */
  private reruns = 0
  private calmRuns = 0
  private isCalm = false
  private growing = 0
  private asked: 'rerun' | 'force' | undefined
  private isRunning = false
  private isPolling = false
  private isIdleTold = false
  private cancelPoll = (): void => {}
  private version = 0
  private next = Promise.withResolvers<void>()

  constructor(options: WatchOptions) {
    this.options = options
    const { host } = options
    this.locks = new LocksAhead(host.locks)
    this.quiet = new Quiet({
      clock: host.clock,
      onQuiet: () => this.raise(),
      isBusy: () => this.isRunning || this.growing > 0,
    })
    this.listener = host.watcher.watch({
      onHint: (path) => this.hint(path),
      onTrouble: (trouble) => this.poll(trouble),
    })
    this.live = {
      recall: (session) => this.warm.recall(session),
      keep: () => this.warm.keep(this.session),
      hinted: () => this.changedSince(this.version),
      began: (node, key) => this.began.set(node.name, key),
      sawBefore: (node) => this.began.get(node.name),
      mayEnd: (node, reason, afterMs) => this.mayEnd(node, reason, afterMs),
    }
  }

  /**
   * Resolves when the signal aborts.
   *
   * @throws GraphError when the graph cannot be evaluated at the start
   */
  async run(): Promise<void> {
    const { signal, host } = this.options
    const wake = (): void => this.raise()
    signal.addEventListener('abort', wake)
    try {
      await loadDigest()
      await this.load()
      if (!signal.aborted) await this.firstTurn()
      while (!signal.aborted) await this.turn()
    } finally {
      signal.removeEventListener('abort', wake)
      this.quiet.cancel()
      this.cancelPoll()
      await this.locks.giveBack()
      if (this.graph) this.warm.save(this.session)
      host.shell.close()
      await this.listener.close()
    }
  }

  /** Evaluates the graph again and runs whatever is stale, also what failed before. */
  rerun(): void {
    this.asked ??= 'rerun'
    this.raise()
  }

  /** Runs the targets even if they are fresh. */
  force(): void {
    this.asked = 'force'
    this.raise()
  }

  // The run need not wait until all folders are watched; what happens meanwhile is seen after it.
  private async firstTurn(): Promise<void> {
    const stale = this.lookAll(this.held)
    const listening = this.listen()
    const hasRun = stale.length > 0 && (await this.runOnce())
    await listening
    if (hasRun && this.settle()) await this.breathe()
  }

  private async turn(): Promise<void> {
    const asked = this.asked
    this.asked = undefined
    if (asked === 'rerun') this.held.clear()
    if (asked !== undefined || this.haveSourcesMoved()) await this.load()
    let version = this.version
    if (this.graph !== undefined && (asked === 'force' || this.hasWork())) {
      const hasRun = await this.runOnce(asked)
      version = this.version
      if (hasRun && this.settle()) return this.breathe()
    }
    await this.locks.giveBack()
    if (await this.listen()) return
    this.tellIdle()
    await this.wait(version, Math.max(BEAT_MS, BEAT_SHARE * this.lookMs))
  }

  // Looking

  /** Whether something is stale that is not held; looks no further than the first. */
  private hasWork(): boolean {
    const noting = this.newNoting()
    if (!this.staleNodes(noting, this.held).next().done) return true
    this.remember(noting)
    return false
  }

  private lookAll(held: ReadonlyMap<NodeName, string>): readonly Stale[] {
    const start = this.now()
    const noting = this.newNoting()
    const stale = [...this.staleNodes(noting, held)]
    this.remember(noting)
    this.lookMs = this.now() - start
    return stale
  }

  private staleNodes(noting: Noting, held: ReadonlyMap<NodeName, string>): Generator<Stale, void> {
    const { session } = this
    const { journal, world } = this.warm.recall(session)
    const { host } = noting
    const own = new World(host, session.folder, session.graph.roots, world.snapshot)
    return staleNodes(this.wanted, { memory: { journal, world: own }, noting, held })
  }

  private newNoting(): Noting {
    const noting = new Noting(this.options.host)
    for (const path of this.sources.keys()) noting.files.add(path)
    return noting
  }

  private remember(noting: Pick<Noting, 'files' | 'lists' | 'outputs'>): void {
    const { host, folder, stateFolder, seldom = [] } = this.options
    const { disk } = host
    this.noted = new Noted(noting, { disk, top: folder, never: [stateFolder], seldom })
  }

  private listen(): Promise<boolean> {
    return this.listener.set(this.noted?.folders ?? new Set())
  }

  // Running

  private get session(): Session {
    const { host, folder, stateFolder } = this.options
    const graph = this.graph as Graph
    return { graph, folder, stateFolder, host: { ...host, locks: this.locks } }
  }

  private async runOnce(asked?: 'rerun' | 'force'): Promise<boolean> {
    const { targets, signal, report, jobs, keepGoing, follow, cache, onFailure } = this.options
    this.ends.clear()
    this.isRunning = true
    this.isIdleTold = false
    try {
      await runGraph(this.session, {
        targets,
        signal,
        force: asked === 'force',
        retry: asked === 'rerun',
        live: this.live,
        report: (event) => {
          if (event.type === 'finished') this.ends.set(event.node, event.outcome)
          report(event)
        },
        ...(jobs === undefined ? {} : { jobs }),
        ...(keepGoing === undefined ? {} : { keepGoing }),
        ...(follow === undefined ? {} : { follow }),
        ...(cache === undefined ? {} : { cache }),
        ...(onFailure === undefined ? {} : { onFailure }),
      })
      return true
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      if (signal.aborted) return false
      this.tellStopped(error)
      this.holdAll(this.lookAll(new Map()))
      return false
    } finally {
      this.isRunning = false
    }
  }

  /** After a run: what is stale still is held or run again. True: run again. */
  private settle(): boolean {
    const stale = this.lookAll(new Map())
    this.holdAll(stale)
    for (const [name, outcome] of this.ends)
      if (outcome !== 'failed' && outcome !== 'timed-out') this.began.delete(name)
    for (const name of this.restless) if (!this.held.has(name)) this.restless.delete(name)
    const again = stale.filter((one) => this.mayRunAgain(one))
    const names = again.map(({ node }) => node.name)
    if (this.isCalm) this.calmRuns++
    const most = names.every((name) => this.restless.has(name)) ? 1 : CALM_RUNS
    if (again.length === 0 || this.calmRuns >= most) {
      this.reruns = 0
      this.calmRuns = 0
      this.isCalm = false
      this.endings.clear()
      this.tellRestless(names)
      return false
    }
    for (const { node } of again) this.held.delete(node.name)
    this.reruns++
    return true
  }

  private holdAll(stale: readonly Stale[]): void {
    this.held = new Map(stale.map(({ node, sight }) => [node.name, sight]))
  }

  private mayRunAgain({ node, sight, reasons }: Stale): boolean {
    const outcome = this.ends.get(node.name)
    if (outcome === 'blocked' || outcome === 'cancelled') return false
    if (outcome === 'failed' || outcome === 'timed-out') {
      const began = this.began.get(node.name)
      return began !== undefined && began !== sight
    }
    // Written by another node: that one would write it again.
    return reasons.some(({ kind }) => kind !== 'output-changed' && kind !== 'output-added')
  }

  private mayEnd(node: Node, reason: Reason, ms: number): boolean {
    const name = 'name' in reason ? reason.name : ''
    const past = this.endings.get(node.name)
    const isLikeBefore =
      past?.name === name && Math.abs(past.ms - ms) < LONGEST_QUIET_MS + 100 + past.ms / 4
    const count = isLikeBefore ? past.count + 1 : 1
    this.endings.set(node.name, { name, ms, count })
    return count <= ENDED_FOR_ITS_OWN
  }

  private async breathe(): Promise<void> {
    this.isCalm = false
    if (this.reruns <= RERUNS_AT_ONCE && this.restless.size === 0) {
      // In the middle of a burst the next run would be ended like this one.
      if (this.quiet.isPending) await this.changedSince(this.version)
      return
    }
    // What the run itself wrote is still being told; the next one sees it whether it is told or not.
    await this.wait(this.version, ECHO_MS)
    this.quiet.cancel()
    this.isCalm = !(await this.wait(this.version, CALM_MS * (this.calmRuns + 1)))
  }

  // The graph

  private async load(): Promise<void> {
    const isFirst = this.sources.size === 0 && this.graph === undefined
    const { graph, sources } = await this.options.load()
    this.sources = sources
    this.graph = undefined
    this.isIdleTold = false
    try {
      if (graph instanceof GraphError) throw graph
      this.wanted = plan(graph, select(graph, this.options.targets))
      this.graph = graph
      if (!isFirst) this.options.report({ type: 'loaded', at: this.now() })
    } catch (error) {
      if (isFirst || !(error instanceof GraphError)) throw error
      this.waitForSources()
      this.tellStopped(error)
    }
  }

  // A file that is missing may come to lie beside those that were found.
  private waitForSources(): void {
    const { disk } = this.options.host
    const files = new Set(this.sources.keys())
    const lists = new Set([...files].map(dirname))
    const folders = [...lists].map((path) => [path, identityOf(disk.stat(path))] as const)
    this.sources = new Map([...this.sources, ...folders])
    this.remember({ files, lists, outputs: new Set() })
  }

  private haveSourcesMoved(): boolean {
    const { disk } = this.options.host
    return [...this.sources].some(([path, was]) => identityOf(disk.stat(path)) !== was)
  }

  // Hints

  private hint(path: string): void {
    const { noted } = this
    if (noted?.concerns(path) !== true) return
    if (noted.grow(path)) this.listenBelow(path)
    const { host, stateFolder } = this.options
    if (!this.isRunning && this.graph)
      this.locks.ask(`${stateFolder}/lock`, { purpose: 'watch', mark: host.mark })
    this.quiet.hint(path)
  }

  // In a burst folders come with their files: until they are watched nobody hears of those, and silence does
  // not mean that the burst is over.
  private async listenBelow(path: string): Promise<void> {
    this.growing++
    do await this.listen()
    while (this.noted?.grow(path) === true)
    this.growing--
    this.quiet.hint(path)
  }

  private poll({ errno, folder }: { readonly errno: string; readonly folder: string }): void {
    if (this.isPolling) return
    this.isPolling = true
    const { clock } = this.options.host
    const look = (): void => {
      this.cancelPoll = clock.after(Math.max(POLL_MS, 20 * this.lookMs), look)
      this.raise()
    }
    this.cancelPoll = clock.after(POLL_MS, look)
    this.options.report({ type: 'polling', at: this.now(), errno, folder, everyMs: POLL_MS })
  }

  private raise(): void {
    this.version++
    this.next.resolve()
    this.next = Promise.withResolvers()
  }

  private async changedSince(version: number): Promise<void> {
    while (this.version === version) await this.next.promise
  }

  /** True when something happened before the time was over. */
  private async wait(version: number, atMostMs: number): Promise<boolean> {
    let isOver = false
    const cancel = this.options.host.clock.after(atMostMs, () => {
      isOver = true
      this.raise()
    })
    await this.changedSince(version)
    cancel()
    return !isOver
  }

  // Telling

  private tellIdle(): void {
    if (this.isIdleTold) return
    this.isIdleTold = true
    const folders = this.noted?.folders.size ?? 0
    const held = [...this.held.keys()]
    const nodes = this.graph && this.wanted.length
    this.options.report({ type: 'idle', at: this.now(), nodes, folders, held })
  }

  private tellRestless(nodes: readonly NodeName[]): void {
    if (nodes.length === 0) return
    for (const name of nodes) this.restless.add(name)
    this.options.report({ type: 'restless', at: this.now(), nodes })
  }

  private tellStopped(error: GraphError): void {
    this.options.report({ type: 'stopped', at: this.now(), error })
  }

  private now(): number {
    return this.options.host.clock.now()
  }
}
