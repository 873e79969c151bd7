// preflight: is the backend there, and if not, make it so.
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'

import { GraphError, type Lock, type NodeFailure, type Session } from '../../graph/index.ts'
import {
  BACKEND_NAMES,
  BACKENDS,
  type Backend,
  type BackendName,
  type Device,
} from '../../tasks/backends.ts'
import { relevantLines } from '../../tasks/failure.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import { liveFolder, lockPath } from '../folders.ts'
import { type Detection, detect } from '../preflight/detect.ts'
import {
  isForeign,
  recover,
  refuseUnwritable,
  type Staged,
  stagedAt,
} from '../preflight/install.ts'
import { classifyNode } from '../preflight/judge-failure.ts'
import { build, judge, type RepairContext, runNodes } from '../preflight/repair.ts'
import { type RepairMode, repairMode, shouldRepair } from '../preflight/repair-mode.ts'
import { lacking } from '../preflight/requirements.ts'
import { print } from '../report/print.ts'
import { chooseReporter } from '../report/reporter.ts'
import { clean, elapsedSeconds, jsonDocument } from '../report/text.ts'
import {
  availableAfterRepair,
  availableCached,
  availableRepaired,
} from '../report/verdict-words.ts'
import * as words from '../report/words.ts'
import { type GraphChoices, openRepair, sourceFolderOf } from '../session.ts'
import { dieBy, interruptible } from '../signals.ts'
import { dryRun } from './dry-run.ts'

export interface PreflightArgs extends GraphChoices {
  readonly backend?: BackendName
  readonly device?: Device
  readonly repair?: RepairMode
  readonly dryRun?: boolean
  readonly force?: boolean
  readonly keepGoing?: boolean
  readonly wait?: boolean
  readonly lockTimeout?: number
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly json?: boolean
}

/** What became of one backend. */
export interface Verdict {
  readonly backend: BackendName
  readonly available: boolean
  readonly how:
    | 'cached'
    | 'auto-repaired'
    | 'detected after repair'
    | 'unavailable'
    | 'dry-run'
    | 'handed over'
  readonly exitCode: number
  /** For stdout if the backend is there, for stderr if it is not. */
  readonly text: string
  readonly folder: string
  readonly seconds?: number
  readonly error?: string
  readonly wouldExecute?: readonly string[]
}

// The order in which a failing class of several backends decides the exit code.
const WORST: readonly number[] = [
  EXIT.recursion,
  EXIT.permission,
  EXIT.build,
  EXIT.network,
  EXIT.revalidation,
  EXIT.unavailable,
]

/** Checks, and where asked repairs, each backend; resolves with the exit code. */
export async function preflight(args: PreflightArgs): Promise<number> {
  const names = args.backend ? [args.backend] : BACKEND_NAMES
  const verdicts: Verdict[] = []
  for (const name of names) {
    const verdict = await new Preflight(BACKENDS[name], args).decide()
    // A fresh process has given the verdict on all of them, in the form that was asked for.
    if (verdict.how === 'handed over') return verdict.exitCode
    verdicts.push(verdict)
    if (args.json) continue
    const stream = verdict.available || verdict.how === 'dry-run' ? process.stdout : process.stderr
    stream.write(verdict.text)
  }
  if (args.json) {
    const backends = verdicts.map(({ text: _, ...rest }) => rest)
    print(jsonDocument({ version: 1, backends }))
    for (const { available, how, text } of verdicts)
      if (!available && how !== 'dry-run') process.stderr.write(text)
  }
  const codes = verdicts.map((verdict) => verdict.exitCode)
  return WORST.find((code) => codes.includes(code)) ?? Math.max(...codes)
}

class Preflight {
  private readonly backend: Backend
  private readonly args: PreflightArgs
  private readonly live: string
  private readonly device: Device
  private readonly startedAt = new Date()

  constructor(backend: Backend, args: PreflightArgs) {
    this.backend = backend
    this.args = args
    this.live = liveFolder(backend, process.env)
    const found = detect(backend.name, this.live)
    this.device = args.device ?? (found.state === 'available' ? found.manifest.device : 'cpu')
  }

  async decide(): Promise<Verdict> {
    const { backend, args } = this
    const found = detect(backend.name, this.live)
    if (process.env['BITNET_REPAIR_PARENT']) return this.afterRepair()
    const isAvailable = found.state === 'available' && found.manifest.device === this.device
    const mode = repairMode(args.repair ?? (args.force ? 'always' : undefined), process.env)
    const isAsked = this.choosesSource() && mode !== 'never'
    if (!shouldRepair(mode, isAvailable) && !isAsked)
      return isAvailable ? this.cached(found) : this.disabled(found)
    if (process.env['BITNET_REPAIR_IN_PROGRESS'])
      return this.unavailable(EXIT.recursion, words.recursionDetected(backend), 'recursion')
    const session = await openRepair({ ...args, backend: backend.name })
    if (args.dryRun) return this.dry(session)
    const missing = await lacking(session.host, { device: this.device })
    if (missing)
      return this.unavailable(
        EXIT.build,
        words.toolsMissing(backend, missing.lines, missing.install),
        missing.lines.join('; '),
      )
    if (!isAvailable) this.announce(found)
    return this.locked(session, (context) => this.repair(context, mode === 'always'))
  }

  // Sources named by hand may have changed: the graph decides, not the constants.
  private choosesSource(): boolean {
    const { args } = this
    return sourceFolderOf(args) !== undefined || args.ref !== undefined
  }

  private async repair(context: RepairContext, isForced: boolean): Promise<Verdict> {
    const { backend, live } = this
    // Another process may have repaired it while this one waited for the lock.
    const again = detect(backend.name, live)
    const isThere = again.state === 'available' && again.manifest.device === this.device
    if (isThere && !isForced && !this.choosesSource()) return this.cached(again)
    if (isForeign(live) && process.env[backend.folderVariable]) return this.foreign()
    refuseUnwritable(live)
    // The lock is free between a repair and its fresh process; who comes first finishes the work.
    const left = isForced || this.choosesSource() ? undefined : this.staged()
    const finished = left && (await this.judged(context, left))
    if (finished?.available) return finished
    const built = await build(context, isForced, this.startedAt)
    if (built.how === 'failed') return this.failed(built.summary.failures[0], context.session)
    if (built.how === 'staged') return this.handOver(context)
    const summary = await runNodes(context, ['revalidate'], false)
    if (!summary.ok)
      return this.rejected(
        summary.failures[0]?.failure.message ?? 'revalidate did not run',
        context.session,
      )
    return this.cached(detect(backend.name, live))
  }

  // The lock ends with this process image; the next one takes it, or whoever is first finishes the work.
  private async handOver({ lock, signal }: RepairContext): Promise<Verdict> {
    const { reexec } = await import('../preflight/reexec.ts')
    await lock.release()
    const code = await reexec({ say: (line) => this.say(line), signal })
    return { ...this.unavailable(code, '', ''), how: 'handed over' }
  }

  // In the fresh process: nothing is repaired, only validated.
  private async afterRepair(): Promise<Verdict> {
    const { backend, live, args } = this
    this.say('[repair] Re-exec detected, skipping repair (checking detection only)')
    const found = detect(backend.name, live)
    const isSettled = stagedAt(live) === undefined && found.state === 'available'
    // Without a lock file no repair was ever here, and the variable was set by the person.
    if (isSettled || !existsSync(lockPath(backend, process.env))) return this.afterwards(found)
    // Another repair may hold the lock and be about to stage or to finish this very installation.
    const session = await openRepair({ ...args, backend: backend.name })
    return this.locked(session, async (context) => {
      const staged = stagedAt(live)
      return staged === undefined
        ? this.afterwards(detect(backend.name, live))
        : this.judged(context, staged)
    })
  }

  // What a repair for the same device has left to be judged.
  private staged(): Staged | undefined {
    const staged = stagedAt(this.live)
    const found = staged && detect(this.backend.name, staged.folder)
    return found?.state === 'available' && found.manifest.device === this.device
      ? staged
      : undefined
  }

  private async judged(context: RepairContext, staged: Staged): Promise<Verdict> {
    const verdict = await judge(context, staged)
    if (verdict.how === 'cancelled') return this.unavailable(EXIT.unavailable, '', 'cancelled')
    if (verdict.how === 'rejected')
      return this.rejected(verdict.error, context.session, verdict.failure)
    if (verdict.aside) this.say(`[repair] The folder that was there is kept as ${verdict.aside}`)
    const elapsed = Date.now() - Date.parse(staged.startedAt)
    return {
      backend: this.backend.name,
      available: true,
      how: 'auto-repaired',
      exitCode: EXIT.available,
      text: availableRepaired(this.backend.title, this.live, elapsed),
      folder: this.live,
      seconds: elapsed / 1000,
    }
  }

  private afterwards(found: Detection): Verdict {
    const { backend, live } = this
    if (found.state === 'available')
      return {
        backend: backend.name,
        available: true,
        how: 'detected after repair',
        exitCode: EXIT.available,
        text: availableAfterRepair(backend.title, live),
        folder: live,
      }
    const text = `❌ Backend still unavailable after repair\n${words.revalidationFailed({ backend, error: found.detail, lines: [], log: undefined })}`
    return this.unavailable(EXIT.revalidation, text, found.detail)
  }

  // Everything that changes something happens under the backend's lock, and ends with the terminal whole.
  private async locked(
    session: Session,
    work: (context: RepairContext) => Promise<Verdict>,
  ): Promise<Verdict> {
    const { backend, args, live } = this
    const interruption = interruptible(session.host)
    const reporter = await chooseReporter({
      quiet: args.quiet === true,
      verbose: args.verbose === true,
      since: this.startedAt.getTime(),
      stageOf,
    })
    const path = lockPath(backend, process.env)
    let lock: Lock | undefined
    let verdict: Verdict
    try {
      lock = await session.host.locks.acquire(path, {
        purpose: `repair ${backend.name}`,
        mark: session.host.mark,
        wait: args.wait !== false,
        signal: interruption.signal,
        ...(args.lockTimeout === undefined ? {} : { timeoutMs: args.lockTimeout * 1000 }),
        onWait: (owner) => reporter.report({ type: 'waiting', at: Date.now(), lock: path, owner }),
      })
      if (args.verbose) this.say('[repair] Lock acquired, proceeding with setup...')
      recover(live)
      verdict = await work({
        session,
        backend,
        device: this.device,
        live,
        lock,
        jobs: args.jobs,
        keepGoing: args.keepGoing === true,
        report: reporter.report,
        signal: interruption.signal,
      })
    } catch (error) {
      verdict = this.thrown(error, path)
    } finally {
      await reporter.close()
      await lock?.release()
      interruption.release()
    }
    const signal = interruption.caught()
    if (signal !== undefined) {
      process.stderr.write(
        `${backend.title}: interrupted by ${signal}; the installation is as it was\n`,
      )
      dieBy(signal)
    }
    return verdict
  }

  private thrown(error: unknown, lock: string): Verdict {
    const { backend } = this
    const { code, path, message } = error as NodeJS.ErrnoException
    if (error instanceof GraphError && error.code === 'locked') {
      const text = `❌ Another repair operation for ${backend.name} is in progress (lock: ${lock})\n  ${error.message}\n`
      return this.unavailable(EXIT.unavailable, text, error.message)
    }
    // While it waited for the lock: how this process ends says the rest.
    if (error instanceof GraphError && error.code === 'cancelled')
      return this.unavailable(EXIT.unavailable, '', message)
    const errno = error instanceof GraphError ? error.errno : code
    if (typeof errno !== 'string' || !/^E[A-Z0-9]+$/.test(errno)) throw error
    const place = error instanceof GraphError ? error.place : path
    const { class: found } = classifyNode('', { message, errno, how: 'system', tail: '', log: '' })
    const trouble = {
      backend,
      error: message,
      lines: [],
      log: undefined,
      ...(place && isAbsolute(place) ? { path: place } : {}),
    }
    return this.unavailable(exitOfClass(found), words.repairFailed(found, trouble), message)
  }

  private failed(
    first: { node: string; failure: NodeFailure } | undefined,
    session: Session,
  ): Verdict {
    const { backend } = this
    if (first === undefined) return this.unavailable(EXIT.unavailable, '', 'cancelled')
    const { node, failure } = first
    const task = node.replace(/\[.*/, '')
    const { class: found, firstCause, path } = classifyNode(task, failure)
    const isTooling = failure.how === 'tool'
    const kind = isTooling ? 'build' : found
    const text = words.repairFailed(kind, {
      backend,
      error: `${node}: ${clean(firstCause || failure.message)}`,
      lines: relevantLines(failure.tail, 12).map(clean),
      log: failure.log || `${session.stateFolder}/logs`,
      ...(path ? { path } : {}),
    })
    return this.unavailable(exitOfClass(kind), text, failure.message)
  }

  private rejected(error: string, session: Session, failure?: NodeFailure): Verdict {
    const { backend } = this
    const lines = failure ? relevantLines(failure.tail, 12).map(clean) : []
    const log = failure?.log || `${session.stateFolder}/logs`
    return this.unavailable(
      EXIT.revalidation,
      words.revalidationFailed({ backend, error: clean(error), lines, log }),
      error,
    )
  }

  private cached(found: Detection): Verdict {
    const { backend, live } = this
    if (found.state !== 'available')
      return this.unavailable(EXIT.revalidation, `${found.detail}\n`, found.detail)
    const text = availableCached(backend.title, live, found.manifest)
    return {
      backend: backend.name,
      available: true,
      how: 'cached',
      exitCode: EXIT.available,
      text,
      folder: live,
    }
  }

  private disabled(found: Detection): Verdict {
    const detail =
      found.state === 'missing' ? detailOf(found) : `it was built for ${found.manifest.device}`
    return this.unavailable(EXIT.unavailable, words.repairDisabled(this.backend, detail), detail)
  }

  private foreign(): Verdict {
    const { backend, live } = this
    const text = words.foreignFolder(backend, live)
    return this.unavailable(EXIT.permission, text, `${live} is not ours`)
  }

  private async dry(session: Session): Promise<Verdict> {
    const { text, commands } = await dryRun(session, [
      `rebuild-tool[${this.backend.name},${this.device}]`,
      `revalidate[${this.backend.name},${this.device}]`,
    ])
    const { name } = this.backend
    return {
      backend: name,
      available: false,
      how: 'dry-run',
      exitCode: EXIT.available,
      text,
      folder: this.live,
      wouldExecute: commands,
    }
  }

  private unavailable(exitCode: number, text: string, error: string): Verdict {
    const { backend, live } = this
    return {
      backend: backend.name,
      available: false,
      how: 'unavailable',
      exitCode,
      text,
      folder: live,
      error,
    }
  }

  private announce(found: Detection): void {
    const why =
      found.state === 'missing' ? detailOf(found) : `installed for ${found.manifest.device}`
    this.say(`[preflight] Backend not detected at build time, starting auto-repair...`)
    this.say(
      `[${elapsedSeconds(Date.now() - this.startedAt.getTime())}] DETECT: Backend '${this.backend.title}' not found at build time (${why})`,
    )
  }

  private say(line: string): void {
    if (!this.args.quiet) process.stderr.write(`${line}\n`)
  }
}

function detailOf(found: Extract<Detection, { state: 'missing' }>): string {
  return found.why === 'absent' ? `nothing is installed at ${found.detail}` : found.detail
}

function stageOf(node: string): string {
  if (node.startsWith('rebuild-tool')) return 'REBUILD'
  return node.startsWith('revalidate') ? 'REDETECT' : 'REPAIR'
}
