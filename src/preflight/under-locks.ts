// Everything that changes something happens under the locks of its backends, and ends with the terminal whole.
import type { Lock, RunEvent, Session } from '../../graph/index.ts'
import { lockPath } from '../folders.ts'
import { eprint } from '../report/eprint.ts'
import { chooseReporter } from '../report/reporter.ts'
import type { ColorChoice } from '../report/terminal.ts'
import { repairingTitle } from '../report/words/steps.ts'
import { dieBy, interruptible } from '../signals.ts'
import type { Candidate } from './candidate.ts'
import { recover } from './install.ts'
import { thrown, type Verdict } from './verdict.ts'

export interface LockOptions {
  readonly wait: boolean
  readonly timeoutMs: number | undefined
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: ColorChoice
  /** Milliseconds since 1970: elapsed times are counted from here. */
  readonly since: number
  readonly say: (line: string) => void
  /** Given the verdict of each candidate when something was thrown. */
  readonly onThrown: (candidate: Candidate, verdict: Verdict) => void
}

/** What work under locks is given. */
export interface Held {
  readonly report: (event: RunEvent) => void
  readonly signal: AbortSignal
  /** Before this process becomes another one. */
  readonly release: () => Promise<void>
}

/**
 * Takes the locks of all candidates, always in the same order, and works under them. What is thrown
 * becomes the verdict of the candidates that have none; a signal ends the process when all is tidy.
 */
export async function underLocks(
  session: Session,
  candidates: readonly Candidate[],
  options: LockOptions,
  work: (held: Held) => Promise<readonly Verdict[]>,
): Promise<readonly Verdict[]> {
  const interruption = interruptible(session.host)
  const { quiet, verbose, color, since } = options
  const title = repairingTitle(candidates.map(({ backend }) => backend.title))
  const reporter = await chooseReporter({ quiet, verbose, color, since, stageOf, title })
  const locks: Lock[] = []
  const release = async (): Promise<void> => {
    for (const lock of locks.splice(0).reverse()) await lock.release()
  }
  let isHandedOver = false
  const handOver = async (): Promise<void> => {
    isHandedOver = true
    // What is said while the view draws is kept back until it ends, and would be lost with this image.
    await reporter.close()
    await release()
  }
  let verdicts: readonly Verdict[]
  let place = ''
  try {
    for (const { backend, live } of candidates) {
      place = lockPath(backend, process.env)
      locks.push(await take(session, backend.name, place, interruption.signal, reporter, options))
      if (verbose) options.say('[repair] Lock acquired, proceeding with setup...')
      recover(live)
    }
    verdicts = await work({
      report: reporter.report,
      signal: interruption.signal,
      release: handOver,
    })
  } catch (error) {
    verdicts = candidates.map((candidate) => thrown(candidate, error, place))
    for (const [i, candidate] of candidates.entries())
      options.onThrown(candidate, verdicts[i] as Verdict)
  } finally {
    await reporter.close()
    await release()
    interruption.release()
  }
  const signal = interruption.caught()
  if (signal !== undefined) {
    const titles = candidates.map(({ backend }) => backend.title).join(', ')
    // The child that stood in has said what became of the installation.
    if (!isHandedOver)
      eprint(`${titles}: interrupted by ${signal}; the installation is as it was\n`)
    dieBy(signal)
  }
  return verdicts
}

function take(
  { host }: Session,
  backend: string,
  path: string,
  signal: AbortSignal,
  reporter: { readonly report: (event: RunEvent) => void },
  { wait, timeoutMs }: LockOptions,
): Promise<Lock> {
  return host.locks.acquire(path, {
    purpose: `repair ${backend}`,
    mark: host.mark,
    wait,
    signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    onWait: (owner) => reporter.report({ type: 'waiting', at: Date.now(), lock: path, owner }),
  })
}

function stageOf(node: string): string {
  if (node.startsWith('rebuild-')) return 'REBUILD'
  return node.startsWith('revalidate') ? 'REDETECT' : 'REPAIR'
}
