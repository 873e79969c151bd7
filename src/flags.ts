// The commands and their flags as data: one table for the quick parser and for commander.
import type { CommandRow } from './flag.ts'
import { OF_GRAPHS } from './graph-flags.ts'
import { OF_MACHINE } from './machine-flags.ts'
import { DEVICE, REPAIRING } from './shared-flags.ts'

const PREFLIGHT: CommandRow = {
  name: 'preflight',
  help: 'Check C++ backend library detection and auto-repair if needed.',
  about: `Are the libraries there, as detected at BUILD TIME (when xtask was compiled)?
Missing ones are provisioned, xtask is rebuilt, and a fresh process looks
again. In CI it only looks.

What xtask has was decided when it was compiled:
  Backend libraries detected at build time
  GPU kernels (compiled if gpu feature enabled)
  Tokenizer auto-discovery (searches 4 locations)`,
  behind: 'behind --: a command of the consumer tool, run when all is there',
  flags: [
    ...REPAIRING,
    DEVICE,
    {
      long: 'repair',
      value: 'mode',
      optional: true,
      kind: 'repair',
      help: 'when to repair: auto, never or always',
    },
    { long: 'no-repair', help: 'deprecated: the same as --repair=never' },
    { long: 'confirm', help: 'ask before a repair; on a terminal only' },
    { long: 'yes', short: 'y', help: 'answer that question with yes' },
    { long: 'backend-version', value: 'ref', help: 'the same as --ref, as v0.5.2' },
    { long: 'watch', help: 'again whenever libraries, or the sources of --source DIR, change' },
    { long: 'verify', help: 'load the installed libraries, also where nothing has changed' },
    { long: 'clean-tool', help: 'rebuild xtask after cargo clean -p bitnet-crossval' },
    { long: 'tool-features', value: 'list', help: 'cargo features of xtask; crossval-all' },
  ],
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandRow[] = [PREFLIGHT, ...OF_GRAPHS, ...OF_MACHINE]
