// preflight --watch: the decision is repeated whenever something that it depends on has changed. Each time a
// process of its own decides, since a repair becomes another process at its end.
import { type ChildProcess, spawn } from 'node:child_process'

import { GraphError, Hints, machine, Noting, type Session } from '../../graph/index.ts'
import { BACKEND_NAMES } from '../../tasks/backends.ts'
import { EXIT } from '../exit-code.ts'
import { repairFolder } from '../folders.ts'
import { type Keys, listenForKeys } from '../keys.ts'
import { eprint } from '../report/eprint.ts'
import { StatusLine } from '../report/status-line.ts'
import { isDumb } from '../report/terminal.ts'
import * as words from '../report/words/watch.ts'
import { givenBy, givenSource, openRepair } from '../session.ts'
import { dieBy, type Interruption, interruptible } from '../signals.ts'
import { candidate } from './candidate.ts'
import { knownHistory } from './history.ts'
import type { PreflightArgs } from './request.ts'
import { look, type Sight } from './sight.ts'
import { workspaceOf } from './workspace-options.ts'

/** Runs until a key or a signal ends it; resolves with the exit code of the last decision. */
export async function watchPreflight(args: PreflightArgs): Promise<number> {
  const graph = givenSource(args) === undefined ? undefined : await openRepair(args)
  return new PreflightWatch(args, graph).run()
}

const SHOW_CURSOR = '\x1b[?25h'

class PreflightWatch {
  private readonly args: PreflightArgs
  private readonly graph: Session | undefined
  private readonly host = machine(process.env)
  private readonly isTerminal: boolean
  private readonly line: StatusLine
  private readonly hints: Hints
  private readonly end = new AbortController()
  private child: ChildProcess | undefined
  private interruption: Interruption | undefined
  private asked: 'rerun' | 'force' | undefined
  private sight: Sight | undefined
  private code: number = EXIT.available
  private pollMs: number | undefined

  constructor(args: PreflightArgs, graph: Session | undefined) {
    this.args = args
    this.graph = graph
    const { stderr, env } = process
    this.isTerminal = stderr.isTTY === true && !isDumb(env) && !env['CI']
    this.line = new StatusLine(this.isTerminal)
    this.hints = new Hints({
      host: this.host,
      top: repairFolder(process.env),
      never: [repairFolder(process.env)],
      seldom: ['.git', 'node_modules'],
      isBusy: () => this.child !== undefined,
      onPolling: (polling) => {
        this.pollMs = polling.everyMs
        this.line.print(words.polling({ type: 'polling', at: Date.now(), ...polling }))
      },
    })
  }

  async run(): Promise<number> {
    const interruption = interruptible(this.host)
    this.interruption = interruption
    const stop = (): void => this.end.abort()
    interruption.signal.addEventListener('abort', stop)
    this.end.signal.addEventListener('abort', () => this.hints.raise())
    try {
      while (!this.end.signal.aborted) await this.turn()
    } finally {
      this.line.hide()
      await this.hints.close()
      interruption.release()
    }
    const signal = interruption.caught()
    if (signal !== undefined) dieBy(signal)
    return this.code
  }

  private async turn(): Promise<void> {
    const { hints, asked } = this
    this.asked = undefined
    const version = hints.version
    const sight = this.look()
    if (await hints.listen()) this.look()
    if (asked === undefined && this.isLike(sight)) return this.rest(version)
    this.code = await this.decide(asked === 'force', sight)
    const after = this.look()
    // Nothing of ours writes there: who did wants another decision.
    this.sight = after.sources.inputs === sight.sources.inputs ? after : undefined
    if (this.sight) this.tellWaiting()
  }

  private isLike({ libraries, sources }: Sight): boolean {
    const { sight } = this
    return sight?.libraries === libraries && sight.sources.stale === sources.stale
  }

  private look(): Sight {
    const noting = new Noting(this.host)
    const start = this.host.clock.now()
    const sight = this.lookNoting(noting)
    this.hints.remember(noting, this.host.clock.now() - start)
    return sight
  }

  private lookNoting(noting: Noting): Sight {
    const { args } = this
    const names = args.backend ? [args.backend] : BACKEND_NAMES
    try {
      const given = givenBy(args)
      const workspace = workspaceOf(args)
      const all = names.map((name) =>
        candidate(name, args.device, { workspace, given: given[name] }),
      )
      return look(all, this.graph, noting)
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      // What was named when it began has gone, as a clone that is made anew: the decision says so, and it comes
      // back.
      const { message, place } = error
      if (place !== undefined) noting.host.disk.stat(place)
      return { libraries: '', sources: { stale: message, inputs: message }, why: [message] }
    }
  }

  // An edit of the sources meanwhile ends the repair; the next one goes on from what it has compiled.
  private async decide(isForced: boolean, before: Sight): Promise<number> {
    const child = spawn(process.execPath, [...process.execArgv, ...ownWords(isForced)], {
      stdio: 'inherit',
    })
    this.child = child
    let code: number | undefined
    let isEnding = false
    const ended = new Promise<void>((resolve) => {
      const settle = (exit: number | null, signal?: NodeJS.Signals | null): void => {
        code ??= exit ?? EXIT.unavailable
        if (signal) this.tellKilled(signal, isEnding)
        resolve()
      }
      child.on('exit', settle)
      child.on('error', () => settle(null))
    })
    while (code === undefined) {
      await Promise.race([ended, this.hints.changedSince(this.hints.version)])
      const signal: NodeJS.Signals | undefined =
        code === undefined && !isEnding ? this.whyEnd(before) : undefined
      isEnding ||= signal !== undefined
      if (signal) child.kill(signal)
    }
    this.child = undefined
    return code
  }

  // It could not bring the cursor back; and nobody else says why there is no answer.
  private tellKilled(signal: NodeJS.Signals, isAsked: boolean): void {
    if (this.isTerminal) eprint(SHOW_CURSOR)
    const isTold = isAsked || this.interruption?.caught() !== undefined
    if (!isTold) this.line.print(words.decisionKilled(signal))
  }

  private whyEnd(before: Sight): NodeJS.Signals | undefined {
    const caught = this.interruption?.caught()
    // Ctrl-C reaches it as well, and a second one would not let it tidy up.
    if (caught !== undefined) return isTyped(caught) ? undefined : caught
    return this.look().sources.inputs === before.sources.inputs ? undefined : 'SIGTERM'
  }

  private async rest(version: number): Promise<void> {
    const keys = this.isTerminal ? this.keys() : undefined
    this.line.show(
      words.waitingForLibraries(this.hints.folders, this.pollMs),
      keys ? `   ${words.KEYS}` : '',
    )
    this.line.reveal()
    try {
      await this.hints.rest(version)
    } finally {
      keys?.close()
      this.line.hide()
    }
  }

  // A terminal has it in its last line.
  private tellWaiting(): void {
    if (this.isTerminal || this.args.quiet) return
    this.line.print(`${words.waitingForLibraries(this.hints.folders, this.pollMs)}\n`)
  }

  private keys(): Keys | undefined {
    return listenForKeys({
      onKey: (key) => this.act(key),
      onLeave: () => this.line.hide(),
      onReturn: () => this.line.reveal(),
    })
  }

  private act(key: string): void {
    if (key === 'q') this.end.abort()
    if (key === 'e') this.line.print(words.missing(this.sight?.why ?? []))
    if (key === 'l') this.line.print(words.lastRepair(knownHistory().at(-1)))
    if (key !== 'r' && key !== 'f') return
    this.asked = key === 'f' ? 'force' : 'rerun'
    this.hints.raise()
  }
}

// The same call, without --watch. What stands behind `--` is another program's.
function ownWords(isForced: boolean): readonly string[] {
  const all = process.argv.slice(1)
  const end = all.indexOf('--')
  const own = (end < 0 ? all : all.slice(0, end)).filter((word) => word !== '--watch')
  return [...own, ...(isForced ? ['--force'] : []), ...(end < 0 ? [] : all.slice(end))]
}

function isTyped(signal: NodeJS.Signals): boolean {
  return process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
}
