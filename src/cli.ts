// argv -> command -> process.exitCode, the only place that sets it. A preflight that finds everything in
// place is answered here, before the parser of arguments or anything else is loaded.
import { resolve } from 'node:path'

import { BACKEND_NAMES, BACKENDS, type BackendName } from '../tasks/backends.ts'
import { PLATFORM } from '../tasks/platform.ts'
import { EXIT } from './exit-code.ts'
import type { ParsedArgs } from './flag.ts'
import { liveFolder } from './folders.ts'
import { detect } from './preflight/detect.ts'
import { findWorkspace, toolState } from './preflight/workspace.ts'
import { quickArgs } from './quick-args.ts'
import { print } from './report/print.ts'
import { availableCached } from './report/verdict-words.ts'

export function main(args: readonly string[]): void {
  const answer = quickAnswer(args)
  if (answer !== undefined) return print(answer)
  let hasEnded = false
  process.on('exit', (code) => {
    if (hasEnded || code !== 0) return
    process.stderr.write(NO_ANSWER)
    process.exitCode = EXIT.unavailable
  })
  run(args).then((code) => {
    hasEnded = true
    process.exitCode = code
    // Left to itself Node first tidies up a heap that is about to go. Nothing is lost: writes to files,
    // pipes and terminals are synchronous, save on Windows.
    if (PLATFORM.name !== 'win32') process.exit()
  })
}

// Without it a graph file that calls process.exit() would look like a run that went well.
const NO_ANSWER = `bitnet-tasks ended before it had an answer
  hint: does bitnet.tasks.ts call process.exit(), or wait for what never comes?
`

async function run(args: readonly string[]): Promise<number> {
  ignoreClosedPipes()
  if (isGone()) return noWorkingFolder()
  // Asked by the completion scripts at each TAB.
  if (args[0] === '__complete')
    return (await import('./commands/complete.ts')).complete(args.slice(1))
  const quick = quickArgs(args) ?? (await withoutCommand(args))
  if (quick !== undefined) return (await import('./dispatch.ts')).dispatch(quick)
  return (await import('./program.ts')).runProgram(args)
}

// Somebody has removed the folder in which we were started: no relative path means anything there.
function isGone(): boolean {
  try {
    process.cwd()
    return false
  } catch {
    return true
  }
}

async function noWorkingFolder(): Promise<number> {
  const [{ explainError }, { GraphError }] = await Promise.all([
    import('./report/error.ts'),
    import('../graph/index.ts'),
  ])
  return explainError(
    new GraphError('the working folder has been removed', {
      code: 'bad-file',
      hint: 'cd to a folder that is there',
    }),
  )
}

// Whoever names no command where a graph file lies wants that graph run, as with make and ninja. The
// shipped graph is never begun unasked: it compiles for minutes.
async function withoutCommand(args: readonly string[]): Promise<ParsedArgs | undefined> {
  const asRun = quickArgs(['run', ...args])
  if (asRun === undefined || asRun.nodes.length > 0) return undefined
  const { directory = '.', file } = asRun.flags as { directory?: string; file?: string }
  if (file !== undefined) return asRun
  const { findGraphFile } = await import('./sealed.ts')
  return findGraphFile(resolve(directory)) === undefined ? undefined : asRun
}

// A closed pipe (`| head -1`) is not an error of ours, nor a terminal that is gone: SIGHUP tells of that, and
// what runs is to be ended first. Errors of files, which streams of Node's do not make, have other words.
const NO_LISTENER = /^(?:write EPIPE|(?:write|read|setRawMode) EIO)$/

function ignoreClosedPipes(): void {
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (NO_LISTENER.test(error.message)) return
    process.stderr.write(
      `BUG: this should not happen; report it with these lines\n${error.stack}\n`,
    )
    process.exit(1)
  })
}

// Only the plainest forms; every other spelling takes the long way and gets the same answer.
function quickAnswer(args: readonly string[]): string | undefined {
  if (args[0] !== 'preflight' || process.env['BITNET_REPAIR_PARENT']) return undefined
  const names = backendsOf(args.slice(1))
  if (names === undefined) return undefined
  const workspace = checkout()
  let answer = ''
  for (const name of names) {
    const text = ifAvailable(name, workspace)
    if (text === undefined) return undefined
    answer += text
  }
  return answer
}

function ifAvailable(name: BackendName, workspace: string | undefined): string | undefined {
  const { title, constants } = BACKENDS[name]
  const found = detect(name, liveFolder(BACKENDS[name], process.env))
  if (found.state !== 'available') return undefined
  const wanted = { bitnet: constants.hasBitnet, llama: constants.hasLlama }
  const tool = workspace === undefined ? undefined : toolState(workspace, wanted, process.env)
  return tool?.state === 'disagree'
    ? undefined
    : availableCached(title, found.folder, found.manifest, tool)
}

// In a folder that somebody has removed there is none.
function checkout(): string | undefined {
  try {
    return findWorkspace(process.cwd())
  } catch {
    return undefined
  }
}

// All of them, when none is named.
function backendsOf(args: readonly string[]): readonly BackendName[] | undefined {
  if (args.length === 0) return BACKEND_NAMES
  const [first = '', second] = args
  const name =
    args.length === 2 && first === '--backend'
      ? second
      : args.length === 1 && first.startsWith('--backend=')
        ? first.slice('--backend='.length)
        : undefined
  return name !== undefined && Object.hasOwn(BACKENDS, name) ? [name as BackendName] : undefined
}
