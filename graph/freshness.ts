// A node is fresh when its record still describes it. This file decides that, and says why not.
import { changedParts } from './difference.ts'
import { ABSENT } from './fingerprint.ts'
import type { NodeRecord, Trouble } from './history.ts'
import type { Reason } from './reason.ts'
import type { FileState } from './snapshot.ts'

/** What the machine shows of a node now. */
export interface Seen {
  readonly parts: string
  /** State of each recorded output, in the record's order. */
  readonly outputs: readonly (FileState | undefined)[]
  /** Files that match its output globs and are in no record. */
  readonly unknownOutputs: readonly string[]
  /** It declares that it runs each time. */
  readonly isAlways: boolean
}

const UNTOLD: Reason = { kind: 'output-spec-changed', name: '', old: '', new: '' }

/** The reasons why a node is stale; empty means fresh. Pure. */
export function decide(
  record: NodeRecord | undefined,
  trouble: Trouble | undefined,
  seen: Seen,
): readonly Reason[] {
  if (record === undefined) return [withoutRecord(trouble)]
  const reasons: Reason[] = []
  if (record.parts !== seen.parts) {
    const changed = changedParts(record.parts, seen.parts)
    // What there are no words for is a change all the same.
    reasons.push(...(changed.length > 0 ? changed : [UNTOLD]))
  }
  record.outputs.forEach(([name, old], i) => {
    const state = seen.outputs[i]
    if (state === old) return
    const kind = state === undefined ? 'output-missing' : 'output-changed'
    reasons.push({ kind, name, old, new: state ?? ABSENT })
  })
  for (const name of seen.unknownOutputs)
    reasons.push({ kind: 'output-added', name, old: ABSENT, new: '' })
  if (seen.isAlways && reasons.length === 0) reasons.push({ kind: 'always' })
  return reasons
}

export function withoutRecord(trouble: Trouble | undefined): Reason {
  if (trouble === undefined) return { kind: 'no-record' }
  if (trouble.what === 'interrupted') return { kind: 'interrupted' }
  const { what, detail, log } = trouble
  return { kind: what === 'failed' ? 'failed-before' : what, detail, log }
}
