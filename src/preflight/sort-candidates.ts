// Which of the candidates are to be built: some are there by now, some cannot be, and of some only
// the consumer tool does not know.
import { type Candidate, isInstalled, isThere, lookAgain } from './candidate.ts'
import { detect } from './detect.ts'
import { givenIn } from './given.ts'
import { refuseUnwritable, type Staged, stagedAt } from './install.ts'
import { judged } from './judge-staged.ts'
import { recorded } from './record-repair.ts'
import type { RepairContext } from './repair-context.ts'
import { choosesSource, type Request } from './request.ts'
import type { Verdict } from './verdict.ts'
import * as verdicts from './verdict.ts'

export interface Sorted {
  /** Nothing is to be built for these. */
  readonly settled: readonly Verdict[]
  readonly open: readonly Candidate[]
  /** Installed, and the xtask of the checkout does not know it. */
  readonly behind: readonly Candidate[]
}

/** Looks at each candidate once more, now under its lock, and finishes what a crash has left. */
export async function sorted(
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

// What a repair for the same device has left to be judged.
function stagedFor({ live, backend, device }: Candidate): Staged | undefined {
  const staged = stagedAt(live)
  const found = staged && detect(backend.name, staged.folder)
  return found?.state === 'available' && found.manifest.device === device ? staged : undefined
}
