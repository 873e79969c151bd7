// Which node comes next. One state per node, one transition function; what is ready goes by critical
// path: the node with the longest expected way to the end first. It knows nothing of files (n2).
import type { Graph } from './graph.ts'
import type { Node } from './node.ts'

export type NodeState =
  | 'waiting'
  | 'ready'
  | 'queued'
  | 'running'
  | 'done'
  | 'failed'
  | 'blocked'
  | 'cancelled'

export interface ScheduleOptions {
  readonly graph: Graph
  readonly wanted: readonly Node[]
  readonly jobs: number
  /** Expected milliseconds of a node; undefined when nothing is known. */
  readonly expected: (node: Node) => number | undefined
}

// Of nodes of which nothing is known, that with more behind it goes first.
const UNKNOWN_MS = 1

/** A node that was taken back, and its state until then. */
export interface Reopened {
  readonly node: Node
  readonly was: NodeState
}

export class Schedule {
  private readonly wanted: readonly Node[]
  private readonly jobs: number
  private readonly states: NodeState[]
  private readonly waitingFor: number[]
  private readonly users: Node[][]
  private readonly weight: number[]
  private readonly poolRoom: Map<string, number>
  private ready: Node[] = []
  private queue: Node[] = []
  private running = 0
  private open: number

  constructor({ graph, wanted, jobs, expected }: ScheduleOptions) {
    const size = graph.nodes.length
    this.wanted = wanted
    this.jobs = jobs
    this.open = wanted.length
    this.states = new Array<NodeState>(size).fill('done')
    this.waitingFor = new Array<number>(size).fill(0)
    this.users = Array.from({ length: size }, () => [])
    this.weight = new Array<number>(size).fill(0)
    this.poolRoom = new Map(Object.entries(graph.pools))
    for (const node of wanted) this.states[node.index] = 'waiting'
    for (const node of wanted) this.link(node)
    // Users come after what they need, so one walk from the end sums the paths.
    for (let i = wanted.length - 1; i >= 0; i--) {
      const node = wanted[i] as Node
      let longest = 0
      for (const user of this.usersOf(node)) longest = Math.max(longest, this.weightOf(user))
      this.weight[node.index] = (expected(node) ?? UNKNOWN_MS) + longest
    }
    for (const node of wanted) if (this.waitingFor[node.index] === 0) this.makeReady(node)
  }

  get isFinished(): boolean {
    return this.open === 0
  }

  get runningCount(): number {
    return this.running
  }

  /** Whether something waits to be looked at. */
  get hasReady(): boolean {
    return this.ready.length > 0
  }

  /** Whether something is queued and there is room for it. */
  get canRun(): boolean {
    return this.running < this.jobs && this.queue.some((node) => this.roomIn(node.spec.pool) > 0)
  }

  stateOf(node: Node): NodeState {
    return this.states[node.index] as NodeState
  }

  /** A node whose needs are all done and of which nobody has looked at the files yet. */
  nextReady(): Node | undefined {
    return this.ready.shift()
  }

  /** It is stale: it waits for room. */
  enqueue(node: Node): void {
    this.states[node.index] = 'queued'
    const weight = this.weightOf(node)
    let at = this.queue.length
    while (at > 0 && this.weightOf(this.queue[at - 1] as Node) < weight) at--
    this.queue.splice(at, 0, node)
  }

  /** The most urgent queued node for which there is room, now running. */
  nextToRun(): Node | undefined {
    if (this.running >= this.jobs) return undefined
    const at = this.queue.findIndex((node) => this.roomIn(node.spec.pool) > 0)
    if (at < 0) return undefined
    const node = this.queue.splice(at, 1)[0] as Node
    this.states[node.index] = 'running'
    this.running++
    if (node.spec.pool !== undefined)
      this.poolRoom.set(node.spec.pool, this.roomIn(node.spec.pool) - 1)
    return node
  }

  /** The one transition to an end; gives the nodes that are blocked by it. */
  settle(node: Node, end: 'done' | 'failed' | 'cancelled'): readonly Node[] {
    this.leave(node)
    this.states[node.index] = end
    this.open--
    if (end !== 'done') return this.block(node)
    for (const user of this.usersOf(node)) {
      const left = (this.waitingFor[user.index] as number) - 1
      this.waitingFor[user.index] = left
      if (left === 0 && this.states[user.index] === 'waiting') this.makeReady(user)
    }
    return []
  }

  /** Gives up all that has not begun; they are cancelled. */
  abandon(): readonly Node[] {
    const given = this.wanted.filter((node) =>
      ['waiting', 'ready', 'queued'].includes(this.stateOf(node)),
    )
    for (const node of given) this.states[node.index] = 'cancelled'
    this.open -= given.length
    this.ready = []
    this.queue = []
    return given
  }

  /**
   * Takes nodes back, with all that stands on them: whatever had ended waits for its needs again. Those
   * that run stay running until the caller has ended them and calls `requeue`. In order.
   */
  reopen(nodes: ReadonlySet<Node>): readonly Reopened[] {
    const hit = new Set(nodes)
    const reopened: Reopened[] = []
    for (const node of this.wanted) {
      if (!hit.has(node)) continue
      const was = this.stateOf(node)
      if (was !== 'running' && this.isBarred(node)) continue
      for (const user of this.usersOf(node)) {
        hit.add(user)
        if (was === 'done')
          this.waitingFor[user.index] = (this.waitingFor[user.index] as number) + 1
      }
      reopened.push({ node, was })
      if (was === 'running') continue
      if (was === 'ready') this.ready = this.ready.filter((other) => other !== node)
      else if (was === 'queued') this.queue = this.queue.filter((other) => other !== node)
      else if (was !== 'waiting') this.open++
      this.wait(node)
    }
    return reopened
  }

  /** A running node was ended so that it can run again; gives what is blocked since. */
  requeue(node: Node): readonly Node[] {
    this.leave(node)
    if (!this.isBarred(node)) {
      this.wait(node)
      return []
    }
    // A need of it has failed while it was being ended.
    this.states[node.index] = 'blocked'
    this.open--
    return [node, ...this.block(node)]
  }

  private wait(node: Node): void {
    if (this.waitingFor[node.index] === 0) this.makeReady(node)
    else this.states[node.index] = 'waiting'
  }

  private isBarred(node: Node): boolean {
    const ended: readonly NodeState[] = ['failed', 'blocked', 'cancelled']
    return [...node.needs, ...node.after].some((edge) => ended.includes(this.stateOf(edge)))
  }

  private leave(node: Node): void {
    if (this.states[node.index] !== 'running') return
    this.running--
    const { pool } = node.spec
    if (pool !== undefined) this.poolRoom.set(pool, this.roomIn(pool) + 1)
  }

  private link(node: Node): void {
    const edges = node.after.length === 0 ? node.needs : [...node.needs, ...node.after]
    for (const edge of new Set(edges)) {
      if (this.states[edge.index] !== 'waiting') continue
      this.users[edge.index]?.push(node)
      this.waitingFor[node.index] = (this.waitingFor[node.index] as number) + 1
    }
  }

  private block(failed: Node): readonly Node[] {
    const blocked: Node[] = []
    const stack = [...this.usersOf(failed)]
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (this.states[node.index] !== 'waiting') continue
      this.states[node.index] = 'blocked'
      this.open--
      blocked.push(node)
      stack.push(...this.usersOf(node))
    }
    return blocked
  }

  private makeReady(node: Node): void {
    this.states[node.index] = 'ready'
    this.ready.push(node)
  }

  private usersOf(node: Node): readonly Node[] {
    return this.users[node.index] as Node[]
  }

  private weightOf(node: Node): number {
    return this.weight[node.index] as number
  }

  private roomIn(pool: string | undefined): number {
    return pool === undefined ? 1 : (this.poolRoom.get(pool) ?? 1)
  }
}
