// logs: what a node printed when it last ran, or prints now.
import { setTimeout as pause } from 'node:timers/promises'

import {
  GraphError,
  logName,
  type Node,
  notePath,
  quote,
  recall,
  type Session,
} from '../../graph/index.ts'
import { oneNode } from '../one-node.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'
import { clean } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'

interface LogArgs extends GraphChoices {
  readonly attempt?: number
  readonly follow?: boolean
}

/** What the node printed when it last ran. */
export async function logs([name = '']: readonly string[], args: LogArgs): Promise<number> {
  const session = await openSession(args)
  const node = oneNode(session, name)
  const path = logFile(session, node, args.attempt)
  if (args.follow && (await follow(session, node))) return 0
  if (path !== undefined) {
    if (!args.follow) copyOut(session, path, 0)
    return 0
  }
  if (node.commands.length === 0) throw noCommands(node)
  const hasRun = recall(session).journal.history.records.has(node.name)
  if (args.attempt === undefined && hasRun) {
    eprint(`'${clean(node.name)}' printed nothing when it last ran\n`)
    return 0
  }
  throw noLog(session, node, args.attempt, hasRun)
}

function noCommands({ name, needs }: Node): GraphError {
  return new GraphError(`'${name}' has no log: it is a name for others and runs nothing`, {
    code: 'bad-file',
    place: name,
    hint: needs[0] ? `bitnet-tasks logs ${quote(needs[0].name)}` : 'it has no commands',
  })
}

function noLog(
  session: Session,
  node: Node,
  attempt: number | undefined,
  hasRun: boolean,
): GraphError {
  const tries = triesOf(session, node)
  const isKnown = attempt !== undefined && (tries.length > 0 || hasRun)
  const known =
    tries.length > 0
      ? `there is a log of try ${tries.join(', ')}`
      : 'it printed nothing when it last ran'
  return new GraphError(
    isKnown
      ? `'${node.name}' has no log of try ${attempt}`
      : `'${node.name}' has no log: it has not run yet`,
    {
      code: 'bad-file',
      place: node.name,
      hint: isKnown ? known : `bitnet-tasks run ${quote(node.name)}`,
    },
  )
}

function logFile(session: Session, node: Node, attempt: number | undefined): string | undefined {
  const start = `${logName(node)}.`
  const tries = triesOf(session, node)
  const wanted = attempt ?? newest(session, start, tries)
  return wanted !== undefined && tries.includes(wanted)
    ? `${session.stateFolder}/logs/${start}${wanted}.log`
    : undefined
}

function triesOf({ host, stateFolder }: Session, node: Node): readonly number[] {
  const start = `${logName(node)}.`
  return (host.disk.list(`${stateFolder}/logs`) ?? [])
    .filter((name) => name.startsWith(start) && /^\d+\.log$/.test(name.slice(start.length)))
    .map((name) => Number.parseInt(name.slice(start.length), 10))
    .sort((a, b) => a - b)
}

// An earlier run may have taken more tries than the last one.
function newest(
  { host, stateFolder }: Session,
  start: string,
  tries: readonly number[],
): number | undefined {
  const time = (attempt: number): number =>
    host.disk.stat(`${stateFolder}/logs/${start}${attempt}.log`)?.mtimeMs ?? 0
  return tries.reduce<number | undefined>(
    (best, one) => (best === undefined || time(one) >= time(best) ? one : best),
    undefined,
  )
}

// Prints from `offset` to the end; returns where that is. What a program printed cannot steer the terminal.
function copyOut({ host }: Session, path: string, offset: number): number {
  for (let at = offset; ; ) {
    const { text, next } = host.disk.readFrom(path, at, 262_144)
    if (text === '') return at
    print(process.stdout.isTTY ? text.split('\n').map(clean).join('\n') : text)
    at = next
  }
}

const EVERY_MS = 200

// The log is what the node's commands printed, one after another; while one runs its output grows in
// another file. How much has been shown says where to go on in either. False when there was nothing to show.
async function follow(session: Session, node: Node): Promise<boolean> {
  const { disk } = session.host
  const note = notePath(`${session.stateFolder}/logs/${logName(node)}.1.log`)
  let log = logFile(session, node, undefined)
  let shown = 0
  let base = 0
  let growing = ''
  for (let turn = 0; ; turn++) {
    const [named = '', file = ''] = (disk.readText(note) ?? '').split('\n')
    if (named === '' || (turn % 10 === 9 && (await isOver(session)))) break
    if (named !== log) [log, shown, base, growing] = [named, 0, 0, '']
    if (file !== growing) {
      shown = copyOut(session, named, shown)
      ;[base, growing] = [shown, file]
    }
    if (file !== named) shown = base + copyOut(session, file, shown - base)
    else shown = copyOut(session, named, shown)
    await pause(EVERY_MS)
  }
  if (log !== undefined) copyOut(session, log, shown)
  return log !== undefined
}

// A run that was killed leaves its note behind, and not its lock. That is not taken to find out: whoever takes
// it after a dead one has to end what that left.
async function isOver({ host, stateFolder }: Session): Promise<boolean> {
  return (await host.locks.holder(`${stateFolder}/lock`)) === undefined
}
