// plan, status and explain: what a run would do, and why; nothing runs.
import { existsSync } from 'node:fs'

import {
  type Assessed,
  assess,
  type ExpectedTime,
  expectTime,
  type ForetellOptions,
  type Foretold,
  foretell,
  keepSnapshot,
  lastMs,
  likelyMs,
  type Memory,
  type Node,
  openCache,
  plan,
  recall,
  SealRecorder,
  type Session,
  sealedAnswer,
  select,
} from '../../graph/index.ts'
import { ownFiles, PACKAGE } from '../package.ts'
import { chain, chainText } from '../report/chain.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { expectedText } from '../report/words/expected.ts'
import { FORETOLD } from '../report/words/foretold.ts'
import { reasonText } from '../report/words/reason.ts'
import { graphFileOf } from '../sealed.ts'
import { type GraphChoices, openSession, repairSetup } from '../session.ts'

interface Args extends GraphChoices {
  readonly json?: boolean
  /** A past run, for explain. */
  readonly run?: string
}

/** The nodes that would run for the targets, in order. */
export async function planned(targets: readonly string[], args: Args): Promise<number> {
  const { session, memory, assessed } = await look(targets, await openSession(args), true)
  const rows = assessed.filter(({ state }) => state !== 'fresh')
  const timeOf = timesIn(memory)
  const answers = await foretell(assessed, memory, answering(session, args))
  const { graph, host } = session
  const jobs = args.jobs ?? host.cores
  const expected = expectTime(graph, assessed, memory, { answers, jobs })
  if (args.json) return json(rows, memory, session, answers, expected)
  const fresh = assessed.length - rows.length
  for (const row of rows) print(`${lineOf(row, timeOf(row.node), answers.get(row.node))}\n`)
  const count = (answer: Foretold): number =>
    [...answers.values()].filter((one) => one === answer).length
  const restored = count('restored') === 0 ? '' : `, ${count('restored')} to restore`
  const failed = count('failed') === 0 ? '' : `, ${count('failed')} failed before`
  const toRun = rows.length - answers.size
  const time = expectedText(expected)
  print(`${toRun} to run${restored}${failed}, ${fresh} fresh${time && `; ${time}`}\n`)
  return 0
}

/** The state of each node. */
export async function status(targets: readonly string[], args: Args): Promise<number> {
  if (graphFileOf(args) === undefined && !args.json) return repairStatus(targets, args)
  const { session, memory, assessed } = await look(targets, await openSession(args), false)
  if (args.json) return json(assessed, memory, session)
  print(statusText(assessed))
  return 0
}

// The shipped graph is a function of its options, and a look at all the sources that it fetched is slow:
// the answer is kept under everything that was looked at.
async function repairStatus(targets: readonly string[], args: Args): Promise<number> {
  const { host, options, stateFolder, open } = repairSetup(args)
  const key = JSON.stringify([PACKAGE, process.execPath, options, targets])
  const seal = { key, name: 'seal-status' }
  const known = sealedAnswer(stateFolder, seal, host)
  if (known !== undefined) {
    print(known)
    return 0
  }
  const recorder = new SealRecorder(host)
  const { assessed } = await look(targets, await open(recorder.host), false)
  const text = statusText(assessed)
  if (hasRun(stateFolder))
    recorder.seal(stateFolder, { ...seal, files: [...ownFiles(), `${stateFolder}/journal`] }, text)
  print(text)
  return 0
}

function hasRun(stateFolder: string): boolean {
  return existsSync(`${stateFolder}/journal`)
}

function statusText(assessed: readonly Assessed[]): string {
  const width = Math.max(0, ...assessed.map(({ node }) => node.name.length))
  const rows = assessed.map(({ node, state, reasons }) => {
    const why = reasons.map(reasonText).slice(0, 2).join('; ')
    return `${node.name.padEnd(width)}  ${state.padEnd(5)}  ${why}`.trimEnd()
  })
  return rows.map((row) => `${row}\n`).join('')
}

/** Every reason of each node: now, or in a past run. */
export async function explain(targets: readonly string[], args: Args): Promise<number> {
  if (args.run !== undefined) {
    const { explainPast } = await import('./explain-past.ts')
    return explainPast(await openSession(args), args.run, targets, args.json === true)
  }
  const { session, memory, assessed } = await look(targets, await openSession(args), true)
  const named = new Set(select(session.graph, targets))
  // Whoever names none asks about what would run.
  const isAsked = ({ node, state }: Assessed): boolean =>
    targets.length > 0 ? named.has(node) : state !== 'fresh'
  const rows = assessed.filter(isAsked)
  const answers = await foretell(assessed, memory, answering(session, args))
  if (args.json) return json(rows, memory, session, answers)
  if (rows.length === 0) eprint('every node is fresh\n')
  const known = new Map(assessed.map((one) => [one.node.name, one]))
  for (const { node, state, reasons } of rows) {
    print(`${node.name} is ${state === 'maybe' ? 'fresh so far' : state}\n`)
    for (const reason of reasons) print(`  - ${reasonText(reason)}\n`)
    // Without names every link is explained itself.
    const links = targets.length === 0 ? [] : chain(node.name, known)
    for (const line of chainText(links, linkText)) print(`${line}\n`)
    const answer = answers.get(node)
    if (answer) print(`  ${FORETOLD[answer]}\n`)
    const record = memory.journal.history.records.get(node.name)
    if (record && state === 'fresh')
      print(`  last run ${new Date(record.at).toISOString()}, ${(record.ms / 1000).toFixed(1)}s\n`)
  }
  return 0
}

function linkText({ node, reasons }: Assessed): string {
  return `${node.name}: ${reasons.map(reasonText)[0] ?? ''}`
}

async function look(targets: readonly string[], session: Session, withNeeds: boolean) {
  const memory = recall(session)
  const wanted = plan(session.graph, select(session.graph, targets))
  const all = await assess(wanted, memory)
  // What had to be read to answer is not read again the next time. Asking alone makes no folder.
  if (hasRun(session.stateFolder)) keepSnapshot(session, memory)
  const named = new Set(select(session.graph, targets))
  const assessed = withNeeds ? all : all.filter(({ node }) => named.has(node))
  return { session, memory, assessed }
}

// What failed to build the shipped graph may lack something of this machine, and runs again.
function answering(session: Session, args: Args): ForetellOptions {
  return { cache: openCache(session), retry: graphFileOf(args) === undefined }
}

// Of a node that never ran: what others of its task took.
function timesIn({ journal: { history } }: Memory): (node: Node) => string {
  const likely = likelyMs(history)
  return (node) => {
    const ms = likely(node)
    const how = lastMs(history, node.name) === undefined ? 'about' : 'took'
    return ms === undefined ? '' : ` (${how} ${(ms / 1000).toFixed(1)}s)`
  }
}

function lineOf(
  { node, state, reasons }: Assessed,
  time: string,
  answer: Foretold | undefined,
): string {
  const why = [...reasons.map(reasonText).slice(0, 3), ...(answer ? [FORETOLD[answer]] : [])]
  const mark = state === 'maybe' && !answer ? '? ' : '  '
  return `${mark}${node.name}${time}: ${why.join('; ')}`
}

function json(
  rows: readonly Assessed[],
  { journal }: Memory,
  { stateFolder }: Session,
  answers?: ReadonlyMap<unknown, Foretold>,
  expected?: ExpectedTime,
): number {
  const likely = likelyMs(journal.history)
  const nodes = rows.map(({ node, state, reasons }) => ({
    name: node.name,
    state,
    reasons,
    ...(answers ? { foretold: answers.get(node) ?? null } : {}),
    expectedMs: likely(node) ?? null,
  }))
  print(jsonDocument({ version: 1, stateFolder, nodes, ...(expected ? { expected } : {}) }))
  return 0
}
