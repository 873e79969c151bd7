// After the rebuild a fresh process gives the verdict: this one becomes it (same pid), or, where that
// cannot be, starts it and passes its exit code on.
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'

import { PLATFORM } from '../../tasks/platform.ts'
import { EXIT } from '../exit-code.ts'
import { errorKind, type FailedWay, reexecFailed, shownArgs } from '../report/words/reexec.ts'
import { become, canBecome } from './become.ts'
import { type CargoTool, cargoEnvironment, cargoRun, cargoWords, findCargo } from './cargo-run.ts'
import { standIn } from './stand-in.ts'

/** Which command line is replayed. */
export interface ReexecOptions {
  /** Program, script and arguments; those of this process unless said. */
  readonly program?: string
  readonly script?: string
  readonly args?: readonly string[]
  readonly say: (line: string) => void
  /** Beside this process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** When aborted, nothing more is started. */
  readonly signal?: AbortSignal
  /** Inside a BitNet-rs checkout its xtask stands in. */
  readonly tool?: CargoTool
  /** What it is given; all arguments without. */
  readonly toolArgs?: readonly string[]
  readonly platform?: NodeJS.Platform
}

/** How a child that stood in ended, and whose it was; or what a person is told when there was none. */
export type Reexecuted =
  | {
      readonly how: 'ended'
      readonly exitCode: number
      /** xtask knows what it was compiled with, and nothing of what is staged. */
      readonly by: 'bitnet-tasks' | 'xtask'
    }
  | { readonly how: 'failed'; readonly text: string }

/** Becomes the fresh process, or resolves when a child that stood in for it has ended. */
export async function reexec(options: ReexecOptions): Promise<Reexecuted> {
  const { say, signal, tool } = options
  const by = tool ? 'xtask' : 'bitnet-tasks'
  const call = callOf(options)
  say('[repair] Re-executing with updated detection...')
  const failed = await fastPath(call, options)
  const ways = tool ? [byCargo(tool, call)] : [byNode(call, failed), byNpm(call)]
  for (const { way, name, shown, args = call.args, start, env } of ways) {
    if (signal?.aborted) return { how: 'ended', exitCode: EXIT.unavailable, by }
    say(`[reexec] Trying ${name} fallback...`)
    say(`[reexec] Fallback command: ${shown} ${shownArgs(args)}`)
    const stood = await started(start, env ?? call.env)
    if (stood.how === 'ended') {
      say(`[reexec] Fallback child exited with code: ${stood.code}`)
      return { how: 'ended', exitCode: stood.code, by }
    }
    say(`[reexec] Fallback failed: ${stood.error.message}`)
    failed.push({ way, error: stood.error })
  }
  return { how: 'failed', text: reexecFailed(failed, `${ways.at(-1)?.shown} ...`) }
}

interface Call {
  readonly program: string
  readonly script: string
  readonly args: readonly string[]
  readonly toolArgs: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly platform: NodeJS.Platform
}

function callOf(options: ReexecOptions): Call {
  const env = { ...process.env, ...options.env, BITNET_REPAIR_PARENT: '1' }
  const args = options.args ?? process.argv.slice(2)
  return {
    program: options.program ?? process.execPath,
    script: options.script ?? process.argv[1] ?? '',
    args,
    toolArgs: options.toolArgs ?? args,
    env: env as Record<string, string>,
    platform: options.platform ?? PLATFORM.name,
  }
}

// Tells as it goes; what comes back is why it did not come to pass, if it was tried.
async function fastPath(
  { program, script, args, env, platform }: Call,
  { say, signal }: ReexecOptions,
): Promise<FailedWay[]> {
  // Without /proc Node may not know where it lies, and has only the name that it was called by.
  if (!isAbsolute(program)) {
    say('[reexec] current_exe() failed, skipping exec()')
    return [{ way: 'exec()', error: new Error(`'${program}' is no path of a program`) }]
  }
  const isThere = existsSync(program)
  say(`[reexec] exe: ${program}`)
  say(`[reexec] exe exists: ${isThere}`)
  say(`[reexec] args: ${shownArgs(args)}`)
  if (!isThere) {
    say("[reexec] Binary doesn't exist, skipping exec()")
    return [{ way: 'exec()', error: missing(program) }]
  }
  if (!canBecome(platform)) return []
  say('[reexec] Attempting exec()...')
  const error =
    unreadable(script) ??
    (await become(program, [...process.execArgv, script, ...args], env, signal))
  say(`[reexec] Fast path failed: ${error.message}`)
  say(`[reexec] Error kind: ${errorKind(error)}`)
  return [{ way: 'exec()', error }]
}

/** One way to a child that stands in. */
interface Way {
  readonly way: FailedWay['way']
  readonly name: string
  readonly shown: string
  /** Others than those of the call. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Program and words; throws what the system says when it cannot be started. */
  readonly start: () => readonly string[]
}

function byCargo(tool: CargoTool, { toolArgs: args, env, platform }: Call): Way {
  const cwd = process.cwd()
  return {
    way: 'cargo run',
    name: 'cargo run',
    shown: `cargo ${cargoWords(tool, cwd).join(' ')} --`,
    args,
    env: cargoEnvironment(tool, env),
    start: () => [findCargo(env['PATH'], platform), ...cargoRun(tool, args, cwd)],
  }
}

// The same Node where it can be; the one on PATH may be too old for us.
function byNode({ program, script, args }: Call, failed: readonly FailedWay[]): Way {
  const node = failed.length === 0 ? program : 'node'
  return {
    way: 'node',
    name: 'spawn',
    shown: `${node} ${script}`,
    start: () => {
      const trouble = unreadable(script)
      if (trouble) throw trouble
      return [node, ...process.execArgv, script, ...args]
    },
  }
}

// Only what is installed: an unknown package of that name is not to be fetched and run.
function byNpm({ program, args, platform }: Call): Way {
  const cli = join(dirname(program), 'node_modules', 'npm', 'bin', 'npm-cli.js')
  // There npm is a batch file, which takes a shell to start.
  const npm = platform === 'win32' ? [program, cli] : ['npm']
  return {
    way: 'npm exec',
    name: 'npm exec',
    shown: 'npm exec --offline --no -- bitnet-tasks',
    start: () => [...npm, 'exec', '--offline', '--no', '--', 'bitnet-tasks', ...args],
  }
}

async function started(start: Way['start'], env: Call['env']): ReturnType<typeof standIn> {
  try {
    const [program = '', ...args] = start()
    return await standIn(program, args, env)
  } catch (error) {
    return { how: 'not-started', error: error as Error }
  }
}

function unreadable(path: string): Error | undefined {
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return error as Error
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), {
    code: 'ENOENT',
  })
}
