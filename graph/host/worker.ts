// Long-lived shells that are fed one command after another. Node forks its whole address space for
// each spawn; a shell is small: 1,000 trivial commands take half the time so (0.89 x ninja).
// Each worker is a process group of its own, and each command a subshell in it.
import { type ChildProcess, spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'

import { quote } from '../command.ts'
import { MARK } from '../environment.ts'
import type { Exit, Spawn } from '../host.ts'
import { Kin, type KinOptions } from './kin.ts'

const GRACE_MS = 2000
const COPY_PIECE = 1024 * 1024

export class WorkerPool {
  private readonly engine: KinOptions
  private readonly idle: Worker[] = []
  private readonly running = new Set<Worker>()
  private count = 0

  constructor(engine: KinOptions) {
    this.engine = engine
  }

  get busy(): readonly Kin[] {
    return [...this.running].map(({ kin }) => kin)
  }

  warmUp(env: Spawn['env'], logs: string): void {
    if (this.idle.length + this.running.size > 0) return
    try {
      this.idle.push(this.newWorker(env, logs))
    } catch {
      // The first command will meet it, and say so.
    }
  }

  async run(command: Spawn): Promise<Exit> {
    if (command.signal?.aborted) return { how: 'cancelled' }
    if (isPlain(command.text)) {
      const { exit, isLost } = await this.runOnce(command, command.text)
      // A shell that ended by itself could not parse the line and ran nothing of it: once more, in a
      // way that tells the log why.
      if (!isLost) return exit
    }
    return (await this.runOnce(command, `eval ${quote(command.text)}`)).exit
  }

  private async runOnce(command: Spawn, line: string): Promise<{ exit: Exit; isLost: boolean }> {
    const worker = this.idleWorker() ?? this.newWorker(command.env, dirname(command.log))
    this.running.add(worker)
    try {
      const exit = await worker.run(command, line)
      return { exit, isLost: exit.how === 'exited' && !worker.isUsable }
    } finally {
      this.running.delete(worker)
      if (worker.isUsable) this.idle.push(worker)
    }
  }

  private newWorker(env: Spawn['env'], logs: string): Worker {
    return new Worker({ ...this.engine, mark: `${this.engine.mark}.${++this.count}` }, env, logs)
  }

  // One that was killed while it waited (by the kernel, when memory is short) would never answer.
  private idleWorker(): Worker | undefined {
    let worker = this.idle.pop()
    while (worker?.isUsable === false) worker = this.idle.pop()
    return worker
  }

  rest(): void {
    for (const worker of this.idle) worker.removeFiles()
  }

  close(): void {
    for (const worker of this.idle.splice(0)) worker.close()
  }
}

class Worker {
  readonly kin: Kin
  private readonly mark: string
  private readonly env: Spawn['env']
  private readonly spool: string
  private readonly child: ChildProcess
  private isAlive = true
  private finish: ((exit: Exit) => void) | undefined
  private answer = ''

  constructor(options: KinOptions, env: Spawn['env'], logs: string) {
    const { mark } = options
    this.mark = mark
    this.env = env
    // Most commands print nothing: they share one file that is there already, for making one takes
    // ext4 longer than `cat` takes to run.
    this.spool = join(logs, `.spool-${mark}`)
    this.child = spawn('/bin/sh', [], {
      detached: true,
      cwd: '/',
      env: { ...env, [MARK]: mark },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.kin = new Kin({ ...options, leader: this.child.pid })
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

  async run(command: Spawn, line: string): Promise<Exit> {
    const ended = new Promise<Exit>((resolve) => {
      this.finish = resolve
    })
    const stopped = Promise.withResolvers<Exit>()
    const onAbort = (): void => stopped.resolve({ how: 'cancelled' })
    command.signal?.addEventListener('abort', onAbort, { once: true })
    const limit = command.timeoutMs
    if (limit !== undefined) this.kin.limitTo(limit, () => stopped.resolve({ how: 'timed-out' }))
    command.onSpool?.(this.spool)
    // Somebody may remove the state folder meanwhile; without it the shell could not begin the command.
    if (!fs.existsSync(this.spool)) fs.mkdirSync(dirname(this.spool), { recursive: true })
    this.child.stdin?.write(this.script(command, line))
    try {
      const first = await Promise.race([ended, stopped.promise])
      if (first.how === 'cancelled' || first.how === 'timed-out') await this.endAll()
      // The shell itself was ended: so must be what it had started.
      else if (!this.isAlive) await this.endAll()
      else this.tellEnd(command)
      return first
    } finally {
      moveOutput(this.spool, command.log)
      if (!this.isAlive) this.removeFiles()
      this.finish = undefined
      this.kin.unlimit()
      command.signal?.removeEventListener('abort', onAbort)
    }
  }

  // In a subshell, so that nothing it does stays with the worker.
  private script({ cwd, env, tokens, onEnd }: Spawn, line: string): string {
    const own = env === this.env ? '' : changes(this.env, env, this.mark)
    const open = tokens === undefined ? '' : opened(tokens)
    // Only the shell knows when it ended: our turn may come much later. `true`, since a shell ends when
    // it cannot open a file for `:`.
    const end = onEnd ? `code=$?; true >${quote(this.endMark)}; echo $code` : 'echo $?'
    return `( ${own}${open}cd ${quote(cwd)} || exit 126; ${line} ) </dev/null >${quote(this.spool)} 2>&1; ${end}\n`
  }

  // Somebody may have removed the state folder.
  private tellEnd({ onEnd }: Spawn): void {
    const mark = onEnd && fs.statSync(this.endMark, { throwIfNoEntry: false })
    if (mark) onEnd(mark.ctimeMs)
  }

  private get endMark(): string {
    return `${this.spool}.end`
  }

  close(): void {
    this.isAlive = false
    this.removeFiles()
    this.child.stdin?.end()
    this.child.unref()
  }

  removeFiles(): void {
    // Of one that was started ahead and ran nothing there may be no folder for them: of a file in its place
    // the lock tells.
    for (const path of [this.spool, this.endMark])
      if (fs.existsSync(path)) fs.rmSync(path, { force: true })
  }

  private async endAll(): Promise<void> {
    this.isAlive = false
    await this.kin.end(GRACE_MS)
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

// What a command printed becomes its log; the next command of the same node appends to it.
function moveOutput(spool: string, log: string): void {
  const size = fs.statSync(spool, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return
  if (fs.lstatSync(log, { throwIfNoEntry: false }) === undefined) return fs.renameSync(spool, log)
  const [from, to] = [fs.openSync(spool, 'r'), fs.openSync(log, 'a')]
  try {
    const piece = Buffer.allocUnsafe(Math.min(size, COPY_PIECE))
    for (let read = fs.readSync(from, piece); read > 0; read = fs.readSync(from, piece))
      fs.writeSync(to, piece, 0, read)
  } finally {
    fs.closeSync(from)
    fs.closeSync(to)
    fs.rmSync(spool, { force: true })
  }
}

// Nothing in it opens what it does not close, so it can stand in a subshell as it is. The subshell then
// becomes the command: one fork less than with `eval`, a fifth of a trivial command's time.
function isPlain(text: string): boolean {
  return /^[\w ./*?=,:@%+>-]+$/.test(text)
}

// Both ways each: opening one end of a FIFO waits for whoever opens the other.
function opened({ path, read, write }: NonNullable<Spawn['tokens']>): string {
  return `exec ${read}<>${quote(path)} ${write}<>${quote(path)}; `
}

/** What has to be said to turn one environment into another. */
function changes(from: Spawn['env'], to: Spawn['env'], mark: string): string {
  // A shell cannot hold a variable with another name; none of ours has one.
  const names = Object.keys(to).filter(
    (name) => /^[A-Za-z_]\w*$/.test(name) && from[name] !== to[name],
  )
  const gone = Object.keys(from).filter((name) => !Object.hasOwn(to, name))
  const unset = gone.length === 0 ? '' : `unset ${gone.join(' ')}; `
  const set = names.map((name) => `${name}=${quote(to[name] as string)}`)
  return `${unset}export ${[...set, `${MARK}=${quote(mark)}`].join(' ')}; `
}
