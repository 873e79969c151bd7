// The real shell. Actions go to the pool of workers and print into their log; short questions go
// through zx, which keeps what they print.
import { quote } from '../command.ts'
import { MARK } from '../environment.ts'
import type { Captured, Exit, Shell } from '../host.ts'
import { Kin, type KinOptions } from './kin.ts'
import { ProcessTable } from './processes.ts'
import { which } from './which.ts'
import { WorkerPool } from './worker.ts'

type ZxOptions = import('zx/core').Options
type ProcessOutput = import('zx/core').ProcessOutput

const MAX_OUTPUT = 1024 * 1024
const GRACE_MS = 500

/** The machine's own programs. `mark` goes into the environment of whatever is started. */
export function shell(mark: string, path: string | undefined): Shell {
  const hurry = new AbortController()
  const engine = { mark, table: new ProcessTable(), hurry: hurry.signal }
  const pool = new WorkerPool(engine)
  const captures = new Captures(engine)
  return {
    run: (command) => pool.run(command),
    warmUp: (env, logs) => pool.warmUp(env, logs),
    capture: (words, options) => captures.run(words, options),
    which: (name, own) => which(name, own ?? path ?? ''),
    endStrays: (deadMark) => new Kin({ ...engine, mark: deadMark }).kill(),
    killNow: () => {
      // Who is being ended gets no more grace.
      hurry.abort()
      const busy = [...pool.busy, ...captures.busy]
      for (const kin of busy) kin.killGroup()
      if (busy.length > 0) new Kin(engine).killNow()
    },
    pause: () => {
      const busy = [...pool.busy, ...captures.busy]
      const since = performance.now()
      const goOn = busy.length > 0 ? new Kin(engine).pause() : () => {}
      return () => {
        goOn()
        for (const kin of busy) kin.extendLimit(performance.now() - since)
      }
    },
    rest: () => pool.rest(),
    close: () => pool.close(),
  }
}

// All that a person could set by ZX_… is set here.
const ZX = {
  shell: '/bin/sh',
  prefix: '',
  postfix: '',
  // POSIX quoting with /bin/sh; zx's own quoting is for bash and would let `$'…'` through to sh.
  quote,
  quiet: true,
  nothrow: true,
  detached: true,
  preferLocal: false,
  timeout: 0,
  stdio: ['ignore', 'pipe', 'pipe'],
} satisfies Partial<ZxOptions>

/** Short programs, whose output is kept. Each has a mark of its own, below the engine's. */
class Captures {
  readonly busy = new Set<Kin>()
  private readonly engine: KinOptions
  private count = 0

  constructor(engine: KinOptions) {
    this.engine = engine
  }

  async run(...[words, options]: Parameters<Shell['capture']>): Promise<Captured> {
    const { cwd, env, timeoutMs, signal } = options
    const mark = `${this.engine.mark}.c${++this.count}`
    // zx/core, not zx: half the time to load, and nothing else of it is used.
    const { $ } = await import('zx/core')
    if (signal?.aborted) return captured({ how: 'cancelled' }, '', '')
    const child = $({ ...ZX, cwd, env: { ...env, [MARK]: mark } })`exec ${[...words]}`
    const kin = new Kin({ ...this.engine, mark, leader: child.pid })
    let stop: Exit | undefined
    let ending: Promise<unknown> | undefined
    const end = (exit: Exit, graceMs: number): void => {
      if (stop !== undefined || child.pid === undefined) return
      stop = exit
      // Whoever left the group and holds the pipe would let us wait for ever.
      ending = kin.end(graceMs)
    }
    kin.limitTo(timeoutMs, () => end({ how: 'timed-out' }, GRACE_MS))
    const onAbort = (): void => end({ how: 'cancelled' }, GRACE_MS)
    signal?.addEventListener('abort', onAbort, { once: true })
    let bytes = 0
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        // No grace: in half a second it prints more than we can hold.
        if (bytes > 2 * MAX_OUTPUT) end({ how: 'signalled', signal: 'SIGTERM' }, 0)
      })
    this.busy.add(kin)
    try {
      const output = await child
      await ending
      return captured(stop ?? exitOf(output), output.stdout, output.stderr)
    } finally {
      this.busy.delete(kin)
      kin.unlimit()
      signal?.removeEventListener('abort', onAbort)
    }
  }
}

function exitOf({ exitCode, signal, cause }: ProcessOutput): Exit {
  if (signal) return { how: 'signalled', signal }
  // Node's own code for a spawn that failed is the negative errno.
  if (exitCode !== null && exitCode >= 0) return { how: 'exited', code: exitCode }
  const { code, message } = cause as NodeJS.ErrnoException
  return { how: 'not-started', errno: code ?? 'EUNKNOWN', message }
}

function captured(exit: Exit, stdout: string, stderr: string): Captured {
  return { exit, stdout: stdout.slice(0, MAX_OUTPUT), stderr: stderr.slice(0, MAX_OUTPUT) }
}
