// A failed node for a person: what, the last relevant lines, the log, the next step.
import type { RunSummary } from '../../graph/index.ts'
import { relevantLines } from '../../tasks/failure.ts'
import { clean } from './text.ts'
import { failedBefore } from './words/before.ts'

export function failureText({ node, failure }: RunSummary['failures'][number]): string {
  const lines = relevantLines(failure.tail, 12).map((line) => `  ${clean(line)}`)
  const log = failure.log === '' ? [] : [`  full log: ${failure.log}`]
  const before = failure.before === undefined ? [] : [failedBefore(failure.before)]
  const hint = failure.hint ? [`  hint: ${clean(failure.hint)}`] : []
  return `${[`${node}: ${clean(failure.message.replace(`'${node}': `, ''))}`, ...lines, ...log, ...before, ...hint].join('\n')}\n`
}
