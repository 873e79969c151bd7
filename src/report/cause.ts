// What a failure came from, in one line: what the tool said where it said something, else what we say of it.
import type { NodeFailure } from '../../graph/index.ts'
import { classify } from '../../tasks/failure.ts'
import { clean } from './text.ts'

/** One line for a person, without escape codes. */
export function firstCause({ tail, message, exitCode, signal }: NodeFailure): string {
  const ours = message.split('\n')[0] ?? ''
  // Over its time, without its output: the last line of a log that says nothing of that would mislead.
  if (exitCode === undefined && signal === undefined) return clean(ours)
  const { firstCause: said } = classify({
    text: tail,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
  })
  return clean(said || ours)
}
