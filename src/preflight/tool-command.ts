// `preflight … -- COMMAND`: a command of the consumer tool, with what is installed in its environment. It
// is run as the fresh process of a repair is: this one becomes it, or else a child stands in.
import { join } from 'node:path'

import type { Backend } from '../../tasks/backends.ts'
import { PLATFORM } from '../../tasks/platform.ts'
import { EXIT } from '../exit-code.ts'
import { liveFolder } from '../folders.ts'
import { eprint } from '../report/eprint.ts'
import { type FailedWay, shownArgs } from '../report/words/reexec.ts'
import { commandNotRun } from '../report/words/tool-command.ts'
import { become, canBecome } from './become.ts'
import { type CargoTool, cargoEnvironment, cargoRun, cargoWords, findCargo } from './cargo-run.ts'
import { withoutGuards } from './guards.ts'
import { installedVariables, withVariables } from './installed-variables.ts'
import type { PreflightArgs } from './request.ts'
import { type Stood, standIn } from './stand-in.ts'
import { readConstants, targetFolder } from './workspace.ts'

export interface ToolCommand {
  /** The words behind `--`. */
  readonly command: readonly string[]
  readonly args: Pick<PreflightArgs, 'folder' | 'toolFeatures'>
  /** The BitNet-rs checkout whose xtask is meant; elsewhere it is bitnet-probe. */
  readonly workspace: string | undefined
  /** Whose bitnet-probe. */
  readonly backend: Backend
  readonly say: (line: string) => void
}

/** Runs it; resolves with its exit code, if this process has not become it. */
export async function runTool(order: ToolCommand): Promise<number> {
  const { args, workspace, backend } = order
  const installed = installedVariables(process.env)
  if (installed === undefined) throw new Error('BUG: a command was to run without a backend')
  const env = withVariables(withoutGuards(process.env), installed)
  const program = programOf(order)
  process.chdir(args.folder)
  const first = await byItself(program, order, env)
  if (first.how === 'ended') return first.code
  const failed: FailedWay[] = [{ way: first.way, error: first.error }]
  if (workspace !== undefined) {
    order.say(`[tool] ${program}: ${first.error.message}`)
    const second = await byCargo(workspace, order, env)
    if (second.how === 'ended') return second.code
    failed.push({ way: 'cargo run', error: second.error })
  }
  eprint(commandNotRun(backend, program, failed))
  return EXIT.unavailable
}

function programOf({ workspace, backend }: ToolCommand): string {
  const { env, platform } = process
  const ending = platform === 'win32' ? '.exe' : ''
  if (workspace === undefined) return join(liveFolder(backend, env), 'bin', `bitnet-probe${ending}`)
  const built = readConstants(workspace, env)?.program?.path
  return built ?? join(targetFolder(workspace, env), 'debug', `xtask${ending}`)
}

type Env = Readonly<Record<string, string>>

async function byItself(
  program: string,
  { command }: ToolCommand,
  env: Env,
): Promise<Stood & { readonly way: 'exec()' | 'spawn' }> {
  if (!canBecome(PLATFORM.name)) return { way: 'spawn', ...(await standIn(program, command, env)) }
  return { way: 'exec()', how: 'not-started', error: await become(program, command, env) }
}

async function byCargo(
  workspace: string,
  { command, args, say }: ToolCommand,
  env: Env,
): Promise<Stood> {
  const cwd = process.cwd()
  try {
    const tool = await toolOf(args, workspace)
    say(`[tool] cargo ${cargoWords(tool, cwd).join(' ')} -- ${shownArgs(command)}`)
    const cargo = findCargo(env['PATH'], PLATFORM.name)
    return await standIn(cargo, cargoRun(tool, command, cwd), cargoEnvironment(tool, env))
  } catch (error) {
    return { how: 'not-started', error: error as Error }
  }
}

async function toolOf(args: ToolCommand['args'], workspace: string): Promise<CargoTool> {
  const [{ openRepair }, { cargoTool }] = await Promise.all([
    import('../session.ts'),
    import('./consumer-tool.ts'),
  ])
  return (await cargoTool(args, await openRepair(args), workspace)) ?? { workspace }
}
