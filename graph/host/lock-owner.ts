// Who holds a lock: the record that every holder leaves in it, and whether that process still lives.
import { hostname } from 'node:os'

import type { LockOwner } from '../host.ts'
import { bootId, readSmallFile, startOf } from './kernel-lock.ts'

export interface OwnerRecord extends LockOwner {
  readonly bootId: string
  /** Process ids are used again; with the time of its start one is unique for a boot. */
  readonly started: string
}

/** The record of this process. */
export function describeSelf(purpose: string, mark: string): OwnerRecord {
  const { pid } = process
  const words = purpose.replace(/\p{C}/gu, ' ').slice(0, 500)
  const machine = { host: hostname(), bootId: bootId() }
  const times = { since: new Date().toISOString(), started: startOf(pid) ?? '' }
  return { pid, ...machine, ...times, purpose: words, mark }
}

/** The record in a file; undefined when there is none that is whole. */
export function readOwner(path: string): OwnerRecord | undefined {
  return parseOwner(readSmallFile(path))
}

/** Whatever is there may be cut off, or planted: what is not wholly as we write it is nothing. */
export function parseOwner(text: string | undefined): OwnerRecord | undefined {
  try {
    const { pid, host, bootId, since, started, purpose, mark } = JSON.parse(text ?? '')
    const texts = [host, bootId, since, started, purpose, mark]
    const isRight = Number.isInteger(pid) && pid > 0 && pid < 2 ** 31 && texts.every(isPrintable)
    return isRight && mark ? { pid, host, bootId, since, started, purpose, mark } : undefined
  } catch {
    return undefined
  }
}

function isPrintable(value: unknown): boolean {
  return typeof value === 'string' && value.length < 1000 && !/\p{C}/u.test(value)
}

/** Without /proc there is no boot id, and the name of the machine decides alone. */
export function whereabouts(owner: OwnerRecord | undefined): 'alive' | 'dead' | 'unknown' {
  if (owner?.host !== hostname() || owner.bootId !== bootId()) return 'unknown'
  return startOf(owner.pid) === owner.started ? 'alive' : 'dead'
}

/** What is told of a holder, without what tells whether it lives. */
export function ownerOf({ pid, host, since, purpose, mark }: LockOwner): LockOwner {
  return { pid, host, since, purpose, mark }
}
