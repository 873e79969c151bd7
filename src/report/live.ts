// A run on a terminal: listr2 draws and redraws, screen.ts says what. It is a view: it starts nothing and
// decides nothing. It draws on stderr, stdout is for the answer.
import { writeSync } from 'node:fs'

import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2'

import type { RunEvent } from '../../graph/index.ts'
import { whenSuspended } from '../suspension.ts'
import { eprint } from './eprint.ts'
import { gather, type Row } from './rows.ts'
import { lastLines, type ScreenSize, screenLines } from './screen.ts'
import { cutMark, type Style } from './terminal.ts'
import { clean } from './text.ts'
import type { Reporter, ReportOptions } from './view.ts'
import { clip } from './width.ts'
import { heldBackBriefly } from './words/held-back.ts'

/** Draws the run until it is closed. */
export function liveReporter(
  options: Pick<ReportOptions, 'since' | 'title'>,
  style: Style,
): Reporter {
  const view = new LiveView(options, style)
  return { report: (event) => view.see(event), close: () => view.close() }
}

class LiveView {
  private readonly rows = new Map<string, Row>()
  private readonly since: number
  private readonly title: string | undefined
  private readonly style: Style
  private readonly ended = Promise.withResolvers<void>()
  private held = ''
  private drawn: Promise<unknown> | undefined
  private screen: DefaultRenderer | undefined
  private forget = (): void => {}

  constructor({ since, title }: Pick<ReportOptions, 'since' | 'title'>, style: Style) {
    this.since = since
    this.title = title
    this.style = style
  }

  see(event: RunEvent): void {
    if (event.type === 'waiting') {
      const { owner, lock } = event
      const who = owner ? `process ${owner.pid} (${clean(owner.purpose)})` : 'another run'
      eprint(`waiting for ${who}; lock: ${lock}\n`)
    }
    if (event.type === 'held-back') this.held = heldBackBriefly(event)
    else if (event.type === 'started') this.held = ''
    gather(this.rows, event)
    if (event.type !== 'planned' || this.drawn !== undefined) return
    // The shell that takes over needs its cursor.
    this.forget = whenSuspended({
      onLeave: () => {
        this.screen?.end()
        toTerminal(SHOW_CURSOR)
      },
      onReturn: () => {
        toTerminal(HIDE_CURSOR)
        // Below what the shell has written meanwhile, not over it.
        void this.screen?.render()
      },
    })
    this.drawn = this.draw()
  }

  async close(): Promise<void> {
    this.forget()
    this.ended.resolve()
    await this.drawn
    if (this.drawn === undefined) return
    const rows = [...this.rows.values()]
    const last = [...this.head, ...lastLines(rows, this.size, this.style)]
    // Whatever happened to the view, the cursor comes back.
    eprint(`${last.map((line) => `${line}\n`).join('')}${SHOW_CURSOR}`)
  }

  private get head(): readonly string[] {
    return this.title === undefined ? [] : [clip(this.title, this.columns - 1, cutMark(this.style))]
  }

  // A terminal without a size says 0.
  private get columns(): number {
    return process.stderr.columns || 80
  }

  private get size(): ScreenSize {
    return { columns: this.columns, rows: (process.stderr.rows || 24) - this.head.length }
  }

  private lines(): string {
    const time = { since: this.since, now: Date.now(), held: this.held }
    const lines = screenLines([...this.rows.values()], time, this.size, this.style)
    return [...this.head, ...lines].join('\n')
  }

  // One task of listr2's stands for the run; what is drawn of it is ours.
  private async draw(): Promise<void> {
    const lines = (): string => this.lines()
    const keep = (screen: DefaultRenderer): void => {
      this.screen = screen
    }
    class Screen extends DefaultRenderer {
      override create(): string {
        return lines()
      }
      override async render(): Promise<void> {
        keep(this)
        await super.render()
      }
    }
    const output = new ProcessOutput(process.stderr, process.stderr, { leaveEmptyLine: false })
    const list = new Listr([{ title: ' ', task: () => this.ended.promise }], {
      exitOnError: false,
      registerSignalListeners: false,
      renderer: Screen,
      rendererOptions: { clearOutput: true, logger: new ListrLogger({ processOutput: output }) },
    })
    await list.run().catch(() => {})
  }
}

// listr2 keeps what is written to `process.stderr` until it has ended.
function toTerminal(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // The terminal is gone.
  }
}

const SHOW_CURSOR = '\x1b[?25h'
const HIDE_CURSOR = '\x1b[?25l'
