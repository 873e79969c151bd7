// argv -> command -> process.exitCode, for whatever quick.ts has no answer to.
import { writeSync } from 'node:fs'
import { resolve } from 'node:path'

import type { CheckedSeal } from '../graph/index.ts'
import { PLATFORM } from '../tasks/platform.ts'
import { EXIT } from './exit-code.ts'
import type { ParsedArgs } from './flag.ts'
import { quickArgs } from './quick-args.ts'
import { eprint } from './report/eprint.ts'

/** `checked`: what the quick way found out before it gave up. */
export function main(args: readonly string[], checked?: CheckedSeal): void {
  let hasEnded = false
  process.on('exit', (code) => {
    if (hasEnded || code !== 0) return
    eprint(NO_ANSWER)
    process.exitCode = EXIT.unavailable
  })
  run(args, checked).then((code) => {
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

async function run(args: readonly string[], checked: CheckedSeal | undefined): Promise<number> {
  ignoreClosedPipes()
  if (isGone()) return noWorkingFolder()
  if (args[0] === '__complete')
    return (await import('./commands/complete.ts')).complete(args.slice(1))
  const quick = quickArgs(args) ?? (await withoutCommand(args))
  if (quick !== undefined) return (await import('./dispatch.ts')).dispatch({ ...quick, checked })
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

const SHOW_CURSOR = '\x1b[?25h'

function ignoreClosedPipes(): void {
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (NO_LISTENER.test(error.message)) return
    const text = `BUG: this should not happen; report it with these lines\n${error.stack}\n`
    // Not through the stream: a view that draws keeps back what is written to it.
    try {
      writeSync(2, `${process.stderr.isTTY ? SHOW_CURSOR : ''}${text}`)
    } catch {}
    process.exit(1)
  })
}
