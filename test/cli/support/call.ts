// Starts a process that calls reexec(), and reads what the fresh one said.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

import type { Fresh, Steering } from './reexec-call.ts'

export const CALLER = join(import.meta.dirname, 'reexec-call.ts')

export interface CallOptions extends Steering {
  readonly args?: readonly string[]
  readonly cwd: string
  /** Beside PATH and HOME. `undefined` takes one of these away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Options of node itself. */
  readonly node?: readonly string[]
  readonly stdin?: string
  /** Called with stderr so far, each time there is more. */
  readonly onStderr?: (text: string, pid: number) => void
}

export interface Called {
  readonly pid: number
  /** As a shell shows it: 128 and the number for a signal. */
  readonly code: number
  readonly signal: NodeJS.Signals | undefined
  readonly stdout: string
  readonly stderr: string
  /** What the fresh process was given; throws when there was none. */
  readonly fresh: () => Fresh & { readonly stdin?: string }
}

export function call(options: CallOptions): Promise<Called> {
  const { args = [], cwd, env, node = [], stdin, onStderr, ...steering } = options
  const child = spawn(process.execPath, [...node, CALLER, ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      REEXEC_CALL: JSON.stringify(steering),
      ...env,
    },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const pid = child.pid as number
  let stdout = ''
  let stderr = ''
  child.stdin?.end(stdin)
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    onStderr?.(stderr, pid)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const shown = code ?? 128 + (signal ? constants.signals[signal] : 0)
      const fresh = () => {
        const at = stdout.indexOf('{')
        if (at < 0) throw new Error(`no fresh process spoke:\n${stderr}`)
        return JSON.parse(stdout.slice(at))
      }
      resolve({ pid, code: shown, signal: signal ?? undefined, stdout, stderr, fresh })
    })
  })
}
