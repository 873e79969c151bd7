// --dry-run: what a run would execute, in order, and nothing else happens.
import {
  assess,
  commandText,
  type ExpectedTime,
  expectTime,
  foretell,
  openCache,
  type RunOptions,
  recall,
  refuseMissing,
  type Session,
  scopeOf,
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

type Options = Pick<
  RunOptions,
  'only' | 'from' | 'force' | 'cache' | 'retry' | 'jobs' | 'strictEnv'
>

/**
 * What a run of the targets would execute.
 *
 * @throws GraphError 'unknown-node', 'need-missing'
 */
export async function dryRun(
  session: Session,
  targets: readonly string[],
  options: Options = {},
): Promise<DryRun> {
  const memory = recall(session)
  const scope = scopeOf(session.graph, { ...options, targets })
  refuseMissing(scope, memory.journal.history)
  const { wanted, given, forced } = scope
  const all = await assess(wanted, memory, { given, force: (node) => forced.has(node) })
  const stale = all.filter(({ state }) => state !== 'fresh')
  // Of what sees the whole environment no key says what it came to.
  const { strictEnv = true } = options
  const retry = options.retry === true || !strictEnv
  const cache = options.cache === false || !strictEnv ? undefined : openCache(session)
  const answers = await foretell(all, memory, { given, retry, ...(cache ? { cache } : {}) })
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
