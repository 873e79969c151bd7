// An error that reached the top: what, where, next step; and its exit code.
import { GraphError } from '../../graph/index.ts'
import { classify } from '../../tasks/failure.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import { eprint } from './eprint.ts'
import { clean } from './text.ts'
import { nextStep, systemErrorText } from './words/system-error.ts'

/** Prints it on stderr and gives the exit code. A mistake of ours keeps its stack. */
export function explainError(error: unknown): number {
  if (error instanceof GraphError) {
    const said = nextStep(error)
    const hint = said === undefined ? '' : `  hint: ${clean(said)}\n`
    eprint(`${error.message.split('\n').map(clean).join('\n')}\n${hint}`)
    if (error.code === 'state-unwritable')
      return exitOfClass(
        classify({ text: error.message, ...(error.errno ? { errno: error.errno } : {}) }).class,
      )
    if (error.code === 'tool-missing') return EXIT.build
    return error.code === 'locked' || error.code === 'cancelled' ? EXIT.unavailable : EXIT.usage
  }
  const { code, message, stack } = error as NodeJS.ErrnoException
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
    const told = systemErrorText(error as NodeJS.ErrnoException)
    eprint(`${clean(told.message)}\n  hint: ${clean(told.hint)}\n`)
    return exitOfClass(classify({ text: message, errno: code }).class)
  }
  eprint(`BUG: this should not happen; report it with these lines\n${stack}\n`)
  return EXIT.unavailable
}
