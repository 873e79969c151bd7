// The verdict on what a repair has staged: it becomes live, or it goes.
import { existsSync } from 'node:fs'

import { BACKUP, installed, stageLine, succeeded } from '../report/words/steps.ts'
import { openRepair } from '../session.ts'
import { type Candidate, lookAgain } from './candidate.ts'
import { rebuildWithout } from './consumer-tool.ts'
import { type Staged, stagedAt } from './install.ts'
import { recorded } from './record-repair.ts'
import { type Judged, judge } from './repair.ts'
import { contextOf, lockOptions, type RepairContext } from './repair-context.ts'
import type { Request } from './request.ts'
import { toolOf } from './tool-name.ts'
import { underLocks } from './under-locks.ts'
import type { Verdict } from './verdict.ts'
import * as verdicts from './verdict.ts'

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

/** The verdict on one that is staged, under its lock; told and recorded. */
export async function judged(
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
