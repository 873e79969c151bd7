// A failure that would come again: all that decides it is in the key, and the key is the same. It is
// answered with its log instead of being made again.
import { editedOutput } from './commit.ts'
import { digestText } from './digest.ts'
import type { NodeFailure } from './event.ts'
import { partsText } from './fingerprint.ts'
import type { FailedUnder } from './history.ts'
import type { Node } from './node.ts'
import { isRefusal, TAIL_BYTES } from './node-failure.ts'
import { WriteMarks } from './rewritten.ts'
import type { Memory } from './state.ts'

/**
 * Under which key a command has just failed. Undefined when something beside the key may have decided it:
 * how it ended, inputs that moved, inputs that only a good run discovers, a folder that the node keeps.
 */
export function keyOfFailure(
  node: Node,
  failure: NodeFailure,
  { before, marks }: { readonly before: string; readonly marks: WriteMarks },
  { memory, resultOf }: { memory: Memory; resultOf: (need: Node) => string },
): string | undefined {
  const { kind, spec } = node
  const isOfKey = spec.depfile === undefined && (spec.clean ?? true) === true && !spec.always
  if (kind !== 'task' || !isOfKey) return undefined
  if (!isOwnVerdict(failure)) return undefined
  memory.world.doubtTools()
  const now = new WriteMarks()
  const after = partsText(node, memory.world, { resultOf, discovered: [], marks: now })
  const isSame = after === before && editedOutput(node, memory) === undefined
  const stoodStill = isSame && now.rewrittenSince(marks).length === 0
  return stoodStill ? digestText(before) : undefined
}

/** What a run of the node would come to, when it failed under the key that it has now. */
export function failedBefore(
  node: Node,
  memory: Memory,
  resultOf: (need: Node) => string,
): NodeFailure | undefined {
  const { journal, world } = memory
  const trouble = journal.history.troubles.get(node.name)
  if (trouble?.under === undefined || node.spec.always) return undefined
  const { detail: message, log, at, under } = trouble
  try {
    const now = digestText(partsText(node, world, { resultOf, discovered: [] }))
    if (now !== under.key) return undefined
    const tail = log === '' ? '' : world.host.disk.readTail(log, TAIL_BYTES)
    const { key: _, ...more } = under
    return { message, tail, log, before: at, ...more }
  } catch (error) {
    if (isRefusal(error)) return undefined
    throw error
  }
}

/** What is remembered of such a failure, beside its message and its log. */
export function failedUnder(key: string, { how, exitCode, class: kind }: NodeFailure): FailedUnder {
  return {
    key,
    how: how === 'contract' ? how : 'command',
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(kind === undefined ? {} : { class: kind }),
  }
}

// A command or contract that ended by itself and said no. 126 and 127 are the shell's, for a program that
// is not there or may not be started; from 128 on somebody ended it.
function isOwnVerdict({ how, exitCode }: NodeFailure): boolean {
  const isAnswer = how === 'command' || how === 'contract'
  return isAnswer && exitCode !== undefined && exitCode < 126
}
