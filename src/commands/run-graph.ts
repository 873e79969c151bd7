// A run that has to look at the graph: its view, its seal, its summary. Where all is as the last run left
// it, quick.ts has answered.
import { type CheckedSeal, type RunSummary, runGraph, type Session } from '../../graph/index.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import { sealOptions } from '../graph-seal.ts'
import { eprint } from '../report/eprint.ts'
import type { EventStream } from '../report/event-stream.ts'
import { print } from '../report/print.ts'
import { countsText, failuresText } from '../report/summary-text.ts'
import type { ColorChoice } from '../report/terminal.ts'
import { clean, jsonDocument } from '../report/text.ts'
import type { Reporter } from '../report/view.ts'
import { OPEN_ENVIRONMENT } from '../report/words/environment.ts'
import { shippedGraphText } from '../report/words/shipped-graph.ts'
import { graphFileOf } from '../sealed.ts'
import { type GraphChoices, openOwn, openSession } from '../session.ts'
import type { Interruption } from '../signals.ts'
import { furnish } from '../state-folder.ts'
import { withWords } from '../with-words.ts'

export interface RunArgs extends GraphChoices {
  readonly force?: boolean
  readonly keepGoing?: boolean
  readonly failFast?: boolean
  readonly dryRun?: boolean
  readonly wait?: boolean
  readonly cache?: boolean
  readonly retry?: boolean
  readonly strictEnv?: boolean
  readonly lockTimeout?: number
  readonly load?: number
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly color?: ColorChoice
  readonly json?: boolean
  readonly events?: string
  readonly trace?: string
  readonly only?: boolean
  readonly from?: string
  readonly until?: string
  /** What the seal of the last run of these nodes still says. */
  readonly checked?: CheckedSeal | undefined
  /** More words for the last command of the one node that is named. */
  readonly words?: readonly string[]
}

/** Brings nodes and all they need up to date. */
export async function run(asked: readonly string[], args: RunArgs): Promise<number> {
  const { events: place } = args
  const problem = await problemOf(args)
  if (problem !== undefined) {
    eprint(problem)
    return EXIT.usage
  }
  const file = graphFileOf(args)
  const named = args.until === undefined ? asked : [...asked, args.until]
  // Whoever names nothing in the shipped graph wants it for this machine, not for a GPU it may not have.
  const isOpen = file === undefined && named.length === 0 && args.from === undefined
  const targets = isOpen ? ['revalidate[cpu]'] : named
  const own = file === undefined ? undefined : await openOwn(file)
  const opened = own?.session ?? (await openSession(args))
  const session = { ...opened, graph: withWords(opened.graph, named, args.words) }
  if (isOpen && !args.quiet) eprint(shippedGraphText(args.folder))
  // What a machine lacks to build C++ stands in no key.
  const mayRetry = args.retry === true || file === undefined
  if (args.dryRun) {
    const { dryRun } = await import('./dry-run.ts')
    const would = await dryRun(session, targets, { ...args, retry: mayRetry })
    const { text, commands, expected, time } = would
    print(args.json ? jsonDocument({ version: 1, wouldExecute: commands, expected }) : text + time)
    return EXIT.available
  }
  const isWhole = !args.only && args.from === undefined && session.graph === opened.graph
  const seal = file && own && isWhole ? sealOptions(file, targets, own) : undefined
  const streams = place === undefined ? undefined : await import('../report/event-stream.ts')
  const events = place === undefined ? undefined : streams?.openEventStream(place)
  const work: Work = {
    ...{ session, targets, mayRetry, seal, events },
    own: file && own ? { file, sources: own.sources } : undefined,
  }
  try {
    const summary = await carriedOut(work, args)
    return await told(summary, work, args)
  } finally {
    // Not before all is said: who reads the events may be in no hurry.
    await events?.close()
  }
}

// What cannot be had together.
async function problemOf(args: RunArgs): Promise<string | undefined> {
  const { events, trace, dryRun } = args
  if (events === undefined && trace === undefined) return undefined
  if (events !== undefined && dryRun)
    return 'error: --events and --dry-run: nothing runs, so there are no events\n  hint: plan --json says what would run\n'
  // Of what would run there is no trace.
  const { stdoutProblem } = await import('../report/write-out.ts')
  return dryRun ? undefined : stdoutProblem(args)
}

interface Work {
  readonly session: Session
  readonly targets: readonly string[]
  /** The user's own graph, when it is one. */
  readonly own: { readonly file: string; readonly sources: readonly string[] } | undefined
  readonly mayRetry: boolean
  readonly seal: ReturnType<typeof sealOptions> | undefined
  readonly events: EventStream | undefined
}

// After Ctrl-C a reader that still reads gets the end of the run, and nobody waits for another one.
const LAST_WORDS_MS = 500

async function carriedOut(work: Work, args: RunArgs): Promise<RunSummary> {
  const { session, targets, own, mayRetry, seal, events } = work
  const view = new View(session, { ...args, quiet: args.quiet || events?.isTerminal === true })
  let summary: RunSummary | undefined
  try {
    summary = await runGraph(session, {
      targets,
      force: args.force === true,
      keepGoing: args.keepGoing === true,
      failFast: args.failFast === true,
      only: args.only === true,
      ...(args.from === undefined ? {} : { from: args.from }),
      // Quiet or not: another terminal may want to look on.
      follow: true,
      wait: args.wait !== false,
      cache: args.cache !== false,
      retry: mayRetry,
      strictEnv: args.strictEnv !== false,
      whenStale: () => {
        if (args.strictEnv === false && !args.quiet) eprint(OPEN_ENVIRONMENT)
        if (own) furnish(own.file)
        return view.open()
      },
      ...(seal ? { seal: { ...seal, checked: args.checked } } : {}),
      ...(events ? { onLine: events.write } : {}),
      onFailure: async (node, failure, attempt) => {
        const { isLasting, judgeFailure } = await import('../preflight/judge-failure.ts')
        const verdict = judgeFailure(node.task, failure, attempt)
        // What a user's own task prints says nothing of whether it may be tried again.
        if (own === undefined) return verdict
        return { class: verdict.class, isLasting: isLasting(node.task, failure) }
      },
      ...(args.jobs === undefined ? {} : { jobs: args.jobs }),
      ...(args.load === undefined ? {} : { maxLoad: args.load }),
      ...(args.lockTimeout === undefined ? {} : { lockTimeoutMs: args.lockTimeout * 1000 }),
    })
    return summary
  } finally {
    const signal = await view.close()
    if (signal !== undefined) {
      // What failed before the signal is as broken as it was.
      if (summary !== undefined) await sayEnd(summary, args)
      await events?.close(LAST_WORDS_MS)
      ;(await import('../signals.ts')).dieBy(signal)
    }
  }
}

async function told(summary: RunSummary, { session, own }: Work, args: RunArgs): Promise<number> {
  if (args.json) print(jsonDocument({ version: 1, ...summary }))
  await sayEnd(summary, args)
  if (args.trace !== undefined)
    (await import('./runs.ts')).traceRun(session, summary.run, args.trace)
  if (summary.ok) return EXIT.available
  const first = summary.failures[0]?.failure
  // An input that nothing matches is a mistake in the graph file; one that cannot be read has an errno.
  if (first?.how === 'input' && first.errno === undefined) {
    if (own) await sayWhere(summary, session, own.sources)
    return EXIT.usage
  }
  return exitOfClass(first?.class ?? 'unknown')
}

async function sayEnd(summary: RunSummary, { json, quiet }: RunArgs): Promise<void> {
  if (!json && !quiet) eprint(countsText(summary))
  eprint(await failuresText(summary))
}

// Not part of what a past run says again: lines move.
async function sayWhere(
  { failures }: RunSummary,
  { graph }: Session,
  sources: readonly string[],
): Promise<void> {
  const { declarationPlace } = await import('../error-place.ts')
  for (const { node, failure } of failures) {
    const task = graph.byName.get(node)?.task
    if (failure.how !== 'input' || failure.errno !== undefined || task === undefined) continue
    const place = declarationPlace(task, sources)
    if (place !== undefined) eprint(`${clean(place)}: here '${node}' is declared\n`)
  }
}

// The view and what listens for Ctrl-C, opened when something has to run.
class View {
  private readonly session: Session
  private readonly args: RunArgs
  private reporter: Reporter | undefined
  private interruption: Interruption | undefined

  constructor(session: Session, args: RunArgs) {
    this.session = session
    this.args = args
  }

  async open() {
    const { args, session } = this
    const [{ chooseReporter }, { interruptible }] = await Promise.all([
      import('../report/reporter.ts'),
      import('../signals.ts'),
    ])
    this.interruption = interruptible(session.host)
    const { quiet = false, verbose = false, color = 'auto' } = args
    this.reporter = await chooseReporter({ quiet, verbose, color, since: Date.now() })
    return { signal: this.interruption.signal, report: this.reporter.report }
  }

  /** Brings the terminal back. A signal that was caught is to end the process as it would have. */
  async close(): Promise<NodeJS.Signals | undefined> {
    await this.reporter?.close()
    this.interruption?.release()
    return this.interruption?.caught()
  }
}
