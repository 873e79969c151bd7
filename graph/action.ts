// Runs one stale node, in this order: begin (forgets the old record) -> old outputs away -> commands ->
// contracts -> outputs exist -> inputs looked at again -> outputs digested -> commit.
// A kill at any point leaves a stale node, never a false fresh one.
import { commit } from './commit.ts'
import { type Done, failed } from './done.ts'
import { type ActionOptions, runCommands } from './execute.ts'
import { keyOfFailure } from './failed-before.ts'
import { partsText, toolNames } from './fingerprint.ts'
import { knownDiscovered } from './look.ts'
import type { Node } from './node.ts'
import { systemFailure, toolMissing } from './node-failure.ts'
import { logName, type Memory, type Session } from './state.ts'
import { isPattern, MISSING } from './world.ts'

/** The log of one attempt of a node. */
export function logPath(session: Session, node: Node, attempt: number): string {
  return `${session.stateFolder}/logs/${logName(node)}.${attempt}.log`
}

/** Runs a node once. Never rejects for what the node does; only for our own mistakes. */
export async function runAction(node: Node, options: ActionOptions): Promise<Done> {
  const { session, memory } = options
  const { journal } = memory
  const start = session.host.clock.now()
  const elapsed = (): number => session.host.clock.now() - start
  const log = logPath(session, node, options.attempt)
  journal.begin(node.name)
  try {
    prepare(node, session, memory, log)
    const missing = toolNames(node).find((name) => memory.world.tool(name) === MISSING)
    if (missing !== undefined) return failed(node, toolMissing(missing, log), memory, elapsed())
    // The key is taken before the commands run: what changes meanwhile is noticed against it.
    const known = knownDiscovered(node, journal.history)
    const startNs = session.host.clock.nowNs()
    const before = partsText(node, memory.world, { resultOf: options.resultOf, discovered: known })
    options.onKey?.(before)
    const ended = await runCommands(node, options, log)
    if (ended.how === 'cancelled') return { how: 'cancelled', ms: elapsed() }
    if (ended.how !== 'ok') {
      const key = keyOfFailure(node, ended.failure, before, options)
      const ms = elapsed()
      return {
        ...failed(node, ended.failure, memory, ms),
        ...(key === undefined ? {} : { key }),
        how: ended.how,
      }
    }
    const { answer } = ended
    return commit(node, options, { before, known, startNs, answer, ms: elapsed(), log })
  } catch (error) {
    const failure = systemFailure(error, log)
    if (failure === undefined) throw error
    return failed(node, failure, memory, elapsed())
  }
}

function prepare(node: Node, session: Session, memory: Memory, log: string): void {
  const { disk } = session.host
  disk.removeFile(log)
  // Only what this node is known to have made is removed: a wrong `outputs` deletes no source.
  if (node.spec.clean !== false)
    for (const [path] of memory.journal.history.lastOutputs.get(node.name) ?? [])
      disk.removeFile(memory.world.path(path))
  for (const path of node.spec.outputs ?? []) {
    const slash = path.lastIndexOf('/')
    if (!isPattern(path) && slash > 0) disk.makeFolder(memory.world.path(path.slice(0, slash)))
  }
}
