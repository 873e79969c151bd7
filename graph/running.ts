// The nodes that run now. One can be ended so that it can run again, or all, for good.
import type { Clock } from './host.ts'
import type { Node } from './node.ts'

interface Running {
  readonly startedAt: number
  readonly stop: AbortController
  isRecalled: boolean
}

export class RunningNodes {
  private readonly clock: Clock
  private readonly stop: AbortSignal
  private readonly nodes = new Map<Node, Running>()

  /** `stop` ends them all. */
  constructor(clock: Clock, stop: AbortSignal) {
    this.clock = clock
    this.stop = stop
    stop.addEventListener('abort', () => this.endAll())
  }

  /** Ends them all. */
  endAll(): void {
    for (const { stop } of this.nodes.values()) stop.abort()
  }

  /** The signal that ends the node. */
  begin(node: Node): AbortSignal {
    const own = new AbortController()
    if (this.stop.aborted) own.abort()
    this.nodes.set(node, { startedAt: this.clock.now(), stop: own, isRecalled: false })
    return own.signal
  }

  end(node: Node): void {
    this.nodes.delete(node)
  }

  /** Ends it so that it can run again. */
  recall(node: Node): void {
    const running = this.nodes.get(node)
    if (running === undefined) return
    running.isRecalled = true
    running.stop.abort()
  }

  isRecalled(node: Node): boolean {
    return this.nodes.get(node)?.isRecalled === true
  }

  /** For how many milliseconds it runs; undefined when it does not. */
  msOf(node: Node): number | undefined {
    const running = this.nodes.get(node)
    return running && this.clock.now() - running.startedAt
  }
}
