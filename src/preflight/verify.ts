// --verify: what is installed is tried out, also where every size and time is as it was.
import { openRepair } from '../session.ts'
import { dieBy, interruptible } from '../signals.ts'
import { type Candidate, isThere } from './candidate.ts'
import type { Request } from './request.ts'
import { tryOut } from './try-out.ts'
import { revalidateXtask } from './xtask.ts'

/** The same candidates; one that is there and does not work counts as damaged. */
export async function verified(
  { args, say }: Request,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const session = await openRepair(args)
  const interruption = interruptible(session.host)
  const found: Candidate[] = []
  try {
    for (const one of candidates) {
      if (!isThere(one)) {
        found.push(one)
        continue
      }
      const why = await tryOut(session, one.live, interruption.signal)
      const because = why ?? (await toolTrouble(one))
      if (because === undefined) say(`[preflight] ${one.backend.title}: every library loads`)
      found.push(because === undefined ? one : broken(one, because))
    }
  } finally {
    interruption.release()
  }
  const signal = interruption.caught()
  if (signal !== undefined) dieBy(signal)
  return found

  function toolTrouble({ workspace }: Candidate): Promise<string | undefined> {
    if (workspace === undefined) return Promise.resolve(undefined)
    return revalidateXtask(session, workspace, interruption.signal)
  }
}

function broken(one: Candidate, why: string): Candidate {
  const detail = `what is installed does not work: ${why}`
  return {
    ...one,
    isBroken: true,
    found: { state: 'missing', folder: one.live, why: 'damaged', detail },
  }
}
