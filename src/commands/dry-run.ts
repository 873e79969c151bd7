// --dry-run: what a run would execute, in order, and nothing else happens.
import {
  assess,
  commandText,
  type ExpectedTime,
  expectTime,
  foretell,
  openCache,
  plan,
  recall,
  type Session,
  select,
} from '../../graph/index.ts'
import { clean } from '../report/text.ts'
import { expectedText } from '../report/words/expected.ts'
import { FORETOLD } from '../report/words/foretold.ts'
import { reasonText } from '../report/words/reason.ts'

export interface DryRun {
  /** `Would execute:` and numbered commands. */
  readonly text: string
  /** The commands alone, in order. */
  readonly commands: readonly string[]
  readonly expected: ExpectedTime
  /** `2 to run; about 42 s with -j2`, a line; '' when nothing would run. */
  readonly time: string
}

/** What a run of the targets would execute. */
export async function dryRun(
  session: Session,
  targets: readonly string[],
  options: { readonly cache?: boolean; readonly retry?: boolean; readonly jobs?: number } = {},
): Promise<DryRun> {
  const memory = recall(session)
  const wanted = plan(session.graph, select(session.graph, targets))
  const all = await assess(wanted, memory)
  const stale = all.filter(({ state }) => state !== 'fresh')
  const { retry = false } = options
  const cache = options.cache === false ? undefined : openCache(session)
  const answers = await foretell(all, memory, { retry, ...(cache ? { cache } : {}) })
  const commands: string[] = []
  const lines = stale.flatMap(({ node, state, reasons }) => {
    const why = reasons.map(reasonText).slice(0, 2).join('; ')
    const answer = answers.get(node)
    if (answer) return [`${node.name}: ${why}; ${FORETOLD[answer]}`]
    const own = node.commands.map((command) => clean(commandText(command, memory.world.roots)))
    const first = commands.length + 1
    commands.push(...own)
    const condition = state === 'maybe' ? ' (if what it needs changes)' : ''
    const numbered = own.map((command, i) => `  ${first + i}. ${command}`)
    return [`${node.name}${condition}: ${why}`, ...numbered]
  })
  const text =
    stale.length === 0
      ? 'Would execute: nothing, everything is fresh\n'
      : `Would execute:\n${lines.join('\n')}\n`
  const jobs = options.jobs ?? session.host.cores
  const expected = expectTime(session.graph, all, memory, { answers, jobs })
  const toRun = stale.length - answers.size
  const ending = expectedText(expected)
  const time = ending === '' ? '' : `${toRun} to run; ${ending}\n`
  return { text, commands, expected, time }
}
