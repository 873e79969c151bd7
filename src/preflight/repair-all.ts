// The repair of the backends that are missing: one run of the graph for all of them, then a fresh process
// that judges what was made.
import { existsSync } from 'node:fs'

import type { Session } from '../../graph/index.ts'
import { isLive } from '../report/reporter.ts'
import { BACKUP, installed, type StageWord, stageLine, succeeded } from '../report/words/steps.ts'
import { openRepair } from '../session.ts'
import { type Candidate, isInstalled, isThere, lookAgain } from './candidate.ts'
import { rebuildTool, rebuildWithout, toolFailed } from './consumer-tool.ts'
import { detect } from './detect.ts'
import { givenIn } from './given.ts'
import { type HandedOver, handOver } from './hand-over.ts'
import { refuseUnwritable, rollBack, type Staged, stagedAt } from './install.ts'
import { recorded } from './record-repair.ts'
import {
  build,
  failureOf,
  type Judged,
  judge,
  type RepairContext,
  runNodes,
  stageBuilt,
} from './repair.ts'
import { choosesSource, type Request } from './request.ts'
import { storyOf } from './story.ts'
import { toolOf } from './tool-name.ts'
import { type Held, type LockOptions, underLocks } from './under-locks.ts'
import type { Verdict } from './verdict.ts'
import * as verdicts from './verdict.ts'

/** Repairs the candidates. The exit code, when a fresh process has given the verdicts. */
export async function repairAll(
  request: Request,
  candidates: readonly Candidate[],
): Promise<readonly Verdict[] | number> {
  const session = await openRepair(request.args)
  let handed: HandedOver | undefined
  const found = await underLocks(session, candidates, lockOptions(request), async (held) => {
    const context = contextOf(request, session, held, candidates)
    const { settled, open, behind } = await sorted(request, context, candidates)
    if (open.length + behind.length === 0) return settled
    const built = open.length === 0 ? NOTHING : await buildAll(request, context, open)
    const standing = [...settled, ...built.failed]
    const tool = await toolAfter(request, context, { ...built, behind })
    if (Array.isArray(tool)) return [...standing, ...tool]
    if (built.staged.length === 0 && tool !== 'rebuilt')
      return [...standing, ...(await unchanged(request, context, [...built.current, ...behind]))]
    handed = await handOver(request, held, session, standing)
    return []
  })
  return handed === undefined ? found : afterHandOver(request, candidates, handed)
}

async function afterHandOver(
  request: Request,
  candidates: readonly Candidate[],
  { outcome, standing }: HandedOver,
): Promise<readonly Verdict[] | number> {
  const isOpen = (one: Candidate): boolean =>
    !standing.some(({ backend }) => backend === one.backend.name)
  const open = candidates.filter(isOpen)
  if (outcome.how === 'failed')
    return [...standing, ...verdicts.withoutFreshProcess(open, outcome.text)]
  if (outcome.by === 'bitnet-tasks' || outcome.exitCode !== 0) return outcome.exitCode
  // xtask has said that it knows the backends. What is staged is still to be judged.
  const judgedHere: Verdict[] = []
  for (const one of open) judgedHere.push(await judgeStaged(request, one))
  return [...standing, ...judgedHere]
}

/** In the fresh process: validates what a repair has staged, and makes it live or drops it. */
export async function judgeStaged(request: Request, one: Candidate): Promise<Verdict> {
  // Another repair may hold the lock and be about to stage or to finish this very installation.
  const session = await openRepair({ ...request.args, backend: one.backend.name })
  // The time of a repair runs on from where the process before this one began.
  const startedAt = new Date(stagedAt(one.live)?.startedAt ?? request.startedAt)
  const whole = { ...request, startedAt }
  const [verdict] = await underLocks(session, [one], lockOptions(whole), async (held) => {
    const staged = stagedAt(one.live)
    if (staged === undefined) return [verdicts.afterwards(lookAgain(one))]
    return [await judged(whole, contextOf(whole, session, held, [one]), one, staged)]
  })
  return verdict as Verdict
}

interface Sorted {
  /** Nothing is to be built for these. */
  readonly settled: readonly Verdict[]
  readonly open: readonly Candidate[]
  /** Installed, and the xtask of the checkout does not know it. */
  readonly behind: readonly Candidate[]
}

async function sorted(
  request: Request,
  context: RepairContext,
  candidates: readonly Candidate[],
): Promise<Sorted> {
  const settled: Verdict[] = []
  const open: Candidate[] = []
  const behind: Candidate[] = []
  const isAsked = context.force || choosesSource(request.args)
  for (const one of candidates.map(lookAgain)) {
    const isBehind = isInstalled(one) && !isThere(one) && !isAsked
    const verdict = isBehind ? undefined : await beforeBuilding(request, context, one)
    if (isBehind) behind.push(one)
    else if (verdict === undefined) open.push(one)
    else settled.push(verdict)
  }
  return { settled, open, behind }
}

async function beforeBuilding(
  request: Request,
  context: RepairContext,
  one: Candidate,
): Promise<Verdict | undefined> {
  const { args } = request
  const isAsked = context.force || choosesSource(args)
  // Another process may have repaired it while this one waited for the lock.
  if (isThere(one) && !isAsked) return verdicts.cached(one)
  if (isUseless(one)) return recorded(request, one, verdicts.foreign(one))
  try {
    refuseUnwritable(one.live)
  } catch (error) {
    return recorded(request, one, verdicts.thrown(one, error, ''))
  }
  // The lock is free between a repair and its fresh process; who comes first finishes the work.
  // In a checkout it is staged once more instead, and xtask rebuilt before it is judged.
  const left = isAsked || one.workspace ? undefined : stagedFor(one)
  const finished = left && (await judged(request, context, one, left))
  return finished?.available ? finished : undefined
}

// In the folder of somebody else that was named lies nothing that could be used.
function isUseless({ backend, origin, given }: Candidate): boolean {
  return origin !== undefined && given === undefined && givenIn(backend, origin) === undefined
}

interface Built {
  readonly failed: readonly Verdict[]
  readonly staged: readonly Candidate[]
  /** What is live is what the graph makes. */
  readonly current: readonly Candidate[]
}

async function buildAll(
  request: Request,
  context: RepairContext,
  candidates: readonly Candidate[],
): Promise<Built> {
  const summary = await build(context, candidates)
  const failed: Verdict[] = []
  const staged: Candidate[] = []
  const current: Candidate[] = []
  for (const one of candidates) {
    const failure = failureOf(summary, one)
    if (failure !== undefined) failed.push(nodeFailed(request, context, one, failure))
    else if (summary.cancelled) failed.push(recorded(request, one, verdicts.cancelled(one)))
    else if (await staging(request, context, one)) staged.push(one)
    else current.push(one)
  }
  return summary.cancelled ? { failed, staged: [], current: [] } : { failed, staged, current }
}

function nodeFailed(
  request: Request,
  { session }: RepairContext,
  one: Candidate,
  failure: Parameters<typeof verdicts.failed>[2],
): Verdict {
  const verdict = verdicts.failed(one, session, failure)
  const stage = failure.node.startsWith('rebuild-') ? 'REBUILD' : 'REPAIR'
  tellStage(request, stage, `Auto-repair failed: ${verdict.failure?.kind ?? 'unknown error'}`)
  return recorded(request, one, verdict)
}

async function staging(request: Request, context: RepairContext, one: Candidate): Promise<boolean> {
  const isReplaced = existsSync(one.live)
  const staged = await stageBuilt(context, one, request.startedAt)
  if (staged && isReplaced) request.say(BACKUP.made)
  return staged !== undefined
}

const NOTHING: Built = { failed: [], staged: [], current: [] }

// One rebuild of xtask serves all backends. When it fails nothing that was staged becomes live.
async function toolAfter(
  request: Request,
  context: RepairContext,
  { staged, current, behind }: Built & { readonly behind: readonly Candidate[] },
): Promise<readonly Verdict[] | 'rebuilt' | 'fresh'> {
  const ready = [...staged, ...current, ...behind]
  const workspace = ready[0]?.workspace
  if (workspace === undefined) return 'fresh'
  const tool = await rebuildTool(request, context, workspace)
  if (tool.how === 'rebuilt' || tool.how === 'fresh') return tool.how
  for (const { live } of staged) {
    const left = stagedAt(live)
    if (left) rollBack(live, left)
  }
  const { session } = context
  const verdictOf = (one: Candidate): Verdict =>
    tool.how === 'failed' ? toolFailed(one, session, tool) : verdicts.cancelled(one)
  return ready.map((one) => recorded(request, one, verdictOf(one)))
}

async function unchanged(
  request: Request,
  context: RepairContext,
  candidates: readonly Candidate[],
): Promise<readonly Verdict[]> {
  if (candidates.length === 0) return []
  const summary = await runNodes({ ...context, force: false }, candidates, ['revalidate'])
  const verdictOf = (one: Candidate): Verdict => {
    const failure = failureOf(summary, one)?.failure
    if (failure) return verdicts.rejected(one, context.session, failure.message, { failure })
    return summary.cancelled ? verdicts.cancelled(one) : verdicts.cached(lookAgain(one))
  }
  return candidates.map((one) => recorded(request, one, verdictOf(one)))
}

async function judged(
  request: Request,
  context: RepairContext,
  one: Candidate,
  staged: Staged,
): Promise<Verdict> {
  const isReplaced = existsSync(one.live)
  const found = await judge(context, one, staged)
  const verdictOf = (): Verdict => {
    if (found.how === 'cancelled') return verdicts.cancelled(one)
    if (found.how === 'rejected') return verdicts.rejected(one, context.session, found.error, found)
    return verdicts.repaired(lookAgain(one), Date.now() - Date.parse(staged.startedAt))
  }
  if (found.how === 'rejected' && one.workspace)
    await rebuildWithout(request, context, one.workspace)
  const verdict = verdictOf()
  for (const line of afterwords(found, isReplaced, one)) request.say(line)
  if (verdict.available) tellSuccess(request, one, Date.parse(staged.startedAt))
  return recorded(request, one, verdict, staged.startedAt)
}

// What became of the installation that was there before.
function afterwords(found: Judged, isReplaced: boolean, { live }: Candidate): readonly string[] {
  if (found.how === 'cancelled') return []
  if (found.how === 'rejected') return isReplaced ? [BACKUP.restoring, BACKUP.restored] : []
  const kept = `[repair] The folder that was there is kept as ${found.aside}`
  return [installed(live), ...(found.aside ? [kept] : isReplaced ? [BACKUP.removed] : [])]
}

function tellSuccess({ say }: Request, one: Candidate, since: number): void {
  const elapsed = Date.now() - since
  say(stageLine(elapsed, 'SUCCESS', `Backend '${one.backend.title}' is now AVAILABLE`))
  for (const line of succeeded(one.backend, elapsed, toolOf(one))) say(line)
}

function tellStage({ say, startedAt }: Request, stage: StageWord, message: string): void {
  say(stageLine(Date.now() - startedAt.getTime(), stage, message))
}

// What a repair for the same device has left to be judged.
function stagedFor({ live, backend, device }: Candidate): Staged | undefined {
  const staged = stagedAt(live)
  const found = staged && detect(backend.name, staged.folder)
  return found?.state === 'available' && found.manifest.device === device ? staged : undefined
}

function contextOf(
  request: Request,
  session: Session,
  held: Held,
  candidates: readonly Candidate[],
): RepairContext {
  const { args, mode, startedAt, say } = request
  const { verbose = false, quiet = false, source } = args
  const since = startedAt.getTime()
  const story = storyOf({ candidates, session, verbose, since, source, say })
  const isTold = !quiet && !isLive({ quiet, verbose })
  return {
    session,
    jobs: args.jobs,
    wait: args.wait !== false,
    lockTimeoutMs: lockTimeoutMs(args),
    keepGoing: args.keepGoing === true,
    force: mode === 'always',
    report: (event) => {
      if (isTold) story(event)
      held.report(event)
    },
    signal: held.signal,
  }
}

function lockOptions(request: Request): LockOptions {
  const { args, startedAt, say } = request
  return {
    wait: args.wait !== false,
    timeoutMs: lockTimeoutMs(args),
    quiet: args.quiet === true,
    verbose: args.verbose === true,
    color: args.color ?? 'auto',
    since: startedAt.getTime(),
    say,
    // Without a failure it only waited for a lock: that was no repair.
    onThrown: (one, verdict) => {
      if (verdict.failure) recorded(request, one, verdict)
    },
  }
}

function lockTimeoutMs({ lockTimeout }: Request['args']): number | undefined {
  return lockTimeout === undefined ? undefined : lockTimeout * 1000
}
