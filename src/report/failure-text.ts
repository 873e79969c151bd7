// Failed nodes for a person: what, the last relevant lines, the log, the next step.
import type { RunSummary } from '../../graph/index.ts'
import { relevantLines } from '../../tasks/failure.ts'
import { firstCause } from './cause.ts'
import { clean, logLine } from './text.ts'
import { failedBefore } from './words/before.ts'

// Of many failures the first ones tell it: more would push them off the screen.
const WHOLE = 4
const NAMED = 20

/** The first failures in full, of the others the first cause. */
export function failureTexts(failures: RunSummary['failures']): string {
  const short = failures.slice(WHOLE, WHOLE + NAMED)
  const more = failures.length - WHOLE - short.length
  return [
    ...failures.slice(0, WHOLE).map(failureText),
    ...short.map(({ node, failure }) => `${node}: ${firstCause(failure)}\n`),
    more > 0 ? `+${more} more failed\n` : '',
    short.length > 0 ? `  hint: 'bitnet-tasks logs NODE' shows what one of them printed\n` : '',
  ].join('')
}

export function failureText({ node, failure }: RunSummary['failures'][number]): string {
  const lines = relevantLines(failure.tail, 12).map((line) => `  ${logLine(line)}`)
  const log = failure.log === '' ? [] : [`  full log: ${failure.log}`]
  const before = failure.before === undefined ? [] : [failedBefore(failure.before)]
  const hint = failure.hint ? [`  hint: ${clean(failure.hint)}`] : []
  return `${[`${node}: ${clean(failure.message.replace(`'${node}': `, ''))}`, ...lines, ...log, ...before, ...hint].join('\n')}\n`
}
