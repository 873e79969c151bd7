// A run on a terminal: listr2 draws one row per node from the event stream. It is a view: it starts
// nothing and decides nothing. It draws on stderr, stdout is for the answer.
import { Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from 'listr2'

import type { PlannedNode, RunEvent } from '../../graph/index.ts'
import { clean } from './text.ts'
import type { Reporter } from './view.ts'

// biome-ignore lint/suspicious/noExplicitAny: listr2's own parameters of a wrapper
type Wrapper = ListrTaskWrapper<any, any, any>

interface Row {
  readonly planned: PlannedNode
  readonly ended: PromiseWithResolvers<void>
  wrapper: Wrapper | undefined
  startedAt: number | undefined
  step: string
  /** What the row says once its node has ended. */
  last: string | undefined
}

export function liveReporter(): Reporter {
  const view = new LiveView()
  return { report: (event) => view.see(event), close: () => view.close() }
}

class LiveView {
  private readonly rows = new Map<string, Row>()
  private drawn: Promise<unknown> | undefined
  private clock: NodeJS.Timeout | undefined

  see(event: RunEvent): void {
    if (event.type === 'planned') return this.start(event.nodes)
    if (event.type === 'waiting') {
      const who = event.owner
        ? `process ${event.owner.pid} (${clean(event.owner.purpose)})`
        : 'another run'
      process.stderr.write(`waiting for ${who}; lock: ${event.lock}\n`)
      return
    }
    if (!('node' in event)) return
    const row = this.rows.get(event.node)
    if (row === undefined) return
    if (event.type === 'started') row.startedAt = event.at
    if (event.type === 'progress') row.step = `[${event.done}/${event.total}] ${clean(event.line)}`
    if (event.type === 'retrying')
      row.step = `network error, retry ${event.attempt}/3 after ${event.afterMs}ms`
    if (event.type === 'finished') this.finish(row, event)
    else this.draw(row)
  }

  async close(): Promise<void> {
    clearInterval(this.clock)
    for (const row of this.rows.values()) row.ended.resolve()
    await this.drawn
    // Whatever happened to the view, the cursor comes back.
    if (this.drawn) process.stderr.write('\x1b[?25h')
  }

  private start(nodes: readonly PlannedNode[]): void {
    for (const planned of nodes)
      this.rows.set(planned.node, {
        planned: { ...planned, title: clean(planned.title) },
        ended: Promise.withResolvers<void>(),
        wrapper: undefined,
        startedAt: undefined,
        step: '',
        last: undefined,
      })
    const room = Math.max(3, (process.stderr.rows ?? 24) - 4)
    const shown = [...this.rows.values()].slice(0, room)
    const hidden = this.rows.size - shown.length
    const list = new Listr(
      [
        ...shown.map((row) => ({
          title: row.last ?? `${row.planned.title}  waiting`,
          task: async (_: unknown, wrapper: Wrapper) => {
            row.wrapper = wrapper
            // A fresh node ends before listr has begun with its row.
            if (row.last !== undefined) wrapper.title = row.last
            await row.ended.promise
          },
        })),
        ...(hidden > 0 ? [{ title: `+${hidden} more`, task: () => this.allEnded() }] : []),
      ],
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        rendererOptions: {
          collapseErrors: false,
          formatOutput: 'truncate',
          logger: new ListrLogger({
            useIcons: true,
            processOutput: new ProcessOutput(process.stderr, process.stderr, {
              leaveEmptyLine: false,
            }),
          }),
        },
      },
    )
    this.drawn = list.run().catch(() => {})
    this.clock = setInterval(() => {
      for (const row of this.rows.values()) this.draw(row)
    }, 1000)
    this.clock.unref()
  }

  private async allEnded(): Promise<void> {
    await Promise.all([...this.rows.values()].map((row) => row.ended.promise))
  }

  private draw(row: Row): void {
    if (row.wrapper === undefined || row.startedAt === undefined || row.last !== undefined) return
    const seconds = Math.floor((Date.now() - row.startedAt) / 1000)
    row.wrapper.title = `${row.planned.title}  ${seconds}s`
    if (row.step !== '') row.wrapper.output = row.step
  }

  private finish(
    row: Row,
    { outcome, ms, failure, blockedBy }: Extract<RunEvent, { type: 'finished' }>,
  ): void {
    const took = ms >= 100 ? ` ${(ms / 1000).toFixed(1)}s` : ''
    const by = blockedBy ? ` by ${blockedBy}` : ''
    const { wrapper, planned, ended } = row
    row.last = `${planned.title}  ${outcome}${by}${took}`
    if (wrapper === undefined) return ended.resolve()
    if (outcome === 'blocked' || outcome === 'cancelled') wrapper.skip(row.last)
    else wrapper.title = row.last
    if (failure) ended.reject(new Error(clean(failure.message.split('\n')[0] ?? '')))
    else ended.resolve()
  }
}
