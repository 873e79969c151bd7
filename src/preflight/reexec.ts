// After the rebuild a fresh process gives the verdict: this one becomes it (same pid), or, where that
// cannot be, starts it and passes its exit code on.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'

/** Which command line is replayed. */
export interface ReexecOptions {
  /** Program, script and arguments; those of this process unless said. */
  readonly program?: string
  readonly script?: string
  readonly args?: readonly string[]
  readonly say: (line: string) => void
  /** Beside this process's own. */
  readonly env?: Readonly<Record<string, string>>
  /** Aborting ends a child that stands in. */
  readonly signal?: AbortSignal
}

/** Becomes the fresh process, or resolves with the exit code of a child that stood in for it. */
export async function reexec(options: ReexecOptions): Promise<number> {
  const { say } = options
  const program = options.program ?? process.execPath
  const script = options.script ?? (process.argv[1] as string)
  const args = options.args ?? process.argv.slice(2)
  const env = { ...process.env, ...options.env, BITNET_REPAIR_PARENT: '1' } as Record<
    string,
    string
  >
  say('[repair] Re-executing with updated detection...')
  say(`[reexec] exe: ${program}`)
  const isThere = existsSync(program)
  say(`[reexec] exe exists: ${isThere}`)
  say(`[reexec] args: ${JSON.stringify(args)}`)
  const trouble = isThere ? notExecutable(program) : undefined
  if (!isThere) say("[reexec] Binary doesn't exist, skipping exec()")
  else if (trouble !== undefined) {
    say(`[reexec] Fast path failed: ${trouble.message}`)
    say(`[reexec] Error kind: ${trouble.code}`)
  } else if (process.platform !== 'win32' && typeof process.execve === 'function') {
    say('[reexec] Attempting exec()...')
    // What is still buffered in a pipe would be lost with this image.
    await Promise.all([drained(process.stdout), drained(process.stderr)])
    process.execve(program, [program, ...process.execArgv, script, ...args], env)
  }
  // Node 22 has no execve: the same Node is started. The 'node' on PATH may be one too old for us.
  const standIn = isThere && trouble === undefined ? program : 'node'
  return fallback(standIn, [script, ...args], env, options)
}

// execve of a file that cannot be executed aborts Node (exit 134): ask first.
function notExecutable(program: string): NodeJS.ErrnoException | undefined {
  try {
    accessSync(program, constants.X_OK)
    return undefined
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) return resolve()
    stream.write('', () => resolve())
  })
}

function fallback(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { say, signal }: ReexecOptions,
): Promise<number> {
  say('[reexec] Trying spawn fallback...')
  say(`[reexec] Fallback command: ${program} ${JSON.stringify(args)}`)
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: 'inherit' })
    signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
    child.on('error', (error) => {
      say(`Re-exec failed: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => {
      const ended = code ?? 128 + (signal ? (SIGNAL_NUMBERS[signal] ?? 0) : 0)
      say(`[reexec] Fallback child exited with code: ${ended}`)
      resolve(ended)
    })
  })
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
}
