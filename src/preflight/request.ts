// What a call of preflight asks for, read from its flags.
import { BACKEND_NAMES, type Device } from '../../tasks/backends.ts'
import type { EmitFormat } from '../commands/env.ts'
import { eprint } from '../report/eprint.ts'
import type { ColorChoice } from '../report/terminal.ts'
import * as words from '../report/words.ts'
import { type GraphChoices, givenSource } from '../session.ts'
import { type RepairMode, readRepairFlag, repairMode } from './repair-mode.ts'
import { findWorkspace } from './workspace.ts'

export interface PreflightArgs extends GraphChoices {
  readonly device?: Device
  /** `--repair[=MODE]` and `--no-repair`. */
  readonly repair?: string | boolean
  readonly backendVersion?: string
  /** Print the variables of what is installed, for a shell, instead of the verdicts. */
  readonly emit?: EmitFormat
  readonly confirm?: boolean
  /** Again whenever what it depends on has changed. */
  readonly watch?: boolean
  readonly yes?: boolean
  readonly verify?: boolean
  readonly workspace?: string
  readonly cleanTool?: boolean
  readonly toolFeatures?: string
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly keepGoing?: boolean
  readonly wait?: boolean
  readonly lockTimeout?: number
  /** Load average. */
  readonly load?: number
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly color?: ColorChoice
  readonly json?: boolean
}

/** One call of preflight: what was asked, and since when. */
export interface Request {
  readonly args: PreflightArgs
  readonly mode: RepairMode
  /** A command of the consumer tool, to be run when all is there. */
  readonly command: readonly string[]
  readonly startedAt: Date
  /** To stderr, unless --quiet. */
  readonly say: (line: string) => void
}

/** What two flags cannot both mean, as a message; undefined when all is well. */
export function contradiction({ backend, ref, backendVersion }: PreflightArgs): string | undefined {
  if (ref !== undefined && backendVersion !== undefined && ref !== backendVersion)
    return 'error: --ref and --backend-version name two versions\n  hint: give one of them\n'
  if ((ref ?? backendVersion) !== undefined && backend === undefined)
    return 'error: a version without --backend: it is one of which backend?\n  hint: add --backend NAME\n'
  return undefined
}

/** What is wrong with a command behind `--`, as a message; undefined when all is well. */
export function commandProblem(
  { json, backend, workspace, folder }: PreflightArgs,
  command: readonly string[],
): string | undefined {
  if (command.length === 0) return undefined
  if (json)
    return 'error: --json and a command behind -- would both print on stdout\n  hint: leave one of them away\n'
  const isClear = backend !== undefined || BACKEND_NAMES.length === 1
  if (isClear || workspace !== undefined || findWorkspace(folder) !== undefined) return undefined
  return 'error: a command without --backend: bitnet-probe of which backend?\n  hint: add --backend NAME\n'
}

/** The call with its defaults; says once what is deprecated. */
export function requested(given: PreflightArgs, command: readonly string[]): Request {
  const say = (line: string): void => {
    if (!given.quiet) eprint(`${line}\n`)
  }
  const flag = given.repair === undefined ? undefined : readRepairFlag(given.repair)
  if (flag?.isDeprecated) eprint(words.deprecatedRepair(given.repair, flag.mode))
  const ref = given.ref ?? given.backendVersion
  return {
    args: ref === undefined ? given : { ...given, ref },
    command,
    mode: repairMode(flag?.mode ?? (given.force ? 'always' : undefined), process.env),
    startedAt: new Date(),
    say,
  }
}

/** Sources named by hand may have changed: the graph decides, not the constants. */
export function choosesSource(args: PreflightArgs): boolean {
  return givenSource(args) !== undefined || args.ref !== undefined
}
