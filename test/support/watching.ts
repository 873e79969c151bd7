// A watch of a graph on a memory host: the test edits files and moves the clock; nothing sleeps.
import { setImmediate } from 'node:timers/promises'

import {
  type Graph,
  type GraphError,
  GraphWatch,
  type NodeName,
  type WatchEvent,
  type WatchOptions,
} from '../../graph/index.ts'
import { FOLDER, STATE, type World } from './world.ts'

export class Watching {
  readonly events: WatchEvent[] = []
  readonly watch: GraphWatch
  private readonly world: World
  private readonly stop = new AbortController()
  private readonly ended: Promise<void>
  private seen = 0

  constructor(
    world: World,
    load: Graph | WatchOptions['load'],
    options: Partial<WatchOptions> = {},
  ) {
    this.world = world
    this.watch = new GraphWatch({
      host: world.host,
      folder: FOLDER,
      stateFolder: STATE,
      load: typeof load === 'function' ? load : async () => ({ graph: load, sources: new Map() }),
      targets: [],
      // Most tests are about what runs.
      cache: false,
      signal: this.stop.signal,
      report: (event) => this.events.push(event),
      ...options,
    })
    this.ended = this.watch.run()
    // The test that expects an error asks for it in end().
    this.ended.catch(() => {})
  }

  /** Lets all that is under way come to rest: a second and a half of the memory clock. */
  async calm(): Promise<void> {
    for (let i = 0; i < 75; i++) {
      await this.flush()
      this.world.host.clock.advance(20)
    }
    await this.flush()
  }

  /** Lets everything happen that needs no time. */
  async flush(): Promise<void> {
    for (let i = 0; i < 8; i++) await setImmediate()
  }

  async end(): Promise<void> {
    this.stop.abort()
    await this.ended
  }

  /** The nodes that were started since the last call, in order. */
  started(): readonly NodeName[] {
    return this.news().flatMap((event) => (event.type === 'started' ? [event.node] : []))
  }

  /** What happened since the last call: `a started`, `a changed`, `idle`. */
  told(): readonly string[] {
    return this.news().flatMap((event) => {
      if (event.type === 'started') return [`${event.node} started`]
      if (event.type === 'finished' && event.outcome !== 'fresh')
        return [`${event.node} ${event.outcome}`]
      if (event.type === 'stopped') return [(event.error as GraphError).message]
      if (['idle', 'polling', 'restless', 'loaded', 'reopened'].includes(event.type))
        return [event.type]
      return []
    })
  }

  get last(): WatchEvent | undefined {
    return this.events.at(-1)
  }

  private news(): readonly WatchEvent[] {
    const news = this.events.slice(this.seen)
    this.seen = this.events.length
    return news
  }
}
