// logs: what a node printed when it last ran, or prints now.
import { setTimeout as pause } from 'node:timers/promises'

import { GraphError, logName, type Node, notePath, type Session } from '../../graph/index.ts'
import { oneNode } from '../one-node.ts'
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
  if (args.follow) {
    await follow(session, node)
    return 0
  }
  if (path !== undefined) {
    copyOut(session, path, 0)
    return 0
  }
  throw noLog(node, args.attempt)
}

function noLog({ name, commands, needs }: Node, attempt: number | undefined): GraphError {
  if (commands.length === 0)
    return new GraphError(`'${name}' has no log: it is a name for others and runs nothing`, {
      code: 'bad-file',
      place: name,
      hint: needs[0] ? `bitnet-tasks logs '${needs[0].name}'` : 'it has no commands',
    })
  const why =
    attempt === undefined ? 'has no log: it has not run yet' : `has no log of try ${attempt}`
  return new GraphError(`'${name}' ${why}`, {
    code: 'bad-file',
    place: name,
    hint: `bitnet-tasks run '${name}'`,
  })
}

function logFile(session: Session, node: Node, attempt: number | undefined): string | undefined {
  const { disk } = session.host
  const folder = `${session.stateFolder}/logs`
  const start = `${logName(node)}.`
  const tries = (disk.list(folder) ?? [])
    .filter((name) => name.startsWith(start) && /^\d+\.log$/.test(name.slice(start.length)))
    .map((name) => Number.parseInt(name.slice(start.length), 10))
    .sort((a, b) => a - b)
  const wanted = attempt ?? newest(session, start, tries)
  return wanted !== undefined && tries.includes(wanted)
    ? `${folder}/${start}${wanted}.log`
    : undefined
}

// An earlier run may have taken more tries than the last one.
function newest(
  { host, stateFolder }: Session,
  start: string,
  tries: readonly number[],
): number | undefined {
  const time = (attempt: number): bigint =>
    host.disk.stat(`${stateFolder}/logs/${start}${attempt}.log`)?.mtimeNs ?? 0n
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
// another file. How much has been shown says where to go on in either.
async function follow(session: Session, node: Node): Promise<void> {
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
}

// A run that was killed leaves its note behind, and not its lock.
async function isOver({ host, stateFolder }: Session): Promise<boolean> {
  try {
    const lock = await host.locks.acquire(`${stateFolder}/lock`, {
      purpose: 'look whether a run goes on',
      mark: host.mark,
      wait: false,
    })
    await lock.release()
    return true
  } catch (error) {
    if (error instanceof GraphError) return false
    throw error
  }
}
