// --dry-run: what a run would execute, in order, and nothing else happens.
import { assess, commandText, plan, recall, type Session, select } from '../../graph/index.ts'
import { clean } from '../report/text.ts'
import { reasonText } from '../report/words.ts'

/** `Would execute:` and numbered commands. */
export async function dryRun(session: Session, targets: readonly string[]): Promise<string> {
  const memory = recall(session)
  const wanted = plan(session.graph, select(session.graph, targets))
  const stale = (await assess(wanted, memory)).filter(({ state }) => state !== 'fresh')
  if (stale.length === 0) return 'Would execute: nothing, everything is fresh\n'
  let number = 0
  const lines = stale.flatMap(({ node, state, reasons }) => [
    `${node.name}${state === 'maybe' ? ' (if what it needs changes)' : ''}: ${reasons.map(reasonText).slice(0, 2).join('; ')}`,
    ...node.commands.map(
      (command) => `  ${++number}. ${clean(commandText(command, memory.world.roots))}`,
    ),
  ])
  return `Would execute:\n${lines.join('\n')}\n`
}
