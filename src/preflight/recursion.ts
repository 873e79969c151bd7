// What a repair is told that was started from inside a repair.
import { join } from 'node:path'

import { type LockOwner, machine } from '../../graph/index.ts'
import { BACKENDS } from '../../tasks/backends.ts'
import { EXIT } from '../exit-code.ts'
import { lockPath, repairFolder } from '../folders.ts'
import { recursionDetected } from '../report/words/recursion.ts'
import type { Candidate } from './candidate.ts'
import { unavailable, type Verdict } from './verdict.ts'

/** The verdict on a backend whose repair was asked for from inside a repair. */
export async function recursion(one: Candidate): Promise<Verdict> {
  const text = recursionDetected(one.backend, await holderOfAny())
  return unavailable(one, EXIT.recursion, text, 'Repair already in progress (recursion detected)')
}

// Any of them: the repair of one backend may have started the call for another.
async function holderOfAny(): Promise<LockOwner | undefined> {
  const { env } = process
  const paths = Object.values(BACKENDS).map((backend) => lockPath(backend, env))
  const { locks } = machine(env)
  const asked = [...paths, join(repairFolder(env), 'state', 'lock')].map(locks.holder)
  return (await Promise.all(asked)).find(Boolean)
}
