// lint NODE: does a node read and write what it declares, and does it make the same twice? It runs the node
// under strace; the run counts as any other.
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Node, quote, recall, runGraph, type Session } from '../../graph/index.ts'
import { EXIT } from '../exit-code.ts'
import { needStrace } from '../lint/need-strace.ts'
import { readTrace, traced } from '../lint/strace.ts'
import { type Before, type Complaint, filesBefore, undeclared } from '../lint/undeclared.ts'
import { oneNode } from '../one-node.ts'
import { eprint } from '../report/eprint.ts'
import { failureText } from '../report/failure-text.ts'
import { print } from '../report/print.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'
import { dieBy, interruptible } from '../signals.ts'

interface LintArgs extends GraphChoices {
  readonly twice?: boolean
  readonly json?: boolean
}

/** Exit 0: all is declared. 1: something is not, or the trace does not show everything. */
export async function lint([name = '']: readonly string[], args: LintArgs): Promise<number> {
  const session = await openSession(args)
  const node = oneNode(session, name)
  if (!args.twice) needStrace(session)
  const interruption = interruptible(session.host)
  try {
    return await examine(session, node, args, interruption.signal)
  } finally {
    interruption.release()
    const caught = interruption.caught()
    if (caught !== undefined) dieBy(caught)
  }
}

async function examine(
  session: Session,
  node: Node,
  args: LintArgs,
  signal: AbortSignal,
): Promise<number> {
  // Not the node itself: what it removes, and what it finds there the first time, would go unseen.
  const before = [...node.needs, ...node.after].map((one) => one.name)
  if (before.length > 0) {
    const ready = await runGraph(session, { targets: before, signal })
    if (!ready.ok) return failed(ready.failures)
  }
  return args.twice ? twice(session, node, args, signal) : once(session, node, args, signal)
}

async function once(
  session: Session,
  node: Node,
  args: LintArgs,
  signal: AbortSignal,
): Promise<number> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'bitnet-tasks-lint-'))
  const before = filesBefore(session, node)
  try {
    let count = 0
    const summary = await runGraph(session, {
      targets: [node.name],
      only: true,
      force: true,
      cache: false,
      signal,
      wrap: (text) =>
        traced(text, join(folder, `${count++}`))
          .map(quote)
          .join(' '),
    })
    if (!summary.ok) return failed(summary.failures)
    return judge(session, node, { folder, before }, args)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Seen {
  /** Where the traces lie. */
  readonly folder: string
  readonly before: Before
}

function judge(session: Session, node: Node, { folder, before }: Seen, args: LintArgs): number {
  const { world } = recall(session)
  const cwd = realpathSync(world.path(node.spec.cwd ?? ''))
  const traces = readdirSync(folder)
    .sort()
    .map((name) => readTrace(readFileSync(join(folder, name), 'utf8'), cwd))
  const wanted = node.commands.length + (node.spec.contracts?.length ?? 0)
  const gap =
    traces.length < wanted
      ? `${counted(wanted - traces.length, 'command')} left no trace`
      : traces.find((one) => one.gap)?.gap
  const complaints = undeclared(session, node, traces, before)
  const isGood = gap === undefined && complaints.length === 0
  if (args.json) {
    print(
      jsonDocument({
        version: 1,
        node: node.name,
        complete: gap === undefined,
        gap: gap ?? null,
        complaints,
      }),
    )
    return isGood ? EXIT.available : EXIT.unavailable
  }
  for (const complaint of complaints) print(`${clean(lineOf(complaint))}\n`)
  if (gap !== undefined) print(`the trace is not complete, so nothing is proved: ${clean(gap)}\n`)
  if (isGood) print(`${node.name}: all that it reads and writes is declared\n`)
  return isGood ? EXIT.available : EXIT.unavailable
}

const ADVICE: Readonly<Record<Complaint['kind'], string>> = {
  read: 'reads what it does not declare; add it to inputs (or a depfile), or a program to tools',
  list: 'lists a folder that no glob of its inputs covers; add one',
  write: 'writes what it does not declare; add it to outputs, or write below $TMPDIR',
}

const LEFT_OUT =
  "lists a folder that a '!' of its inputs takes away; have the command leave it out too, or take that pattern away"

function lineOf({ kind, path, also, leftOut }: Complaint): string {
  const others =
    kind === 'list'
      ? `, and ${counted(also, 'folder')} below it`
      : ` and ${also} more in that folder`
  return `${leftOut ? LEFT_OUT : ADVICE[kind]}: ${path}${also > 0 ? others : ''}`
}

async function twice(
  session: Session,
  node: Node,
  args: LintArgs,
  signal: AbortSignal,
): Promise<number> {
  const made: (readonly (readonly [string, string])[])[] = []
  for (let i = 0; i < 2; i++) {
    const options = { targets: [node.name], only: true, force: true, cache: false, signal }
    const summary = await runGraph(session, options)
    if (!summary.ok) return failed(summary.failures)
    const record = recall(session).journal.history.records.get(node.name)
    const answer = node.kind === 'probe' ? [['its answer', record?.result ?? ''] as const] : []
    made.push([...(record?.outputs ?? []), ...answer])
  }
  const [first, second] = made.map((outputs) => new Map(outputs)) as [
    Map<string, string>,
    Map<string, string>,
  ]
  const names = [...new Set([...first.keys(), ...second.keys()])].sort()
  const differing = names.filter((path) => first.get(path) !== second.get(path))
  if (args.json) print(jsonDocument({ version: 1, node: node.name, differing }))
  else if (differing.length === 0)
    print(
      `${node.name}: two runs ${node.kind === 'probe' ? 'gave the same answer' : `made the same ${counted(names.length, 'file')}`}\n`,
    )
  else for (const path of differing) print(`two runs made different bytes: ${clean(path)}\n`)
  return differing.length === 0 ? EXIT.available : EXIT.unavailable
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function failed(failures: readonly Parameters<typeof failureText>[0][]): number {
  for (const failure of failures) eprint(failureText(failure))
  return EXIT.unavailable
}
