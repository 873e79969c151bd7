// Long-lived shells that are fed one command after another. Node forks its whole address space for
// each spawn; a shell is small: 1,000 trivial commands take half the time so (0.89 x ninja).
// Each worker is a process group of its own, and each command a subshell in it.
import { type ChildProcess, spawn } from 'node:child_process'

import { quote } from '../command.ts'
import { MARK } from '../environment.ts'
import type { Exit, Spawn } from '../host.ts'
import { endGroup, killMarked, signalGroup, timerMs } from './processes.ts'

const GRACE_MS = 2000

export class WorkerPool {
  private readonly mark: string
  private readonly idle: Worker[] = []
  private readonly busy = new Set<Worker>()
  private count = 0

  constructor(mark: string) {
    this.mark = mark
  }

  async run(command: Spawn): Promise<Exit> {
    if (command.signal?.aborted) return { how: 'cancelled' }
    const worker = this.idleWorker() ?? new Worker(`${this.mark}.${++this.count}`)
    this.busy.add(worker)
    try {
      return await worker.run(command)
    } finally {
      this.busy.delete(worker)
      if (worker.isUsable) this.idle.push(worker)
    }
  }

  // One that was killed while it waited (by the kernel, when memory is short) would never answer.
  private idleWorker(): Worker | undefined {
    let worker = this.idle.pop()
    while (worker?.isUsable === false) worker = this.idle.pop()
    return worker
  }

  killNow(): void {
    for (const worker of this.busy) worker.kill()
  }

  close(): void {
    for (const worker of this.idle.splice(0)) worker.close()
  }
}

class Worker {
  private readonly mark: string
  private readonly child: ChildProcess
  private isAlive = true
  private finish: ((exit: Exit) => void) | undefined
  private answer = ''

  constructor(mark: string) {
    this.mark = mark
    this.child = spawn('/bin/sh', [], {
      detached: true,
      cwd: '/',
      env: { [MARK]: mark },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.child.stdout?.setEncoding('latin1').on('data', (text: string) => this.hear(text))
    // Written to a shell that was killed: its exit is told by 'exit'.
    this.child.stdin?.on('error', () => {})
    this.child.on('error', (error: NodeJS.ErrnoException) => {
      this.end({ how: 'not-started', errno: error.code ?? 'EUNKNOWN', message: error.message })
    })
    this.child.on('exit', (code, signal) => {
      this.end(signal ? { how: 'signalled', signal } : { how: 'exited', code: code || 1 })
    })
  }

  get isUsable(): boolean {
    return this.isAlive
  }

  async run(command: Spawn): Promise<Exit> {
    const ended = new Promise<Exit>((resolve) => {
      this.finish = resolve
    })
    const stopped = Promise.withResolvers<Exit>()
    const onAbort = (): void => stopped.resolve({ how: 'cancelled' })
    command.signal?.addEventListener('abort', onAbort, { once: true })
    const timer =
      command.timeoutMs === undefined
        ? undefined
        : setTimeout(() => stopped.resolve({ how: 'timed-out' }), timerMs(command.timeoutMs))
    this.child.stdin?.write(script(command, this.mark))
    try {
      const first = await Promise.race([ended, stopped.promise])
      if (first.how === 'cancelled' || first.how === 'timed-out') await this.endAll()
      // The shell itself was ended: so must be what it had started.
      else if (!this.isAlive) await this.endAll()
      return first
    } finally {
      this.finish = undefined
      clearTimeout(timer)
      command.signal?.removeEventListener('abort', onAbort)
    }
  }

  kill(): void {
    if (this.child.pid !== undefined) signalGroup(this.child.pid, 'SIGKILL')
  }

  close(): void {
    this.isAlive = false
    this.child.stdin?.end()
    this.child.unref()
  }

  // The group first; then whoever left it (ninja gives each of its jobs a group) by the mark.
  private async endAll(): Promise<void> {
    this.isAlive = false
    if (this.child.pid === undefined) return
    await endGroup(this.child.pid, GRACE_MS)
    await killMarked(MARK, this.mark)
  }

  private hear(text: string): void {
    this.answer += text
    const end = this.answer.indexOf('\n')
    if (end < 0) return
    const code = Number(this.answer.slice(0, end))
    this.answer = ''
    this.finish?.({ how: 'exited', code })
  }

  private end(exit: Exit): void {
    this.isAlive = false
    this.finish?.(exit)
  }
}

// `eval` of one quoted word: a syntax error in it ends the subshell and not the worker.
function script({ text, cwd, env, log }: Spawn, mark: string): string {
  const run = `${exports(env)} ${MARK}=${quote(mark)}; cd ${quote(cwd)} || exit 126; eval ${quote(text)}`
  return `( ${run} ) </dev/null >>${quote(log)} 2>&1; echo $?\n`
}

const known = new WeakMap<Readonly<Record<string, string>>, string>()

function exports(env: Readonly<Record<string, string>>): string {
  const text = known.get(env)
  if (text !== undefined) return text
  // A shell cannot hold a variable with another name; none of ours has one.
  const names = Object.keys(env).filter((name) => /^[A-Za-z_]\w*$/.test(name) && name !== MARK)
  const made = `export ${names.map((name) => `${name}=${quote(env[name] as string)}`).join(' ')}`
  known.set(env, made)
  return made
}
