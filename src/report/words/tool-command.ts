// A command of the consumer tool that could not be started.
import type { Backend } from '../../../tasks/backends.ts'
import { again, block } from './block.ts'
import { type FailedWay, failedLines } from './reexec.ts'

export function commandNotRun(
  backend: Backend,
  program: string,
  failed: readonly FailedWay[],
): string {
  return block(
    `❌ '${program}' could not be started`,
    failedLines(failed),
    [
      ['The backend is there; have its tool built again:', `${again(backend)} --repair=always`],
      ['See what the machine offers:', 'bitnet-tasks doctor'],
    ],
    'Exit code: 1 (the command was not run)',
  )
}
