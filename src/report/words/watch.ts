// What a watch says.
import type { GraphError, WatchEvent } from '../../../graph/index.ts'
import { clean } from '../text.ts'
import { nextStep } from './system-error.ts'

type Told<T extends WatchEvent['type']> = Extract<WatchEvent, { type: T }>

export const KEYS = 'r rerun  f force  e explain  l log  q quit'

/** All is as it should be, or nothing can be done about it; `pollMs` when it looks by the clock. */
export function waiting({ nodes, folders, held }: Told<'idle'>, pollMs?: number): string {
  const where = watched(folders, pollMs)
  if (nodes === undefined) return `waiting for a graph that can be evaluated; ${where}`
  if (held.length === 0) return `${counted(nodes, 'node')} up to date; ${where}`
  const named = held.slice(0, 3).map(clean).join(', ')
  const more = held.length > 3 ? ` and ${held.length - 3} more` : ''
  return `not up to date: ${named}${more}; waiting for a change; ${where}`
}

function watched(folders: number, pollMs: number | undefined): string {
  return pollMs === undefined ? `${counted(folders, 'folder')} watched` : `a look ${every(pollMs)}`
}

function every(ms: number): string {
  return `every ${ms / 1000} s`
}

/** A folder cannot be watched. */
export function polling({ errno, folder, everyMs }: Told<'polling'>): string {
  const hint = HINTS[errno]
  return `cannot watch '${clean(folder)}' (${errno}): looking ${every(everyMs)} instead
${hint === undefined ? '' : `  hint: ${hint}\n`}`
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'allow more folders: sudo sysctl fs.inotify.max_user_watches=524288',
  EMFILE: 'allow more watchers: sudo sysctl fs.inotify.max_user_instances=512, or ulimit -n 4096',
  EACCES: 'make the folder readable',
}

/** Nodes whose inputs are others after each run. */
export function restless({ nodes }: Told<'restless'>): string {
  const named = nodes.map((node) => `'${clean(node)}'`).join(', ')
  return `${named}: the inputs are others after each run, as if it wrote them; it runs again when one changes
  hint: declare what it writes as outputs, and take these out of inputs
`
}

/** A graph that cannot be evaluated, or a run that could not begin. */
export function stopped(error: GraphError): string {
  const { message } = error
  const hint = nextStep(error)
  const text = message.split('\n').map(clean).join('\n')
  return `${text}\n${hint === undefined ? '' : `  hint: ${clean(hint)}\n`}`
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** preflight waits for a change. */
export function waitingForLibraries(folders: number, pollMs?: number): string {
  return `waiting for a change; ${watched(folders, pollMs)}`
}

/** The process that decided was killed by somebody else. */
export function decisionKilled(signal: NodeJS.Signals): string {
  return `the decision was ended by ${signal}, so there is none
  hint: press r, or change a source, to decide again
`
}

/** Why backends are not there. */
export function missing(why: readonly string[]): string {
  return why.length === 0
    ? 'every backend is there\n'
    : why.map((row) => `${clean(row)}\n`).join('')
}

/** What the last repair came to. */
export function lastRepair(
  entry: { at: string; backend: string; outcome: string; cause: string | null } | undefined,
): string {
  if (entry === undefined) return 'nothing was repaired yet\n'
  const cause = entry.cause === null ? '' : `: ${clean(entry.cause)}`
  return `${entry.at} ${entry.backend} ${entry.outcome}${cause}\n`
}
