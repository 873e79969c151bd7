// A process that calls reexec() with its own arguments, as preflight does, and, when it is the fresh one,
// says on stdout what it was given.
import { appendFileSync, readFileSync, rmSync } from 'node:fs'

import { type ReexecOptions, reexec } from '../../../src/preflight/reexec.ts'

/** How the test steers it: JSON in REEXEC_CALL. */
export interface Steering {
  readonly options?: Omit<ReexecOptions, 'say'>
  /** Removes a file as soon as a line that begins so was said. */
  readonly remove?: { readonly file: string; readonly after: string }
  /** Before reexec(): so many bytes to stdout. */
  readonly flood?: number
  /** The signal is aborted by then. */
  readonly isAborted?: boolean
  /** How the fresh process ends: by a code or a signal; or not until it is told to. */
  readonly end?: number | string | 'waits'
}

/** What a fresh process says of itself. */
export interface Fresh {
  readonly pid: number
  readonly args: readonly string[]
  readonly cwd: string
  readonly execArgv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

// As the program does: a reader that has gone away is no error.
process.stdout.on('error', () => {})

const steering = JSON.parse(process.env['REEXEC_CALL'] ?? '{}') as Steering

if (process.env['BITNET_REPAIR_PARENT'] === undefined) process.exitCode = await calls(steering)
else isFresh(steering)

async function calls({ options, remove, flood, isAborted }: Steering): Promise<number> {
  if (flood) process.stdout.write('x'.repeat(flood))
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`)
    if (remove && line.startsWith(remove.after)) rmSync(remove.file)
  }
  const signal = isAborted ? AbortSignal.abort() : undefined
  const done = await reexec({ ...options, say, ...(signal && { signal }) })
  if (done.how === 'ended') return done.exitCode
  process.stderr.write(done.text)
  return 1
}

function isFresh({ end = 0 }: Steering): void {
  const { pid, argv, execArgv, env } = process
  const fresh = { pid, args: argv.slice(2), cwd: process.cwd(), execArgv, env }
  const { LOG, STDIN } = env
  process.stdout.write(JSON.stringify({ ...fresh, stdin: STDIN && readFileSync(0, 'utf8') }))
  if (LOG) appendFileSync(LOG, `fresh ${pid}\n`)
  if (end === 'waits') {
    const heard: string[] = []
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
      process.on(name, () => heard.push(name))
    const timer = setInterval(() => {
      if (heard.length === 0) return
      clearInterval(timer)
      // One that was sent twice would have come by now.
      setTimeout(() => {
        process.stderr.write(`heard ${heard.join(' ')}\n`)
        process.exit(9)
      }, 200)
    }, 5)
    process.stderr.write('fresh one waits\n')
  } else if (typeof end === 'string') process.kill(pid, end)
  else process.exitCode = end
}
