// A folder on a memory host, and what a test does in it: edit, run, ask.
import {
  type Assessed,
  assess,
  type Graph,
  type NodeFailure,
  type NodeName,
  type Outcome,
  plan,
  type Reason,
  type RunEvent,
  type RunOptions,
  type RunSummary,
  recall,
  runGraph,
  type Session,
  select,
} from '../../graph/index.ts'
import { type MemoryHost, memoryHost } from './memory-host.ts'

export const FOLDER = '/w'
export const STATE = '/w/.state'
export const JOURNAL = `${STATE}/journal`
export const SNAPSHOT = `${STATE}/snapshot`

export interface Ran {
  readonly summary: RunSummary
  readonly events: readonly RunEvent[]
  /** Nodes that were started, in order. */
  readonly started: readonly NodeName[]
  readonly outcomes: Readonly<Record<NodeName, Outcome>>
  readonly reasons: Readonly<Record<NodeName, readonly Reason[]>>
  readonly failures: Readonly<Record<NodeName, NodeFailure>>
}

export class World {
  readonly host: MemoryHost = memoryHost()

  /** Files by their name in the folder. Their times are old when the test begins. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.host.disk.makeFolder(FOLDER)
    for (const [name, text] of Object.entries(files)) this.write(name, text)
    this.pause()
  }

  /** Long enough that no file is too young to be trusted. */
  pause(): void {
    this.host.clock.advance(5000)
  }

  write(name: string, text: string): void {
    this.host.disk.write(`${FOLDER}/${name}`, text)
  }

  /** A later edit: time passes before it and after it. */
  edit(name: string, text: string): void {
    this.pause()
    this.write(name, text)
    this.pause()
  }

  remove(name: string): void {
    this.pause()
    this.host.disk.removeFile(`${FOLDER}/${name}`)
    this.pause()
  }

  read(name: string): string | undefined {
    return this.host.disk.readText(`${FOLDER}/${name}`)
  }

  /** A program on PATH. */
  program(name: string, content: string): void {
    this.host.disk.write(`/opt/bin/${name}`, content, 0o755)
    this.pause()
  }

  session(graph: Graph): Session {
    return { graph, host: this.host, folder: FOLDER, stateFolder: STATE }
  }

  /**
   * Runs the graph and tells what happened; time passes afterwards. Without the cache, and
   * with what failed before, unless asked for: most tests are about what runs.
   */
  async run(graph: Graph, options: Partial<RunOptions> = {}): Promise<Ran> {
    const events: RunEvent[] = []
    const report = (event: RunEvent): void => {
      events.push(event)
      options.report?.(event)
    }
    const summary = await runGraph(this.session(graph), {
      ...{ targets: [], cache: false, retry: true, ...options },
      report,
    })
    this.pause()
    return { summary, events, ...read(events) }
  }

  /** What a run would do, by node. */
  async assess(
    graph: Graph,
    targets: readonly string[] = [],
  ): Promise<Readonly<Record<NodeName, Assessed>>> {
    const wanted = plan(graph, select(graph, targets))
    const assessed = await assess(wanted, recall(this.session(graph)))
    return Object.fromEntries(assessed.map((one) => [one.node.name, one]))
  }

  /** Why the nodes that are not fresh would run. */
  async reasons(graph: Graph): Promise<Readonly<Record<NodeName, readonly Reason[]>>> {
    const assessed = Object.values(await this.assess(graph))
    const open = assessed.filter(({ state }) => state !== 'fresh')
    return Object.fromEntries(open.map(({ node, reasons }) => [node.name, reasons]))
  }
}

function read(events: readonly RunEvent[]): Omit<Ran, 'summary' | 'events'> {
  const started: NodeName[] = []
  const outcomes: Record<NodeName, Outcome> = {}
  const reasons: Record<NodeName, readonly Reason[]> = {}
  const failures: Record<NodeName, NodeFailure> = {}
  for (const event of events) {
    if (event.type === 'started' && event.attempt === 1) started.push(event.node)
    if (event.type === 'stale') reasons[event.node] = event.reasons
    if (event.type === 'finished') outcomes[event.node] = event.outcome
    if (event.type === 'finished' && event.failure) failures[event.node] = event.failure
  }
  return { started, outcomes, reasons, failures }
}

/** A door that a command waits at until the test opens it. */
export interface Gate {
  /** Resolves when the command has come to it. */
  readonly reached: Promise<void>
  wait(): Promise<void>
  open(): void
}

export function gate(): Gate {
  const arrival = Promise.withResolvers<void>()
  const opening = Promise.withResolvers<void>()
  return {
    reached: arrival.promise,
    wait: () => {
      arrival.resolve()
      return opening.promise
    },
    open: () => opening.resolve(),
  }
}
