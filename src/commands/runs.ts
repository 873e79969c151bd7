// runs, report and timings: what is remembered of past runs.
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'

import {
  commandText,
  GraphError,
  listRuns,
  type PastRun,
  readRun,
  type Session,
} from '../../graph/index.ts'
import { EXIT } from '../exit-code.ts'
import { criticalPath } from '../report/critical-path.ts'
import { eprint } from '../report/eprint.ts'
import { explainError } from '../report/error.ts'
import { type PastNode, pastNodes, summaryOf } from '../report/past-nodes.ts'
import { print } from '../report/print.ts'
import { countsText, summaryText } from '../report/summary-text.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { type InnerStep, ninjaSteps, traceText } from '../report/trace.ts'
import { stdoutProblem, writeOut } from '../report/write-out.ts'
import { type GraphChoices, openSession } from '../session.ts'

export interface PastArgs extends GraphChoices {
  readonly run?: string
  readonly json?: boolean
  readonly html?: string
  readonly trace?: string
}

/** The runs that are remembered, the newest last. */
export async function runs(args: PastArgs): Promise<number> {
  const session = await openSession(args)
  const past = listRuns(session).flatMap((id) => readable(session, id))
  if (args.json) {
    const rows = past.map((run) => {
      const { id, at, targets } = run.header
      return { id, at: new Date(at).toISOString(), targets, summary: summaryOf(run) ?? null }
    })
    print(jsonDocument({ version: 1, runs: rows }))
  } else for (const run of past) print(`${runLine(run, await isUnderWay(session, run))}\n`)
  return 0
}

// Its record does not say whether it was killed or goes on; who has held the lock since before it began does.
async function isUnderWay({ host, stateFolder }: Session, run: PastRun): Promise<boolean> {
  if (summaryOf(run) !== undefined) return false
  const holder = await host.locks.holder(`${stateFolder}/lock`)
  return holder !== undefined && Date.parse(holder.since) <= run.header.at + 1
}

// One record that is damaged keeps nobody from the others.
function readable(session: Session, id: string): readonly PastRun[] {
  try {
    return [readRun(session, id)]
  } catch (error) {
    if (!(error instanceof GraphError) || error.code !== 'bad-file') throw error
    explainError(error)
    return []
  }
}

function runLine(run: PastRun, isRunning: boolean): string {
  const { id, targets } = run.header
  const summary = summaryOf(run)
  const open = isRunning ? 'running' : 'killed'
  const how = summary === undefined ? open : summary.ok ? 'ok' : 'not ok'
  const counts = summary === undefined ? '' : countsText(summary).trimEnd()
  return clean(`${id}  ${how.padEnd(6)}  ${targets.join(' ') || 'all'}  ${counts}`.trimEnd())
}

/** One past run: its summary again, or as a page, or as a trace. */
export async function report(args: PastArgs): Promise<number> {
  const problem = stdoutProblem(args)
  if (problem !== undefined) {
    eprint(problem)
    return EXIT.usage
  }
  const session = await openSession(args)
  const run = readRun(session, args.run ?? 'last')
  const nodes = pastNodes(run)
  if (args.html !== undefined) await writePage(args.html, session, run, nodes)
  if (args.trace !== undefined) writeTrace(args.trace, session, run, nodes)
  if (args.json) print(jsonDocument({ ...run.header, nodes, summary: summaryOf(run) }))
  else if (args.html === undefined && args.trace === undefined) print(await endOf(session, run))
  return 0
}

/** Writes the trace of a run that has just ended. */
export function traceRun(session: Session, id: string | undefined, file: string): void {
  if (id === undefined)
    return writeOut(
      file,
      traceText(0, [], () => []),
    )
  const run = readRun(session, id)
  writeTrace(file, session, run, pastNodes(run))
}

/** Where the time of a run went. */
export async function timings(args: PastArgs): Promise<number> {
  const session = await openSession(args)
  const run = readRun(session, args.run ?? 'last')
  const nodes = pastNodes(run)
  const path = criticalPath(nodes)
  const slowest = [...nodes].sort((a, b) => b.ms - a.ms).filter(({ ms }) => ms > 0)
  const total = path.reduce((sum, { ms }) => sum + ms, 0)
  if (args.json) {
    const row = ({ name, ms, outcome }: PastNode) => ({ name, ms, outcome })
    const timed = { criticalPath: path.map(row), criticalMs: total, slowest: slowest.map(row) }
    print(jsonDocument({ version: 1, run: run.header.id, ...timed }))
    return 0
  }
  print(`run ${run.header.id}\n`)
  print(`critical path: ${seconds(total)}, the shortest that the needs allow\n`)
  for (const { name, ms } of path) print(`  ${seconds(ms)}  ${name}\n`)
  print('slowest nodes\n')
  for (const { name, ms } of slowest.slice(0, 10)) print(`  ${seconds(ms)}  ${name}\n`)
  return 0
}

async function endOf(session: Session, run: PastRun): Promise<string> {
  const summary = summaryOf(run)
  if (summary !== undefined) return summaryText(summary)
  const state = (await isUnderWay(session, run)) ? 'is running' : 'was killed'
  return `run ${run.header.id} ${state}\n`
}

async function writePage(
  file: string,
  session: Session,
  run: PastRun,
  nodes: readonly PastNode[],
): Promise<void> {
  const { htmlText } = await import('../report/html.ts')
  const logOf = (node: PastNode): string => logOfRun(session, node)
  writeOut(file, htmlText({ ...run.header, summary: await endOf(session, run), nodes, logOf }))
}

// Of a node that did well; a failure carries its own, longer end of the log. A page of 300 nodes stays small.
const MOST_OF_LOG = 8192

// Its log is that of its last run: of an older run nothing is shown rather than something else.
function logOfRun({ host }: Session, { log, startedAt, ms }: PastNode): string {
  if (log === undefined || startedAt === undefined) return ''
  const stat = statSync(log, { throwIfNoEntry: false })
  const isOfThisRun = stat !== undefined && stat.mtimeMs <= startedAt + ms + 1000
  if (!isOfThisRun) return ''
  const text = host.disk.readTail(log, MOST_OF_LOG)
  if (stat.size <= MOST_OF_LOG) return text
  return `... ${stat.size - MOST_OF_LOG} bytes before this: ${log}\n${text.slice(text.indexOf('\n') + 1)}`
}

function writeTrace(
  file: string,
  session: Session,
  run: PastRun,
  nodes: readonly PastNode[],
): void {
  const steps = (node: PastNode): readonly InnerStep[] => innerSteps(session, node)
  writeOut(file, traceText(run.header.at, nodes, steps))
}

// The build folder of a node is what its commands name after --build, -B or -C.
function innerSteps({ graph, folder }: Session, past: PastNode): readonly InnerStep[] {
  const commands = graph.byName.get(past.name)?.commands ?? []
  const roots = { ...graph.roots, '': folder }
  const words = commands.flatMap((command) => shellWords(commandText(command, roots)))
  const folders = words.filter((_, i) => ['--build', '-B', '-C'].includes(words[i - 1] ?? ''))
  for (const build of folders) {
    const log = resolve(folder, build, '.ninja_log')
    if (statSync(log, { throwIfNoEntry: false }) === undefined) continue
    return ninjaSteps(readFileSync(log, 'utf8'), past.startedAt ?? 0, past.spanMs)
  }
  return []
}

// Names with blanks stand in single quotes there.
function shellWords(text: string): readonly string[] {
  return [...text.matchAll(/'([^']*)'|\S+/g)].map(([word, inner]) => inner ?? word)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2).padStart(8)}s`
}
