// plan, status and explain: what a run would do, and why; nothing runs.
import {
  type Assessed,
  assess,
  keepSnapshot,
  type Memory,
  plan,
  recall,
  type Session,
  select,
} from '../../graph/index.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'
import { reasonText } from '../report/words.ts'
import { type GraphChoices, openSession } from '../session.ts'

interface Args extends GraphChoices {
  readonly json?: boolean
}

/** The nodes that would run for the targets, in order. */
export async function planned(targets: readonly string[], args: Args): Promise<number> {
  const { session, memory, assessed } = await look(targets, args, true)
  const rows = assessed.filter(({ state }) => state !== 'fresh')
  if (args.json) return json(rows, memory, session)
  const fresh = assessed.length - rows.length
  for (const row of rows) print(`${lineOf(row, memory)}\n`)
  print(`${rows.length} to run, ${fresh} fresh\n`)
  return 0
}

/** The state of each node. */
export async function status(targets: readonly string[], args: Args): Promise<number> {
  const { session, memory, assessed } = await look(targets, args, false)
  if (args.json) return json(assessed, memory, session)
  const width = Math.max(0, ...assessed.map(({ node }) => node.name.length))
  for (const { node, state, reasons } of assessed) {
    const why = reasons.map(reasonText).slice(0, 2).join('; ')
    print(`${node.name.padEnd(width)}  ${state.padEnd(5)}  ${why}`.trimEnd() + '\n')
  }
  return 0
}

/** Every reason of each node. */
export async function explain(targets: readonly string[], args: Args): Promise<number> {
  const { session, memory, assessed } = await look(targets, args, true)
  const named = new Set(select(session.graph, targets))
  const rows = assessed.filter(({ node }) => named.has(node))
  if (args.json) return json(rows, memory, session)
  for (const { node, state, reasons } of rows) {
    print(`${node.name} is ${state === 'maybe' ? 'fresh so far' : state}\n`)
    for (const reason of reasons) print(`  - ${reasonText(reason)}\n`)
    const record = memory.journal.history.records.get(node.name)
    if (record && state === 'fresh')
      print(`  last run ${new Date(record.at).toISOString()}, ${(record.ms / 1000).toFixed(1)}s\n`)
  }
  return 0
}

async function look(targets: readonly string[], args: Args, withNeeds: boolean) {
  const session = await openSession(args)
  const memory = recall(session)
  const wanted = plan(session.graph, select(session.graph, targets))
  const all = await assess(wanted, memory)
  // What had to be read to answer is not read again the next time.
  keepSnapshot(session, memory)
  const named = new Set(select(session.graph, targets))
  const assessed = withNeeds ? all : all.filter(({ node }) => named.has(node))
  return { session, memory, assessed }
}

function lineOf({ node, state, reasons }: Assessed, { journal }: Memory): string {
  const ms = journal.history.durations.get(node.name)
  const expected = ms === undefined ? '' : ` (took ${(ms / 1000).toFixed(1)}s)`
  return `${state === 'maybe' ? '? ' : '  '}${node.name}${expected}: ${reasons.map(reasonText).slice(0, 3).join('; ')}`
}

function json(rows: readonly Assessed[], { journal }: Memory, { stateFolder }: Session): number {
  const nodes = rows.map(({ node, state, reasons }) => ({
    name: node.name,
    state,
    reasons,
    expectedMs: journal.history.durations.get(node.name) ?? null,
  }))
  print(jsonDocument({ version: 1, stateFolder, nodes }))
  return 0
}
