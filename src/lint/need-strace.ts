// What lint cannot do without.
import { GraphError, type Session } from '../../graph/index.ts'
import { PLATFORM } from '../../tasks/platform.ts'
import { installLine, thisMachine } from '../preflight/packages.ts'

/** @throws GraphError 'tool-missing' with the command that installs it */
export function needStrace({ host }: Session): void {
  if (host.shell.which('strace') !== undefined) return
  throw new GraphError("lint needs 'strace', which is not on PATH", {
    code: 'tool-missing',
    hint:
      PLATFORM.name === 'linux'
        ? `install it: ${installLine(thisMachine(), ['strace'])}`
        : 'it is for Linux alone; elsewhere --twice compares what two runs make',
  })
}
