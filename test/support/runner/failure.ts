// One thing that went wrong, as plain data that can go through a pipe.
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'

export interface Failure {
  /** 'suite > test', 'suite > before hook', or '' for the file as a whole. */
  readonly title: string
  readonly message: string
  readonly diff?: string
  /** The first line of the stack that is ours: 'graph/plan.ts:12:7'. */
  readonly at?: string
}

export function failureOf(title: string, thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return { title, message: `threw ${inspect(thrown)}` }
  const at = firstOwnLine(thrown.stack ?? '')
  const diff = 'details' in thrown && typeof thrown.details === 'string' ? thrown.details : ''
  return {
    title,
    message: messageOf(thrown),
    ...(diff.trim() !== '' && { diff }),
    ...(at !== undefined && { at }),
  }
}

function messageOf(error: Error): string {
  const kind = /^Assertion/.test(error.name) ? '' : `${error.name}: `
  const cause = error.cause === undefined ? '' : `\ncaused by ${inspect(error.cause)}`
  const errors = error instanceof AggregateError ? `\n${error.errors.map(String).join('\n')}` : ''
  return kind + error.message + errors + cause
}

function firstOwnLine(stack: string): string | undefined {
  for (const line of stack.split('\n')) {
    const place = /^\s+at .*?((?:file:\/\/|\/|[A-Z]:[\\/])[^()]*:\d+:\d+)\)?$/.exec(line)?.[1]
    if (place === undefined || notOurs.test(place)) continue
    return shortPlace(place)
  }
  return undefined
}

const notOurs = /node_modules|test[\\/]support[\\/](?:runner[\\/]|suite\.ts)/

function shortPlace(place: string): string {
  const [, file = place, position = ''] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? []
  const path = file.startsWith('file:') ? fileURLToPath(file) : file
  const short = relative(process.cwd(), path)
  return (short.startsWith('..') ? path : short) + position
}
