// A disk so full that not even a log could be written: whoever failed then has said nothing of it.
import { statfsSync } from 'node:fs'

import type { NodeFailure } from '../../graph/index.ts'

const NEARLY_NOTHING = 2 ** 20

/** The failure, with its cause where that is a full disk and what the node printed was lost. */
export function orFullDisk(failure: NodeFailure, folder: string): NodeFailure {
  if (failure.how !== 'command' || failure.tail.trim() !== '' || !isFull(folder)) return failure
  return { ...failure, errno: 'ENOSPC', message: `no space left on device, in '${folder}'` }
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize < NEARLY_NOTHING
  } catch {
    return false
  }
}
