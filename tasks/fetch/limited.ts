// Runs one program of a fetch. Three limits end it: too long without a word from the other side, a
// stand-still after that, and too long in all. What it prints goes through to stderr.
import { type ChildProcess, spawn } from 'node:child_process'

/** Milliseconds; `endsAt` as Date.now() counts. */
export interface Limits {
  readonly connectMs: number
  readonly stallMs: number
  readonly endsAt: number
}

export interface Run {
  /** `server`: it talks to one, and says so as it goes. `silent`: it may, and says nothing until it is done. */
  readonly talks: 'server' | 'silent' | 'to nobody'
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** What a fetch ends with when it fails: the exit code is that of the program, as its failure is judged by. */
export class FetchFailure extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The limits that the variables give in seconds, from now on: 30 to connect, 60 of silence, 900 in all. */
export function limitsOf(env: Readonly<Record<string, string | undefined>>): Limits {
  const ms = (name: string, seconds: number): number => 1000 * (Number(env[name]) || seconds)
  return {
    connectMs: ms('BITNET_TASKS_CONNECT_TIMEOUT', 30),
    stallMs: ms('BITNET_TASKS_STALL_TIMEOUT', 60),
    endsAt: Date.now() + ms('BITNET_TASKS_FETCH_TIMEOUT', 900),
  }
}

/**
 * Resolves with what the program printed on stdout.
 *
 * @throws FetchFailure when it cannot be started, fails or meets a limit
 */
export function runLimited(
  program: string,
  args: readonly string[],
  limits: Limits,
  { talks, cwd, env }: Run,
): Promise<string> {
  const what = `${program} ${args.find((word) => /^[a-z][\w-]*$/.test(word)) ?? ''}`.trim()
  return new Promise((done, fail) => {
    // A group of its own: of git alone its helper would stay behind, still waiting for the server.
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env, ...(talks === 'server' ? TRACE : {}) },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const watch = new Watch(child, limits, talks)
    let out = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text
      watch.hears()
    })
    child.stderr?.on('data', (text: Buffer) => {
      process.stderr.write(text)
      watch.hears()
    })
    const trace = child.stdio[3] as NodeJS.ReadableStream | null
    trace?.setEncoding('utf8').on('data', (text: string) => {
      if (CONNECTED.test(text)) watch.hears()
    })
    child.on('error', ({ code }: NodeJS.ErrnoException) => {
      watch.ends()
      const exitCode = code === 'EACCES' ? 126 : 127
      fail(new FetchFailure(`${program} cannot be started: ${code}`, exitCode))
    })
    child.on('close', (code, signal) => {
      watch.ends()
      if (watch.verdict !== undefined)
        return fail(new FetchFailure(`${what}: ${watch.verdict}`, TIMED_OUT))
      if (code === 0) return done(out.trim())
      fail(new FetchFailure(`${what} failed (${signal ?? `exit code ${code}`})`, code ?? 1))
    })
  })
}

// As git ends when its connection times out.
const TIMED_OUT = 128

// git has no limit for connecting (http.lowSpeedTime counts from the first byte on); but it tells what
// curl does, here without what is sent, and curl tells when it has a connection.
const TRACE = { GIT_TRACE_CURL: '3', GIT_TRACE_CURL_NO_DATA: '1' }
const CONNECTED = /Connected to|Established connection|=> Send header/

class Watch {
  verdict: string | undefined
  private readonly child: ChildProcess
  private readonly stallMs: number
  private readonly listens: boolean
  private silence: NodeJS.Timeout | undefined
  private readonly end: NodeJS.Timeout

  constructor(child: ChildProcess, { connectMs, stallMs, endsAt }: Limits, talks: Run['talks']) {
    this.child = child
    this.stallMs = stallMs
    this.listens = talks === 'server'
    const left = Math.max(0, endsAt - Date.now())
    this.end = setTimeout(() => this.kill('timed out, the fetch took too long in all'), left)
    if (this.listens) this.expect(connectMs, 'connection timed out, no answer')
    children.add(child)
  }

  /** The other side gave a sign of life. */
  hears(): void {
    if (this.listens) this.expect(this.stallMs, 'connection timed out, no progress')
  }

  ends(): void {
    clearTimeout(this.silence)
    clearTimeout(this.end)
    children.delete(this.child)
  }

  private expect(ms: number, verdict: string): void {
    clearTimeout(this.silence)
    this.silence = setTimeout(() => this.kill(`${verdict} in ${ms / 1000} s`), ms)
  }

  private kill(verdict: string): void {
    this.verdict = verdict
    killGroup(this.child)
  }
}

const children = new Set<ChildProcess>()

// In groups of their own they do not hear what ends this process.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.once(signal, () => {
    for (const child of children) killGroup(child)
    process.kill(process.pid, signal)
  })

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
