// One run of the graph for all backends that are open, then one rebuild of the consumer tool for them.
import { existsSync } from 'node:fs'

import { BACKUP, type StageWord, stageLine } from '../report/words/steps.ts'
import { type Candidate, lookAgain } from './candidate.ts'
import { rebuildTool, toolFailed } from './consumer-tool.ts'
import { rollBack, stagedAt } from './install.ts'
import { recorded } from './record-repair.ts'
import { build, failureOf, runNodes, stageBuilt } from './repair.ts'
import type { RepairContext } from './repair-context.ts'
import type { Request } from './request.ts'
import type { Verdict } from './verdict.ts'
import * as verdicts from './verdict.ts'

export interface Built {
  readonly failed: readonly Verdict[]
  readonly staged: readonly Candidate[]
  /** What is live is what the graph makes. */
  readonly current: readonly Candidate[]
}

/** Builds the candidates and stages what is new. */
export async function buildAll(
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

function tellStage({ say, startedAt }: Request, stage: StageWord, message: string): void {
  say(stageLine(Date.now() - startedAt.getTime(), stage, message))
}

/** What `buildAll` makes of no candidate. */
export const NOTHING: Built = { failed: [], staged: [], current: [] }

/** One rebuild of xtask serves all backends. When it fails nothing that was staged becomes live. */
export async function toolAfter(
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

/** The verdicts on those for which nothing was to be made, after a look at what is live. */
export async function unchanged(
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
