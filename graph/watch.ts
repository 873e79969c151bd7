// Watching: hints -> quiet -> a look at the disk -> a run. A hint only says when to look; what has to be
// done is decided from the disk, by the same freshness as every run's. Silent: it tells by events.
import { GraphError } from './error.ts'
import type { Graph } from './graph.ts'
import { HeldNodes } from './held.ts'
import { Hints } from './hints.ts'
import type { Live } from './live.ts'
import { LocksAhead } from './locks-ahead.ts'
import { Noting } from './noting.ts'
import { runGraph } from './run.ts'
import type { Session } from './state.ts'
import { type Held, type Stale, staleNodes } from './survey.ts'
import { WarmMemory } from './warm.ts'
import type { WatchOptions } from './watch-options.ts'
import { WatchedGraph } from './watched-graph.ts'
import { World } from './world.ts'

// What a run itself wrote is still being told for a while; the next one sees it whether it is told or not.
const ECHO_MS = 200

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
  private readonly hints: Hints
  private readonly held = new HeldNodes()
  private readonly live: Live
  private readonly watched: WatchedGraph
  private asked: 'rerun' | 'force' | undefined
  private isCalm = false
  private isRunning = false
  private isIdleTold = false

  constructor(options: WatchOptions) {
    this.options = options
    this.watched = new WatchedGraph(options)
    const { host, folder, stateFolder, seldom = [] } = options
    this.locks = new LocksAhead(host.locks)
    this.hints = new Hints({
      host,
      top: folder,
      never: [stateFolder],
      seldom,
      isBusy: () => this.isRunning,
      onHint: () => this.askForLock(),
      onPolling: (polling) => options.report({ type: 'polling', at: this.now(), ...polling }),
    })
    this.live = {
      recall: (session) => this.warm.recall(session),
      keep: () => this.warm.keep(this.session),
      hinted: () => this.hints.changedSince(this.hints.version),
      began: (node, key) => this.held.began(node.name, key),
      wroteInput: (node) => this.held.wroteInput(node.name),
      sawBefore: (node) => this.held.keyOf(node.name),
      mayEnd: (node, reason, afterMs) => this.held.mayEnd(node.name, reason, afterMs),
    }
  }

  /**
   * Resolves when the signal aborts.
   *
   * @throws GraphError when the graph cannot be evaluated at the start
   */
  async run(): Promise<void> {
    const { signal, host } = this.options
    const wake = (): void => this.hints.raise()
    signal.addEventListener('abort', wake)
    try {
      const error = await this.watched.load()
      if (error) throw error
      if (!signal.aborted) await this.firstTurn()
      while (!signal.aborted) await this.turn()
    } finally {
      signal.removeEventListener('abort', wake)
      this.hints.drop()
      await this.locks.giveBack()
      if (this.watched.graph) this.warm.save(this.session)
      host.shell.close()
      await this.hints.close()
    }
  }

  /** Evaluates the graph again and runs whatever is stale, also what failed before. */
  rerun(): void {
    this.asked ??= 'rerun'
    this.hints.raise()
  }

  /** Runs the targets even if they are fresh. */
  force(): void {
    this.asked = 'force'
    this.hints.raise()
  }

  private async firstTurn(): Promise<void> {
    const isStale = this.lookAll().length > 0
    const listening = this.listenAnew()
    const hasRun = isStale && (await this.runOnce())
    await listening
    if (hasRun) await this.settle()
  }

  // A run need not wait until all folders are watched; of what happens meanwhile nobody hears, so it looks
  // again when they are.
  private async listenAnew(): Promise<void> {
    await this.hints.listen()
    this.hints.raise()
  }

  private async turn(): Promise<void> {
    const asked = this.asked
    this.asked = undefined
    if (asked === 'rerun') this.held.release()
    const isAnew = asked !== undefined || this.watched.haveSourcesMoved
    if (isAnew) await this.loadAgain()
    let version = this.hints.version
    if (this.watched.graph !== undefined && (asked === 'force' || this.hasWork())) {
      if (isAnew) void this.listenAnew()
      const hasRun = await this.runOnce(asked)
      version = this.hints.version
      if (hasRun && (await this.settle())) return
    }
    await this.locks.giveBack()
    if (await this.hints.listen()) return
    this.tellIdle()
    await this.hints.rest(version)
  }

  // After a run. True: something is to be run again, and it is time for it.
  private async settle(): Promise<boolean> {
    const { hints } = this
    const { again, restless } = this.held.settle(this.lookAll(), this.isCalm)
    this.isCalm = false
    if (restless.length > 0)
      this.options.report({ type: 'restless', at: this.now(), nodes: restless })
    if (again === undefined) return false
    if (again.calmMs === 0) {
      // In the middle of a burst the next run would be ended like this one.
      if (hints.isPending) await hints.changedSince(hints.version)
      return true
    }
    await hints.wait(hints.version, ECHO_MS)
    hints.drop()
    this.isCalm = !(await hints.wait(hints.version, again.calmMs))
    return true
  }

  /** Whether something is stale that is not held; looks no further than the first. */
  private hasWork(): boolean {
    const noting = this.newNoting()
    if (!this.staleNodes(noting, this.held.all).next().done) return true
    this.hints.remember(noting)
    return false
  }

  private lookAll(): readonly Stale[] {
    const start = this.now()
    const noting = this.newNoting()
    const stale = [...this.staleNodes(noting, new Map())]
    this.hints.remember(noting, this.now() - start)
    return stale
  }

  private staleNodes(noting: Noting, held: Held): Generator<Stale, void> {
    const { session } = this
    const memory = this.warm.recall(session)
    const around = { ...session, roots: session.graph.roots, host: noting.host }
    const world = new World(around, memory.world.snapshot)
    return staleNodes(this.watched.wanted, { memory: { ...memory, world }, noting, held })
  }

  private newNoting(): Noting {
    const noting = new Noting(this.options.host)
    for (const path of this.watched.files) noting.files.add(path)
    return noting
  }

  private get session(): Session {
    const { host, folder, stateFolder, seldom = [] } = this.options
    const graph = this.watched.graph as Graph
    return { graph, folder, stateFolder, seldom, host: { ...host, locks: this.locks } }
  }

  private async runOnce(asked?: 'rerun' | 'force'): Promise<boolean> {
    const { targets, signal, report, jobs, maxLoad, keepGoing, follow, cache, onFailure } =
      this.options
    this.held.begin()
    this.isRunning = true
    this.isIdleTold = false
    try {
      await runGraph(this.session, {
        targets,
        signal,
        force: asked === 'force',
        retry: asked === 'rerun' || this.options.retry === true,
        live: this.live,
        report: (event) => {
          if (event.type === 'finished') this.held.ended(event.node, event.outcome)
          report(event)
        },
        ...(jobs === undefined ? {} : { jobs }),
        ...(maxLoad === undefined ? {} : { maxLoad }),
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
      this.held.hold(this.lookAll())
      return false
    } finally {
      this.isRunning = false
    }
  }

  private async loadAgain(): Promise<void> {
    const error = await this.watched.load()
    this.isIdleTold = false
    if (error === undefined) return this.options.report({ type: 'loaded', at: this.now() })
    this.hints.remember(this.watched.places)
    this.tellStopped(error)
  }

  private askForLock(): void {
    const { host, stateFolder } = this.options
    if (this.isRunning || this.watched.graph === undefined) return
    // Its folder may be about to go: nothing of it is made anew for a run that may never be.
    if (host.disk.stat(stateFolder) === undefined) return
    this.locks.ask(`${stateFolder}/lock`, { purpose: 'watch', mark: host.mark })
  }

  private tellIdle(): void {
    if (this.isIdleTold) return
    this.isIdleTold = true
    const { folders } = this.hints
    const nodes = this.watched.graph && this.watched.wanted.length
    const held = this.held.names
    this.options.report({ type: 'idle', at: this.now(), nodes, folders, held })
  }

  private tellStopped(error: GraphError): void {
    this.options.report({ type: 'stopped', at: this.now(), error })
  }

  private now(): number {
    return this.options.host.clock.now()
  }
}
