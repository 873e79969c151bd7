// What differs between two keys, as one reason for each change that somebody made: a file that got another
// name is one change, and so is another program as the first word of a command.
import { normalize } from 'node:path'

import { ABSENT, type Part, type PartKind, parseParts } from './fingerprint.ts'
import { taskOf } from './node.ts'
import type { Reason } from './reason.ts'

/** Part by part, what is there now before what has gone, in the order of the key. Pure. */
export function changedParts(oldText: string, newText: string): readonly Reason[] {
  const before = parseParts(oldText)
  const after = parseParts(newText)
  const changes: Change[] = []
  for (const [key, now] of after) {
    const old = before.get(key)
    if (old?.value !== now.value) changes.push({ old, now })
  }
  for (const [key, old] of before) if (!after.has(key)) changes.push({ old, now: undefined })
  return withoutFollowers(renamed(changes)).map(reasonOf)
}

/** At least one of them is there. */
interface Change {
  readonly old: Part | undefined
  readonly now: Part | undefined
}

const MAY_BE_RENAMED: readonly PartKind[] = ['input', 'param', 'output-spec', 'need']

// What went and what came in its place are one change.
function renamed(changes: readonly Change[]): readonly Change[] {
  const gone = changes.filter(({ old, now }) => now === undefined && mayBeRenamed(old))
  const known = new Set<Change>()
  const pairs = changes.map((change) => {
    if (change.old !== undefined || !mayBeRenamed(change.now)) return change
    const now = change.now as Part
    const from = gone.find(({ old }) => isInPlaceOf(now, old as Part))
    if (from === undefined) return change
    gone.splice(gone.indexOf(from), 1)
    known.add(from)
    return { old: from.old, now: change.now }
  })
  return pairs.filter((change) => !known.has(change))
}

function mayBeRenamed(part: Part | undefined): boolean {
  return part !== undefined && MAY_BE_RENAMED.includes(part.kind)
}

// With the same value; of a need another node of its task, whatever that makes.
function isInPlaceOf(now: Part, old: Part): boolean {
  if (now.kind !== old.kind) return false
  return now.kind === 'need' ? taskOf(now.name) === taskOf(old.name) : now.value === old.value
}

// Changes of which another one already tells.
function withoutFollowers(changes: readonly Change[]): readonly Change[] {
  const named = new Set<string>()
  const inputs = new Set<string>()
  for (const { old, now } of changes) {
    const kind = (now ?? old)?.kind
    const isCalling = kind === 'command' || kind === 'contract'
    if (isCalling) for (const part of [old, now]) if (part) named.add(programOf(part))
    if (kind === 'input' && now) inputs.add(now.name)
  }
  return changes.filter(({ old, now }) => {
    const { kind, name } = (now ?? old) as Part
    if (kind !== 'tool') return true
    // The command names another program, and both are tools for that alone.
    if (old === undefined || now === undefined) return !named.has(name)
    // A script of the folder that is declared as an input too.
    const isInput = name.includes('/') && inputs.has(normalize(name))
    return !isInput || calledBy(old.value) !== calledBy(now.value)
  })
}

// As `commandKey` writes it: `argv ["cc","-c"]`, `sh ["cc -c"]`.
function programOf({ value }: Part): string {
  if (!value.startsWith('argv ')) return 'sh'
  const [first] = JSON.parse(value.slice('argv '.length)) as unknown[]
  return typeof first === 'string' ? first : ''
}

// Behind path and own state of a program: what it calls.
function calledBy(identity: string): string {
  return identity.split(' ').slice(2).join(' ')
}

function reasonOf({ old, now }: Change): Reason {
  const { kind, name } = (now ?? old) as Part
  if (old !== undefined && now !== undefined && old.name !== now.name) {
    const names = { name, old: old.name, new: now.name }
    if (kind === 'output-spec') return { kind: 'output-spec-changed', ...names }
    if (kind === 'need') return { kind: 'need-replaced', ...names }
    return { kind: `${kind as 'input' | 'param'}-renamed`, ...names }
  }
  const both = { name, old: old?.value ?? ABSENT, new: now?.value ?? ABSENT }
  if ((kind === 'input' || kind === 'need') && (old === undefined || now === undefined))
    return { kind: old === undefined ? `${kind}-added` : `${kind}-removed`, ...both }
  return { kind: `${kind}-changed`, ...both } as Reason
}
