// The real shell. Actions go to the pool of workers and print into their log; short questions go
// through zx, which keeps what they print.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, resolve } from 'node:path'

import { quote } from '../command.ts'
import { MARK } from '../environment.ts'
import type { Captured, Exit, Shell } from '../host.ts'
import { endGroup, killMarked } from './processes.ts'
import { WorkerPool } from './worker.ts'

const MAX_OUTPUT = 1024 * 1024

/** The machine's own programs. `mark` goes into the environment of whatever is started. */
export function shell(mark: string, path: string | undefined): Shell {
  const pool = new WorkerPool(mark)
  return {
    run: (command) => pool.run(command),
    capture,
    which: (name) => which(name, path ?? ''),
    endStrays: (deadMark) => killMarked(MARK, deadMark),
    killNow: () => pool.killNow(),
    close: () => pool.close(),
  }
}

/** Absolute path of a program on a PATH, or undefined. */
export function which(name: string, path: string): string | undefined {
  const folders = name.includes('/') ? [''] : path.split(delimiter)
  const endings = process.platform === 'win32' ? ['', '.exe', '.cmd', '.bat'] : ['']
  for (const folder of folders)
    for (const ending of endings) {
      // An empty part of PATH means the working directory; nobody wants a program from there.
      if (folder === '' && !name.includes('/')) continue
      const full = isAbsolute(name) ? name : resolve(folder, name)
      if (isExecutable(full + ending)) return full + ending
    }
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const capture: Shell['capture'] = async (words, { cwd, env, timeoutMs, signal }) => {
  // zx/core, not zx: half the time to load, and nothing else of it is used.
  const { $ } = await import('zx/core')
  // POSIX quoting with /bin/sh; zx's own quoting is for bash and would let `$'…'` through to sh.
  const run = $({
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quote,
    quiet: true,
    nothrow: true,
    detached: true,
    cwd,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const child = run`exec ${[...words]}`
  let stop: Exit | undefined
  const end = (exit: Exit): void => {
    stop ??= exit
    if (child.pid !== undefined) void endGroup(child.pid, 500)
  }
  const timer = setTimeout(() => end({ how: 'timed-out' }), timeoutMs)
  const onAbort = (): void => end({ how: 'cancelled' })
  signal?.addEventListener('abort', onAbort, { once: true })
  let bytes = 0
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > 2 * MAX_OUTPUT) end({ how: 'signalled', signal: 'SIGTERM' })
    })
  try {
    const output = await child
    const own: Exit = output.signal
      ? { how: 'signalled', signal: output.signal }
      : { how: 'exited', code: output.exitCode ?? 1 }
    return captured(stop ?? own, output.stdout, output.stderr)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return captured({ how: 'not-started', errno: code ?? 'EUNKNOWN', message }, '', message)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

function captured(exit: Exit, stdout: string, stderr: string): Captured {
  return { exit, stdout: stdout.slice(0, MAX_OUTPUT), stderr: stderr.slice(0, MAX_OUTPUT) }
}
