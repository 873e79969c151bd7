// The repair of the backends that are missing: one run of the graph for all of them, then a fresh process
// that judges what was made.
import { openRepair } from '../session.ts'
import { buildAll, NOTHING, toolAfter, unchanged } from './build-all.ts'
import type { Candidate } from './candidate.ts'
import { type HandedOver, handOver } from './hand-over.ts'
import { judgeStaged } from './judge-staged.ts'
import { contextOf, lockOptions } from './repair-context.ts'
import type { Request } from './request.ts'
import { sorted } from './sort-candidates.ts'
import { underLocks } from './under-locks.ts'
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
