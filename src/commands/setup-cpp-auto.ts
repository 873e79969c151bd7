// setup-cpp-auto --emit=SHELL: what is missing is installed, and then the variables with which other programs
// find it are printed: `eval "$(bitnet-tasks setup-cpp-auto --emit=sh)"`. Everything else goes to stderr.
import { PLATFORM } from '../../tasks/platform.ts'
import type { PreflightArgs } from '../preflight/request.ts'
import { preflight } from './preflight.ts'

/** Repairs also in CI: whoever calls it asks for that. Resolves with the exit code of the repair. */
export function setupCppAuto(args: PreflightArgs): Promise<number> {
  const emit = args.emit ?? PLATFORM.shell(process.env)
  return preflight({ ...args, repair: args.force ? 'always' : 'auto', emit })
}
