// A node is fresh when its record still describes it. This file decides that, and says why not.
import { ABSENT, type Part, type PartKind, parseParts } from './fingerprint.ts'
import type { NodeRecord, Trouble } from './history.ts'
import type { NodeName } from './node.ts'
import type { FileState } from './snapshot.ts'

/** Why a node is stale. `name`, `old` and `new` are as they stand in the key. */
export type Reason =
  | { readonly kind: 'no-record' }
  | { readonly kind: 'forced' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failed-before'; readonly detail: string; readonly log: string }
  | Changed<'command-changed' | 'contract-changed' | 'cwd-changed' | 'output-spec-changed'>
  | Changed<'param-changed' | 'set-changed' | 'env-changed' | 'tool-changed' | 'fact-changed'>
  | Changed<'input-changed' | 'input-added' | 'input-removed' | 'discovered-changed'>
  | Changed<'need-changed' | 'need-added' | 'need-removed' | 'format-changed'>
  | Changed<'output-missing' | 'output-changed' | 'output-added'>
  /** A need will run first; whether this node runs depends on what the need produces. */
  | { readonly kind: 'need-will-run'; readonly name: NodeName }
  /** It cannot be told: an input is not there and nothing will make it. */
  | { readonly kind: 'input-missing'; readonly name: string; readonly detail: string }

interface Changed<K extends string> {
  readonly kind: K
  readonly name: string
  readonly old: string
  readonly new: string
}

/** What the machine shows of a node now. */
export interface Seen {
  readonly parts: string
  /** State of each recorded output, in the record's order. */
  readonly outputs: readonly (FileState | undefined)[]
  /** Files that match its output globs and are in no record. */
  readonly unknownOutputs: readonly string[]
}

/** The reasons why a node is stale; empty means fresh. Pure. */
export function decide(
  record: NodeRecord | undefined,
  trouble: Trouble | undefined,
  seen: Seen,
): readonly Reason[] {
  if (record === undefined) return [withoutRecord(trouble)]
  const reasons: Reason[] = []
  if (record.parts !== seen.parts) reasons.push(...changedParts(record.parts, seen.parts))
  record.outputs.forEach(([name, old], i) => {
    const state = seen.outputs[i]
    if (state === old) return
    const kind = state === undefined ? 'output-missing' : 'output-changed'
    reasons.push({ kind, name, old, new: state ?? ABSENT })
  })
  for (const name of seen.unknownOutputs)
    reasons.push({ kind: 'output-added', name, old: ABSENT, new: '' })
  return reasons
}

export function withoutRecord(trouble: Trouble | undefined): Reason {
  if (trouble === undefined) return { kind: 'no-record' }
  if (trouble.what === 'interrupted') return { kind: 'interrupted' }
  return { kind: 'failed-before', detail: trouble.detail, log: trouble.log }
}

/** What differs between two keys, in the order of the key. */
export function changedParts(oldText: string, newText: string): readonly Reason[] {
  const before = parseParts(oldText)
  const after = parseParts(newText)
  const reasons: Reason[] = []
  for (const [key, part] of after) {
    const old = before.get(key)
    if (old?.value !== part.value) reasons.push(changed(part, old?.value, part.value))
  }
  for (const [key, part] of before)
    if (!after.has(key)) reasons.push(changed(part, part.value, undefined))
  return reasons
}

function changed(part: Part, old: string | undefined, now: string | undefined): Reason {
  const both = { name: part.name, old: old ?? ABSENT, new: now ?? ABSENT }
  const hasSets: readonly PartKind[] = ['input', 'need']
  if (hasSets.includes(part.kind) && (old === undefined || now === undefined)) {
    const kind = part.kind as 'input' | 'need'
    return { kind: old === undefined ? `${kind}-added` : `${kind}-removed`, ...both }
  }
  return { kind: `${part.kind}-changed`, ...both } as Reason
}
