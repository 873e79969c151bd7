// Runs one stale node, in this order: begin (forgets the old record) -> old outputs away -> commands ->
// contracts -> outputs exist -> inputs looked at again -> outputs digested -> commit.
// A kill at any point leaves a stale node, never a false fresh one.
import { commit } from './commit.ts'
import { type Done, failed } from './done.ts'
import { type ActionOptions, runCommands } from './execute.ts'
import { keyOfFailure } from './failed-before.ts'
import { isPattern } from './file-names.ts'
import { parseParts, partsText } from './fingerprint.ts'
import type { NodeRecord } from './history.ts'
import { type Globbed, globbed, noteLeftovers } from './leftovers.ts'
import { knownDiscovered } from './look.ts'
import type { Node } from './node.ts'
import { folderMissing, systemFailure, toolMissing } from './node-failure.ts'
import { removableOutputs } from './removable.ts'
import { WriteMarks } from './rewritten.ts'
import { logName, type Memory, type Session } from './state.ts'
import { toolNames } from './tool-names.ts'
import { MISSING } from './tools.ts'
import type { World } from './world.ts'

// The clock goes by milliseconds, and that of files lags behind it.
const CLOCK_STEP_MS = 1

/** The log of one attempt of a node. */
export function logPath(session: Session, node: Node, attempt: number): string {
  return `${session.stateFolder}/logs/${logName(node)}.${attempt}.log`
}

/** Runs a node once. Never rejects for what the node does; only for our own mistakes. */
export async function runAction(node: Node, options: ActionOptions): Promise<Done> {
  let others: Globbed | undefined
  const done = await carriedOut(node, options, (found) => {
    others = found
  })
  if (done.how !== 'done' && others !== undefined) noteLeftovers(node, others, options.memory)
  return done
}

// `onGlobbed` is told what the output globs match when the commands begin.
async function carriedOut(
  node: Node,
  options: ActionOptions,
  onGlobbed: (others: Globbed) => void,
): Promise<Done> {
  const { session, memory } = options
  const { journal } = memory
  const start = session.host.clock.now()
  const elapsed = (): number => session.host.clock.now() - start
  const log = logPath(session, node, options.attempt)
  // `begin` forgets it.
  const record = journal.history.records.get(node.name)
  const trouble = journal.history.troubles.get(node.name)
  journal.begin(node.name)
  try {
    session.host.disk.removeFile(log)
    if (isCleaned(node, record, memory.world)) removeOutputs(node, memory)
    makeFolders(node, memory.world)
    const cwd = missingFolder(node, memory.world)
    if (cwd !== undefined) return failed(node, folderMissing(cwd, log), memory, elapsed())
    const missing = toolNames(node).find((name) => memory.world.tool(name, node) === MISSING)
    if (missing !== undefined)
      return failed(node, toolMissing(missing, node, log), memory, elapsed())
    // The key is taken before the commands run: what changes meanwhile is noticed against it.
    const known = knownDiscovered(node, journal.history)
    const others = globbed(node, memory)
    onGlobbed(others)
    const startMs = session.host.clock.fileNow()
    const marks = new WriteMarks()
    const { resultOf } = options
    const before = partsText(node, memory.world, { resultOf, discovered: known, marks })
    options.onKey?.(before)
    const ended = await runCommands(node, options, log)
    if (ended.how === 'cancelled') return { how: 'cancelled', ms: elapsed() }
    if (ended.how !== 'ok') {
      const key = options.strictEnv
        ? keyOfFailure(node, ended.failure, { before, marks }, options)
        : undefined
      const ms = elapsed()
      return {
        ...failed(node, ended.failure, memory, ms),
        ...(key === undefined ? {} : { key }),
        how: ended.how,
      }
    }
    const { answer } = ended
    const endMs = ended.endMs ?? session.host.clock.fileNow() + CLOCK_STEP_MS
    const ran = {
      others,
      record,
      trouble,
      before,
      marks,
      known,
      startMs,
      endMs,
      answer,
      ms: elapsed(),
      log,
    }
    return commit(node, options, ran)
  } catch (error) {
    const failure = systemFailure(error, log)
    if (failure === undefined) throw error
    return failed(node, failure, memory, elapsed())
  }
}

function isCleaned(node: Node, record: NodeRecord | undefined, world: World): boolean {
  const { clean = true } = node.spec
  if (typeof clean === 'boolean') return clean
  if (record === undefined) return true
  const now = new Set(world.inputs(node).map(({ name }) => name))
  const before = [...parseParts(record.parts).values()].filter(({ kind }) => kind === 'input')
  return before.some(({ name }) => !now.has(name))
}

// Only what this node is known to have made is removed: a wrong `outputs` deletes no source.
function removeOutputs(node: Node, memory: Memory): void {
  const { world } = memory
  for (const path of removableOutputs(node, memory)) world.host.disk.removeFile(world.path(path))
}

function missingFolder({ spec }: Node, world: World): string | undefined {
  if (spec.cwd === undefined) return undefined
  const path = world.path(spec.cwd)
  return world.host.disk.stat(path)?.kind === 'folder' ? undefined : path
}

function makeFolders(node: Node, world: World): void {
  for (const path of node.spec.outputs ?? []) {
    const slash = path.lastIndexOf('/')
    if (!isPattern(path) && slash > 0) world.host.disk.makeFolder(world.path(path.slice(0, slash)))
  }
}
