// Every repair leaves one line in the history, whatever became of it.
import { EXIT } from '../exit-code.ts'
import { type Candidate, lookAgain } from './candidate.ts'
import { appendHistory, type Outcome } from './history.ts'
import type { Request } from './request.ts'
import type { Verdict } from './verdict.ts'

/**
 * Appends what became of one backend's repair, and hands the verdict on. `since` is ISO 8601: when the
 * repair began, where an earlier process began it.
 */
export function recorded(
  { args, mode, startedAt, say }: Request,
  candidate: Candidate,
  verdict: Verdict,
  since = startedAt.toISOString(),
): Verdict {
  const { backend, device } = candidate
  const { found } = lookAgain(candidate)
  const live = found.state === 'available' ? found.manifest : undefined
  const isInstalled = verdict.available && live !== undefined
  const trouble = appendHistory({
    at: new Date().toISOString(),
    backend: backend.name,
    device,
    mode,
    outcome: outcomeOf(verdict),
    exitCode: verdict.exitCode,
    class: verdict.failure?.class ?? null,
    cause: verdict.failure?.cause ?? null,
    seconds: (Date.now() - Date.parse(since)) / 1000,
    source: isInstalled ? live.source : { ref: args.ref ?? backend.pin.ref },
    generation: live?.generation ?? null,
  })
  if (trouble !== undefined) say(`[repair] The history could not be written: ${trouble}`)
  return verdict
}

function outcomeOf({ how, exitCode, failure }: Verdict): Outcome {
  if (how === 'auto-repaired') return 'repaired'
  if (how === 'cached') return 'unchanged'
  if (exitCode === EXIT.revalidation) return 'rejected'
  return failure === undefined ? 'interrupted' : 'failed'
}
