// A watch on the screen: the lines of each run, and at the bottom of a terminal what goes on now. Rows of listr2
// would not do: a node may run again while others go on, and rows can be neither added nor opened again.
import type { NodeName, Reason, RunEvent, WatchEvent } from '../../graph/index.ts'
import { failureText } from './failure-text.ts'
import { lineReporter } from './lines.ts'
import { stepText } from './progress.ts'
import { StatusLine } from './status-line.ts'
import { countsText } from './summary-text.ts'
import { clean } from './text.ts'
import type { Reporter } from './view.ts'
import { reasonText } from './words/reason.ts'
import * as words from './words/watch.ts'

interface Running {
  readonly since: number
  step: string
}

export interface WatchViewOptions {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly isTerminal: boolean
  /** Keys are heard. */
  readonly hasKeys: boolean
}

const EVERY_MS = 1000

export class WatchView {
  private readonly options: WatchViewOptions
  private readonly line: StatusLine
  private readonly running = new Map<NodeName, Running>()
  private readonly reasons = new Map<NodeName, readonly Reason[]>()
  private readonly logs = new Map<NodeName, string>()
  private failed: NodeName[] = []
  private last: NodeName | undefined
  private reporter: Reporter | undefined
  private pollMs: number | undefined
  private idle = 'looking at everything'
  private timer: NodeJS.Timeout | undefined

  constructor(options: WatchViewOptions) {
    this.options = options
    this.line = new StatusLine(options.isTerminal)
  }

  report(event: WatchEvent): void {
    switch (event.type) {
      case 'idle':
        return this.tellIdle(words.waiting(event, this.pollMs))
      case 'polling':
        this.pollMs = event.everyMs
        return this.line.print(words.polling(event))
      case 'restless':
        return this.line.print(words.restless(event))
      case 'stopped':
        return this.line.print(words.stopped(event.error))
      case 'loaded':
        return this.say('the graph was evaluated again\n')
      default:
        this.follow(event)
    }
  }

  /** Why the nodes of the last run ran. */
  explain(): void {
    const rows = [...this.reasons].flatMap(([node, reasons]) => [
      `${clean(node)}${this.failed.includes(node) ? ' failed' : ''}`,
      ...reasons.map((reason) => `  - ${reasonText(reason)}`),
    ])
    this.line.print(rows.length === 0 ? 'nothing has run yet\n' : `${rows.join('\n')}\n`)
  }

  /** The log to show: of what runs, else of what failed, else of what ran last. */
  get logged(): { readonly node: NodeName; readonly log: string } | undefined {
    const node = [...this.running.keys()].at(-1) ?? this.failed.at(-1) ?? this.last
    const log = node === undefined ? undefined : this.logs.get(node)
    return node === undefined || log === undefined ? undefined : { node, log }
  }

  /** Whole lines above the status. */
  print(text: string): void {
    this.line.print(text)
  }

  /** The terminal is another job's for a while. */
  hide(): void {
    this.line.hide()
  }

  reveal(): void {
    this.redraw()
    this.line.reveal()
  }

  close(): void {
    clearInterval(this.timer)
    this.line.hide()
  }

  private redraw(): void {
    this.line.show(this.status(), this.options.hasKeys ? `   ${words.KEYS}` : '')
  }

  private say(text: string): void {
    if (!this.options.quiet) this.line.print(text)
  }

  private tellIdle(text: string): void {
    this.idle = text
    if (!this.options.isTerminal) return this.say(`${text}\n`)
    this.redraw()
  }

  private follow(event: RunEvent): void {
    if (event.type === 'planned') this.begin(event.at)
    if (event.type === 'stale') this.reasons.set(event.node, event.reasons)
    if (event.type === 'started') {
      this.running.set(event.node, { since: event.at, step: '' })
      this.logs.set(event.node, event.log)
      this.last = event.node
    }
    if (event.type === 'progress') {
      const running = this.running.get(event.node)
      if (running) running.step = ` ${stepText(event)}`
    }
    if (event.type === 'finished') this.running.delete(event.node)
    this.reporter?.report(event)
    if (event.type === 'done') this.end(event)
    else if (event.type !== 'output' && event.type !== 'progress') this.redraw()
  }

  private begin(at: number): void {
    const { quiet, verbose } = this.options
    this.idle = 'running'
    this.running.clear()
    this.reasons.clear()
    this.failed = []
    const write = (text: string): void => this.line.print(text)
    this.reporter = quiet ? undefined : lineReporter({ verbose, since: at, write })
    if (!this.options.isTerminal) return
    this.timer ??= setInterval(() => this.running.size > 0 && this.redraw(), EVERY_MS).unref()
  }

  private end({ at, summary }: Extract<RunEvent, { type: 'done' }>): void {
    this.failed = summary.failures.map(({ node }) => node)
    this.say(`${new Date(at).toTimeString().slice(0, 8)}  ${countsText(summary)}`)
    for (const failure of summary.failures) this.line.print(failureText(failure))
    this.redraw()
  }

  private status(): string {
    if (this.running.size === 0) return this.idle
    const seconds = (since: number): number => Math.max(0, Math.floor((Date.now() - since) / 1000))
    const rows = [...this.running].map(
      ([node, { since, step }]) => `${node} ${seconds(since)}s${step}`,
    )
    return `${this.running.size} running: ${rows.slice(-3).join(', ')}`
  }
}
