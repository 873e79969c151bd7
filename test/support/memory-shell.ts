// A shell in memory. A test gives a function for the text of a command; without one a tiny language
// is read: programs joined by `&&`, `>` and `>>`, quotes, `$NAME`. A program that is no builtin is a
// file of the memory disk: it prints its own content and what its arguments hold, so that another
// compiler gives other objects.
import { posix } from 'node:path'

import type { Captured, Exit, Shell, Spawn } from '../../graph/host.ts'
import type { MemoryClock } from './memory-clock.ts'
import type { MemoryDisk } from './memory-disk.ts'

export interface Call {
  readonly text: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal | undefined
  /** To stdout: the log of a task, the answer of a probe. */
  print(text: string): void
  /** Runs a line of the tiny language. */
  sh(text: string): number
}

/** Nothing is success, a number is the exit code. */
export type Behaviour = (
  call: Call,
) => undefined | number | Exit | Promise<undefined | number | Exit>

type Place = Pick<Spawn, 'cwd' | 'env'>

export class MemoryShell implements Shell {
  /** By the whole text of a command. */
  readonly commands = new Map<string, Behaviour>()
  /** Every command that was started, in order. */
  readonly spawned: Spawn[] = []
  /** Every question that was asked. */
  readonly asked: string[] = []
  /** Marks of dead engines whose processes were ended. */
  readonly ended: string[] = []
  closed = 0
  /** Commands print into a file of their own, which joins the log at their end. */
  hasSpool = false
  private readonly disk: MemoryDisk
  private readonly clock: MemoryClock
  private readonly path: string
  private readonly kills = new Set<() => void>()

  constructor(disk: MemoryDisk, clock: MemoryClock, path: string) {
    this.disk = disk
    this.clock = clock
    this.path = path
  }

  warmUp(): void {}

  async run(spawn: Spawn): Promise<Exit> {
    if (spawn.signal?.aborted) return { how: 'cancelled' }
    this.spawned.push(spawn)
    if (!this.hasSpool) {
      return this.toItsEnd(spawn, (text) => this.append(spawn.log, text), spawn.timeoutMs)
    }
    const spool = `${spawn.log}.spool`
    this.disk.write(spool, '')
    spawn.onSpool?.(spool)
    const exit = await this.toItsEnd(spawn, (text) => this.append(spool, text), spawn.timeoutMs)
    this.append(spawn.log, this.disk.readText(spool) ?? '')
    this.disk.removeFile(spool)
    return exit
  }

  async capture(
    words: readonly string[],
    options: Parameters<Shell['capture']>[1],
  ): Promise<Captured> {
    const text = words.at(-1) as string
    this.asked.push(text)
    let stdout = ''
    const print = (more: string): void => {
      stdout += more
    }
    const exit = await this.toItsEnd({ text, ...options }, print, options.timeoutMs)
    return { exit, stdout, stderr: '' }
  }

  which(name: string, path = this.path): string | undefined {
    for (const folder of path.split(':')) {
      const stat = this.disk.stat(`${folder}/${name}`)
      if (stat?.kind === 'file' && (stat.mode & 0o111) !== 0) return `${folder}/${name}`
    }
    return undefined
  }

  async endStrays(mark: string): Promise<number> {
    this.ended.push(mark)
    return 0
  }

  killNow(): void {
    for (const kill of [...this.kills]) kill()
  }

  pause(): () => void {
    return () => {}
  }

  rest(): void {}

  close(): void {
    this.closed++
  }

  private append(path: string, text: string): void {
    this.disk.write(path, (this.disk.readText(path) ?? '') + text)
  }

  private toItsEnd(
    spawn: Place & { text: string; signal?: AbortSignal },
    print: (text: string) => void,
    timeoutMs: number | undefined,
  ): Promise<Exit> {
    const { text, cwd, env, signal } = spawn
    return new Promise((resolve, reject) => {
      const kill = (): void => end({ how: 'signalled', signal: 'SIGKILL' })
      const cancel = (): void => end({ how: 'cancelled' })
      const cancelTimer =
        timeoutMs === undefined
          ? undefined
          : this.clock.after(timeoutMs, () => end({ how: 'timed-out' }))
      const end = (exit: Exit): void => {
        cancelTimer?.()
        signal?.removeEventListener('abort', cancel)
        this.kills.delete(kill)
        resolve(exit)
      }
      signal?.addEventListener('abort', cancel, { once: true })
      this.kills.add(kill)
      const sh = (line: string): number => this.interpret(line, { cwd, env }, print)
      const behaviour = this.commands.get(text) ?? (() => sh(text))
      Promise.resolve({ text, cwd, env, signal, print, sh })
        .then(behaviour)
        .then((answer) =>
          end(typeof answer === 'object' ? answer : { how: 'exited', code: answer ?? 0 }),
        )
        .catch(reject)
    })
  }

  private interpret(text: string, place: Place, print: (text: string) => void): number {
    for (const line of text.split(' && ')) {
      const words = wordsOf(line, place.env)
      const sign = words.findIndex((word) => word === '>' || word === '>>')
      let printed = ''
      const code = this.program(sign < 0 ? words : words.slice(0, sign), place, (more) => {
        printed += more
      })
      if (code !== 0 || sign < 0) print(printed)
      else {
        const path = posix.resolve(place.cwd, words[sign + 1] as string)
        if (this.disk.stat(posix.dirname(path))?.kind !== 'folder') {
          print(`sh: cannot create ${words[sign + 1]}: No such file or directory\n`)
          return 2
        }
        const old = words[sign] === '>>' ? (this.disk.readText(path) ?? '') : ''
        this.disk.write(path, old + printed)
      }
      if (code !== 0) return code
    }
    return 0
  }

  private program(words: readonly string[], { cwd }: Place, out: (text: string) => void): number {
    const [name = '', ...args] = words
    switch (name) {
      case 'true':
        return 0
      case 'false':
        return 1
      case 'exit':
        return Number(args[0])
      case 'echo':
        out(`${args.join(' ')}\n`)
        return 0
      case 'rm':
        for (const arg of args) this.disk.removeFile(posix.resolve(cwd, arg))
        return 0
      case 'chmod':
        this.disk.chmod(
          posix.resolve(cwd, args[1] as string),
          Number.parseInt(args[0] as string, 8),
        )
        return 0
      case 'ln':
        this.disk.link(posix.resolve(cwd, args[1] as string), args[0] as string)
        return 0
      case 'cat':
        return this.contents(args, cwd, out)
      default:
        return this.file(name, args, cwd, out)
    }
  }

  private file(
    name: string,
    args: readonly string[],
    cwd: string,
    out: (text: string) => void,
  ): number {
    const path = name.includes('/') ? posix.resolve(cwd, name) : this.which(name)
    const content = path === undefined ? undefined : this.disk.readText(path)
    if (content === undefined) {
      out(`sh: ${name}: not found\n`)
      return 127
    }
    const called = /exec (\/\S+)/.exec(content)?.[1]
    if (called !== undefined) return this.file(called, args, cwd, out)
    out(`<${content}>`)
    return this.contents(args, cwd, out)
  }

  /** Words with a point or a slash are files. */
  private contents(args: readonly string[], cwd: string, out: (text: string) => void): number {
    for (const arg of args) {
      const isFile = arg.includes('.') || arg.includes('/')
      const text = isFile ? this.disk.readText(posix.resolve(cwd, arg)) : arg
      if (text === undefined) {
        out(`cat: ${arg}: No such file or directory\n`)
        return 1
      }
      out(text)
    }
    return 0
  }
}

function wordsOf(line: string, env: Readonly<Record<string, string>>): string[] {
  const words = line.match(/'[^']*'|\S+/g) ?? []
  return words.map((word) =>
    word.startsWith("'")
      ? word.slice(1, -1)
      : word.replace(/\$(\w+)/g, (_, name: string) => env[name] ?? ''),
  )
}
