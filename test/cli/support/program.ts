// The built program, run as a person runs it: a process of its own, with nothing in its environment
// but what the test gives.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const support = join(import.meta.dirname, '../../support')
// `npm run coverage` counts the lines of the sources; otherwise it is what people get.
const coverage = process.env['NODE_V8_COVERAGE']
export const builtBin = join(support, '../../dist/src/bin.cjs')
export const bin = coverage ? join(support, 'covered/bin.ts') : builtBin
if (!existsSync(bin)) throw new Error(`there is no ${bin}\n  hint: npm run build`)
/** What a measured program has in its environment beside what the test gives. */
export const MEASURED = coverage ? { NODE_V8_COVERAGE: coverage } : {}
const keep = coverage ? ['--require', join(support, 'covered/keep.cjs')] : []

export interface RunOptions {
  readonly home: string
  /** Beside HOME and PATH. `undefined` takes one of these away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Words in front of node, as `setpriv --reuid=65534`. */
  readonly before?: readonly string[]
  /** Options of node itself. */
  readonly node?: readonly string[]
  /** Instead of `bin`: `builtBin`, where it matters what people get. */
  readonly program?: string
}

/** How the program ended, and what it printed. */
export interface Ended {
  /** As a shell shows it: 128 and the number for a signal. */
  readonly code: number
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Resolves when stderr holds the text; rejects when the program ends without it. */
  readonly says: (text: string) => Promise<void>
}

/** Runs `bitnet-tasks ARGS` to its end. */
export function bitnetTasks(args: readonly string[], options: RunOptions): Promise<Ended> {
  return start(args, options).ended
}

/** Starts `bitnet-tasks ARGS`. */
export function start(args: readonly string[], options: RunOptions): Running {
  const { home, cwd = home, before = [], node = [] } = options
  const ours = [...keep, ...node, options.program ?? bin]
  const [program = '', ...rest] = [...before, process.execPath, ...ours, ...args]
  const env = { HOME: home, PATH: process.env['PATH'], ...MEASURED, ...options.env }
  const child = spawn(program, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const tell = (): void => {
    for (const listener of listeners) listener()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    tell()
  })
  let hasEnded = false
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      hasEnded = true
      const shown = code ?? 128 + (SIGNALS[signal ?? ''] ?? 0)
      resolve({ code: shown, signal: signal ?? undefined, stdout, stderr })
      tell()
    })
  })
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stderr.includes(text)) resolve()
        else if (hasEnded) reject(new Error(`it ended without saying '${text}':\n${stderr}`))
        else return
        listeners.delete(look)
      }
      listeners.add(look)
      look()
    })
  return { child, pid: child.pid as number, ended, says }
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGTERM: 15,
}
