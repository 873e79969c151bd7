// What a log says, for a person.
import type { Cause, FailureClass } from '../../tasks/failure.ts'
import { exitOfClass } from '../exit-code.ts'
import { numbered, type Step } from './words/block.ts'
import { TITLES } from './words/titles.ts'

export interface Diagnosis {
  readonly class: FailureClass
  /** The line that says what is wrong. */
  readonly cause: string
  readonly remedy: readonly string[]
  /** Whether the same again may go well. */
  readonly retry: boolean
}

/** Class, first cause, the lines around it, and the steps. */
export function diagnosisText(
  diagnosis: Diagnosis,
  cause: Cause,
  lines: readonly string[],
  steps: readonly Step[],
): string {
  const { class: failureClass, retry } = diagnosis
  const again = retry ? 'worth another try' : 'the same again will fail again'
  return [
    `Class: ${failureClass} (${TITLES[cause]}; a repair would exit ${exitOfClass(failureClass)}; ${again})`,
    `First cause: ${diagnosis.cause}`,
    ...(lines.length > 1 ? ['', 'Relevant lines:', ...lines.map((line) => `  ${line}`)] : []),
    '',
    'Recovery Steps:',
    ...numbered(steps),
    '',
  ].join('\n')
}
