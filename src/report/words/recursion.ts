// A repair that was started from inside a repair.
import type { LockOwner } from '../../../graph/index.ts'
import type { Backend } from '../../../tasks/backends.ts'
import { again, block, type Step } from './block.ts'

/** `holder`: whose repair is under way, if one is. */
export function recursionDetected(backend: Backend, holder: LockOwner | undefined): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (recursion)`,
    [
      'Repair already in progress (recursion detected): BITNET_REPAIR_IN_PROGRESS is set',
      holder
        ? `it is that of process ${holder.pid} on '${holder.host}', since ${holder.since}: ${holder.purpose}`
        : 'no process holds the lock of a repair: the variable is a left-over',
    ],
    holder ? underWay(backend) : leftOver(backend),
    'Exit code: 6 (recursion detected)',
  )
}

function underWay(backend: Backend): readonly Step[] {
  return [
    [
      'If that repair has started this call: take the call out of the build, it would wait for itself',
    ],
    ['If not: unset the variable, then it waits for its turn', UNSET, again(backend)],
  ]
}

function leftOver(backend: Backend): readonly Step[] {
  return [
    ['Unset the variable:', UNSET],
    ['Run again:', again(backend)],
  ]
}

const UNSET = 'unset BITNET_REPAIR_IN_PROGRESS'
