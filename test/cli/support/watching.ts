// `bitnet-tasks watch --json` as a process: the test edits files and waits for what is told of them.
import type { RunEvent, WatchEvent } from '../../../graph/index.ts'
import { type Ended, type Running, type RunOptions, start } from './program.ts'

const processes = new Set<WatchProcess>()

/** Ends what a test has left running. */
export async function endAll(): Promise<void> {
  for (const one of processes) await one.end('SIGKILL')
}

export class WatchProcess {
  readonly events: WatchEvent[] = []
  private readonly running: Running
  private readonly waiting = new Set<() => void>()
  private rest = ''
  private taken = 0

  constructor(args: readonly string[], options: RunOptions) {
    this.running = start(['watch', '--json', ...args], options)
    this.running.child.stdout?.on('data', (text: string) => this.hear(text))
    processes.add(this)
    this.running.child.on('close', () => {
      processes.delete(this)
      this.tell()
    })
  }

  get pid(): number {
    return this.running.pid
  }

  /** Resolves with the next event that fits, counted from the last one that this gave. */
  async next<T extends WatchEvent['type']>(
    type: T,
    fits: (event: Extract<WatchEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<WatchEvent, { type: T }>> {
    for (;;) {
      for (; this.taken < this.events.length; this.taken++) {
        const event = this.events[this.taken] as Extract<WatchEvent, { type: T }>
        if (event.type !== type || !fits(event)) continue
        this.taken++
        return event
      }
      if (this.running.child.exitCode !== null) throw new Error(`it ended before '${type}'`)
      await new Promise<void>((resolve) => this.waiting.add(resolve))
    }
  }

  /** The nodes that were started so far. */
  get started(): readonly string[] {
    const starts = this.events.filter(
      (event): event is Extract<RunEvent, { type: 'started' }> => event.type === 'started',
    )
    return starts.map(({ node }) => node)
  }

  /** How often everything was decided and brought up to date. */
  get runs(): number {
    return this.events.filter(({ type }) => type === 'done').length
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.running.child.kill(signal)
    return this.running.ended
  }

  private hear(text: string): void {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() as string
    for (const line of lines) this.events.push(JSON.parse(line) as WatchEvent)
    this.tell()
  }

  private tell(): void {
    for (const resolve of this.waiting) resolve()
    this.waiting.clear()
  }
}
