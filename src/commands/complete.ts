// What can follow on a command line: asked by the shells' completion scripts at each TAB. Wrong or missing
// words are no errors here; there is just nothing to offer.
import { resolve } from 'node:path'

import { BACKEND_NAMES } from '../../tasks/backends.ts'
import type { CommandRow, Flag } from '../flag.ts'
import { COMMANDS } from '../flags.ts'
import { print } from '../report/print.ts'

/** Prints the candidates for the last of the words, one a line. The words are those after the program's name. */
export async function complete(words: readonly string[]): Promise<number> {
  try {
    for (const candidate of await candidates(words)) print(`${candidate}\n`)
  } catch {
    // A graph file that does not load has no names to offer.
  }
  return 0
}

async function candidates(words: readonly string[]): Promise<readonly string[]> {
  const last = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const row = COMMANDS.find(({ name }) => before.includes(name))
  const fitting = (all: readonly string[]): readonly string[] =>
    all.filter((one) => one.startsWith(last))
  if (row === undefined) return fitting([...COMMANDS.map(({ name }) => name), 'help', '--version'])
  const attached = /^--([\w-]+)=(.*)$/.exec(last)
  if (attached) {
    const flag = row.flags.find(({ long }) => long === attached[1])
    const values = flag === undefined ? [] : valuesOf(flag)
    return fitting(values.map((value) => `--${attached[1]}=${value}`))
  }
  const flag = flagBefore(row, before)
  if (flag !== undefined)
    return fitting(flag.value === 'node' ? await nodeNames(before) : valuesOf(flag))
  if (last.startsWith('-')) return fitting([...row.flags.map(({ long }) => `--${long}`), '--help'])
  if (row.name === 'completions') return fitting(['bash', 'zsh', 'fish', 'pwsh'])
  if (row.name === 'query' && before.at(-1) === 'query')
    return fitting(['deps', 'rdeps', 'stale', 'path'])
  const takesNodes = row.nodes !== undefined && /nodes?|question/.test(row.nodes)
  return takesNodes ? fitting(await nodeNames(before)) : []
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
  if (long === 'source') return ['auto', 'git', 'npm']
  return choices ?? []
}

/** The names of all nodes and tasks of the graph that the command line means. */
async function nodeNames(words: readonly string[]): Promise<readonly string[]> {
  const { openSession } = await import('../session.ts')
  const folder = resolve(given(words, '--directory', '-C') ?? '.')
  const file = given(words, '--file', '-f')
  const { graph } = await openSession({ folder, ...(file === undefined ? {} : { file }) })
  const tasks = new Set(graph.nodes.map(({ task }) => task))
  return [...new Set([...tasks, ...graph.byName.keys()])].sort()
}

function given(words: readonly string[], long: string, short: string): string | undefined {
  const at = words.findLastIndex((word) => word === long || word === short)
  return at < 0
    ? words.findLast((word) => word.startsWith(`${long}=`))?.slice(long.length + 1)
    : words[at + 1]
}
