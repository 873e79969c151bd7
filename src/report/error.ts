// An error that reached the top: what, where, next step; and its exit code.
import { GraphError } from '../../graph/index.ts'
import { classify } from '../../tasks/failure.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import { clean } from './text.ts'

/** Prints it on stderr and gives the exit code. A mistake of ours keeps its stack. */
export function explainError(error: unknown): number {
  if (error instanceof GraphError) {
    const hint = error.hint === undefined ? '' : `  hint: ${clean(error.hint)}\n`
    process.stderr.write(`${error.message.split('\n').map(clean).join('\n')}\n${hint}`)
    if (error.code === 'state-unwritable')
      return exitOfClass(
        classify({ text: error.message, ...(error.errno ? { errno: error.errno } : {}) }).class,
      )
    return error.code === 'locked' || error.code === 'cancelled' ? EXIT.unavailable : EXIT.usage
  }
  const { code, message, path, stack } = error as NodeJS.ErrnoException
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) {
    process.stderr.write(
      `${clean(message)}\n  hint: look at ${clean(path ?? 'the path in the message')}\n`,
    )
    return exitOfClass(classify({ text: message, errno: code }).class)
  }
  process.stderr.write(`BUG: this should not happen; report it with these lines\n${stack}\n`)
  return EXIT.unavailable
}
