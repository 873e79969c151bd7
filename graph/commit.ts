// After the commands: the outputs are there, the inputs stood still, and the record says so.
import { dirname, resolve } from 'node:path'

import { digestText } from './digest.ts'
import { discover } from './discover.ts'
import { type Done, failed } from './done.ts'
import type { ActionOptions } from './execute.ts'
import { isMinus, isPattern } from './file-names.ts'
import { movedInputs, PART_END, partsText } from './fingerprint.ts'
import { lastOutputs, type NodeRecord, type Trouble } from './history.ts'
import type { DigestedFile } from './host.ts'
import { foundBy, type Globbed } from './leftovers.ts'
import { outputFiles, stateOrOdd } from './look.ts'
import type { Node } from './node.ts'
import { depfileMissing, isRefusal, outputMissing } from './node-failure.ts'
import { WriteMarks } from './rewritten.ts'
import { type FileState, isTooYoung } from './snapshot.ts'
import type { Memory } from './state.ts'
import { isStored, store } from './store.ts'
import type { World } from './world.ts'

// An fsync takes some 3 ms a file. It is done where that is small beside the work that it saves after a
// power loss; the outputs of other nodes are digested again then, which is soon done.
const FLUSH_MS = 3
const WORTH_FLUSHING = 20

// So many small files are kept in memory until they are stored.
const MANY = 256

/** What was noted while the commands ran. */
export interface Ran {
  /** What there was before they began, or why there was nothing. */
  readonly record: NodeRecord | undefined
  readonly trouble: Trouble | undefined
  /** The key before they began. */
  readonly before: string
  /** When the inputs had been written, before they began. */
  readonly marks: WriteMarks
  /** What its output globs matched before they began. */
  readonly others: Globbed
  /** The inputs that were discovered last time. */
  readonly known: readonly string[]
  readonly startMs: number
  /** The commands had ended by then. */
  readonly endMs: number
  /** What a probe printed. */
  readonly answer: string | undefined
  readonly ms: number
  readonly log: string
}

/** Looks at what a node made and, if nothing it read moved meanwhile, records it. */
export function commit(node: Node, options: ActionOptions, run: Ran): Done {
  const { session, memory } = options
  const { world, journal } = memory
  const paths = run.answer === undefined ? outputFiles(node, memory) : []
  const outputs: [string, FileState][] = []
  const read = new Map<string, DigestedFile>()
  for (const path of paths) {
    const state = world.output(world.path(path), (file) => {
      if (file.content && read.size < MANY) read.set(path, file)
    })
    if (state === undefined)
      return failed(node, outputMissing(path, run.log, session.host.disk), memory, run.ms)
    outputs.push([path, state])
  }
  for (const pattern of (node.spec.outputs ?? []).filter(isPattern))
    if (!isMinus(pattern) && world.glob([pattern], world.folder).length === 0)
      return failed(node, outputMissing(pattern, run.log, session.host.disk), memory, run.ms)
  const { depfile } = node.spec
  if (depfile !== undefined && session.host.disk.stat(world.path(depfile)) === undefined)
    return failed(node, depfileMissing(depfile, run.log, session.host.disk), memory, run.ms)
  const { resultOf } = options
  world.doubtTools()
  const marks = new WriteMarks()
  const after = partsText(node, world, { resultOf, discovered: run.known, marks })
  const discovered = discover(node, memory)
  const moved = new Set(discovered.filter((name) => isNewlyWritten(name, run, world)))
  const parts = depfile ? partsText(node, world, { resultOf, discovered, moved }) : after
  const result = produced(node, outputs, { text: run.answer ?? parts, world })
  const { names, how } = movedBetween(node, run, { after, marks }, memory)
  const [movedInput] = names
  const wroteInput = names.some((name) => !isLater(name, run.endMs, world))
  const detail = movedInput === undefined ? whyUnrecorded(options) : how(movedInput)
  const found = foundBy(node, run.others, memory)
  if (detail !== undefined) {
    const at = session.host.clock.now()
    journal.fail(node.name, { what: 'unrecorded', detail, log: run.log, at })
    journal.noteOutputs(node.name, outputs, found)
    return { how: 'done', result, ms: run.ms, movedInput, wroteInput }
  }
  const durable = run.ms >= WORTH_FLUSHING * FLUSH_MS * (outputs.length + 1)
  if (durable) session.host.disk.flush(outputs.map(([path]) => world.path(path)))
  const record: NodeRecord = {
    fingerprint: digestText(parts),
    result,
    ms: run.ms,
    at: session.host.clock.now(),
    durable,
    parts,
    outputs,
    discovered,
    found,
    boot: session.host.clock.bootId(),
  }
  journal.commit(node.name, record)
  if (options.cache && moved.size === 0 && found.length === 0 && isStored(node))
    store(node, record, { cache: options.cache, world, resultOf, read })
  return { how: 'done', result, ms: run.ms, movedInput: [...moved][0], wroteInput: false }
}

// A probe is what it printed. What has no commands stands for all that it names, which is its key.
function produced(
  node: Node,
  outputs: NodeRecord['outputs'],
  { text, world }: { readonly text: string; readonly world: World },
): string {
  const isTask = node.kind === 'task' && node.commands.length > 0
  return isTask ? resultOfOutputs(outputs, world) : digestText(text)
}

// The next run does it again: with inputs that stand still, and with what is declared alone.
function whyUnrecorded({ strictEnv }: ActionOptions): string | undefined {
  return strictEnv ? undefined : 'it saw the whole environment, which is in no key'
}

/**
 * What a task produced: the digest of its outputs. A link that leads out of them counts by what lies there too,
 * since that is what others read through it. `textOf`: what a link holds that does not lie on the disk yet.
 */
export function resultOfOutputs(
  outputs: NodeRecord['outputs'],
  world: World,
  textOf = (path: string): string | undefined => world.host.disk.readLink(world.path(path)),
): string {
  let inside: ReadonlySet<string> | undefined
  const line = ([path, state]: NodeRecord['outputs'][number]): string => {
    const text = state.startsWith('l') ? textOf(path) : undefined
    const target = text && resolve(dirname(world.path(path)), text)
    if (target) inside ??= withFolders(outputs, world)
    const isOutside = target && !inside?.has(target)
    return `${path}\t${state}${isOutside ? `\t${behindLink(target, world)}` : ''}`
  }
  return digestText(outputs.map(line).join('\n'))
}

// Of a folder, and of what nobody may read, no more counts than that it is there.
function behindLink(target: string, world: World): string {
  try {
    return world.input(target) ?? 'absent'
  } catch (error) {
    if (isRefusal(error)) return 'no-file'
    throw error
  }
}

// Absolute paths of the outputs, and of all folders above them.
function withFolders(outputs: NodeRecord['outputs'], world: World): ReadonlySet<string> {
  const all = new Set<string>()
  for (const [path] of outputs)
    for (let at = world.path(path); !all.has(at); at = dirname(at)) all.add(at)
  return all
}

/**
 * An output of a need that is not as that made it. A need counts by its result: the commands would have
 * read the edit, and the need's next run would bring the result back and leave this node fresh.
 */
export function editedOutput(node: Node, { journal, world }: Memory): string | undefined {
  for (const need of node.needs)
    for (const [path, state] of lastOutputs(journal.history, need.name))
      if (stateOrOdd(() => world.output(world.path(path))) !== state) return path
  return undefined
}

// Discovered for the first time and written since the commands began, or in the tick in which they
// did: whether they read it before or after cannot be told. It is known from now on, and the next
// run compares.
function isNewlyWritten(name: string, run: Pick<Ran, 'known' | 'startMs'>, world: World): boolean {
  if (run.known.includes(name)) return false
  const stat = world.host.disk.stat(world.path(name))
  return stat !== undefined && isTooYoung(stat, run.startMs)
}

interface Moved {
  readonly names: readonly string[]
  readonly how: (name: string) => string
}

function movedBetween(
  node: Node,
  run: Ran,
  now: { readonly after: string; readonly marks: WriteMarks },
  memory: Memory,
): Moved {
  if (run.before !== now.after) return { names: differences(run.before, now.after), how: edited }
  const output = editedOutput(node, memory)
  if (output !== undefined) return { names: [output], how: edited }
  const names = now.marks.rewrittenSince(run.marks)
  return { names: names.some((name) => wroteBefore(name, run)) ? [] : names, how: rewritten }
}

// It went so with the same file the last time: the commands write that themselves, and what they write stays.
function wroteBefore(name: string, { trouble, record }: Ran): boolean {
  if (trouble?.detail === rewritten(name)) return true
  return record !== undefined && movedInputs(record).includes(name)
}

function edited(name: string): string {
  return `the input '${name}' changed while it ran`
}

function rewritten(name: string): string {
  return `the input '${name}' was written while it ran, and holds what it held`
}

function differences(before: string, after: string): readonly string[] {
  if (before === after) return []
  const [old, now] = [before.split(PART_END), after.split(PART_END)]
  const [had, has] = [new Set(old), new Set(now)]
  const rows = [...now.filter((part) => !had.has(part)), ...old.filter((part) => !has.has(part))]
  return rows.map((row) => row.split('\t')[1] ?? '')
}

function isLater(name: string, endMs: number, world: World): boolean {
  const stat = world.host.disk.stat(world.path(name))
  return stat !== undefined && stat.ctimeMs > endMs
}
