// What can follow on a command line. Wrong or missing words are no errors here; there is just nothing to offer.
import { resolve } from 'node:path'

import { BACKEND_NAMES } from '../tasks/backends.ts'
import type { CommandRow, Flag } from './flag.ts'
import { COMMANDS } from './flags.ts'

/** What may take the place of the last word: `all` that begins with `last`, or, of the graph of those `choices`, nodes. */
export type Completion =
  | { readonly of: 'words'; readonly last: string; readonly all: readonly string[] }
  | {
      readonly of: 'nodes'
      readonly last: string
      readonly choices: { readonly folder: string; readonly file?: string }
    }

/** What can follow. The words are those after the program's name, the last one perhaps empty. */
export function completion(words: readonly string[]): Completion {
  const last = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const all = candidates(before, last)
  return all === 'nodes'
    ? { of: 'nodes', last, choices: choicesIn(before) }
    : { of: 'words', last, all }
}

/** Those that fit, one a line. */
export function fittingLines(all: readonly string[], last: string): string {
  return all
    .filter((one) => one.startsWith(last))
    .map((one) => `${one}\n`)
    .join('')
}

function candidates(before: readonly string[], last: string): readonly string[] | 'nodes' {
  if (before[0] === 'help') return [...COMMANDS.map(({ name }) => name), 'exit-codes']
  const row = COMMANDS.find(({ name }) => before.includes(name))
  if (row === undefined) return [...COMMANDS.map(({ name }) => name), 'help', '--version']
  const attached = /^--([\w-]+)=/.exec(last)?.[1]
  if (attached !== undefined) {
    const flag = row.flags.find(({ long }) => long === attached)
    const values = flag === undefined ? [] : valuesOf(flag)
    return values.map((value) => `--${attached}=${value}`)
  }
  const flag = flagBefore(row, before)
  if (flag !== undefined) return flag.value === 'node' ? 'nodes' : valuesOf(flag)
  if (last.startsWith('-')) return [...row.flags.map(({ long }) => `--${long}`), '--help']
  if (row.name === 'completions') return ['bash', 'zsh', 'fish', 'pwsh']
  if (row.name === 'cache') return ['stats', 'verify', 'gc', 'clean']
  if (row.name === 'query' && before.at(-1) === 'query') return ['deps', 'rdeps', 'stale', 'path']
  return row.nodes !== undefined && /nodes?|question/.test(row.nodes) ? 'nodes' : []
}

// A flag that waits for its value.
function flagBefore({ flags }: CommandRow, before: readonly string[]): Flag | undefined {
  const word = before.at(-1) ?? ''
  const flag = flags.find(({ long, short }) => word === `--${long}` || word === `-${short}`)
  return flag?.value === undefined || flag.optional ? undefined : flag
}

function valuesOf({ kind, choices, long }: Flag): readonly string[] {
  if (kind === 'backend') return BACKEND_NAMES
  if (kind === 'repair') return ['auto', 'never', 'always']
  if (long === 'run') return ['last']
  if (long === 'source') return ['auto', 'git', 'npm']
  return choices ?? []
}

function choicesIn(words: readonly string[]): { folder: string; file?: string } {
  const folder = resolve(given(words, '--directory', '-C') ?? '.')
  const file = given(words, '--file', '-f')
  return { folder, ...(file === undefined ? {} : { file }) }
}

function given(words: readonly string[], long: string, short: string): string | undefined {
  const at = words.findLastIndex((word) => word === long || word === short)
  return at < 0
    ? words.findLast((word) => word.startsWith(`${long}=`))?.slice(long.length + 1)
    : words[at + 1]
}
