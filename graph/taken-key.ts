// A node's key as it is before its commands run: what changes meanwhile is noticed against it.
import { partsText } from './fingerprint.ts'
import { knownDiscovered } from './look.ts'
import type { Node } from './node.ts'
import { WriteMarks } from './rewritten.ts'
import type { Memory } from './state.ts'

export interface TakenKey {
  readonly node: Node
  /** The moment before: milliseconds since 1970, as the clock of files has it. */
  readonly startMs: number
  /** When the inputs had been written. */
  readonly marks: WriteMarks
  /** The inputs that were discovered last time. */
  readonly known: readonly string[]
  readonly before: string
}

/** @throws GraphError when an input is missing or cannot be read */
export function takeKey(
  node: Node,
  { journal, world }: Memory,
  resultOf: (need: Node) => string,
): TakenKey {
  const known = knownDiscovered(node, journal.history)
  const startMs = world.host.clock.fileNow()
  const marks = new WriteMarks()
  const before = partsText(node, world, { resultOf, discovered: known, marks })
  return { node, startMs, marks, known, before }
}

// One that is older says less than a look does.
const YOUNG_MS = 50

/** Takes keys while others run, for whoever begins at once after that. */
export class KeysAhead {
  private readonly memory: Memory
  private readonly resultOf: (need: Node) => string
  private ahead: TakenKey | undefined

  constructor(memory: Memory, resultOf: (need: Node) => string) {
    this.memory = memory
    this.resultOf = resultOf
  }

  take(node: Node | undefined): void {
    if (node === undefined || this.ahead?.node === node) return
    try {
      this.ahead = takeKey(node, this.memory, this.resultOf)
    } catch {
      // Whatever keeps it from being read, the node itself meets and tells.
      this.ahead = undefined
    }
  }

  /** The key of a node that begins now. */
  of(node: Node): TakenKey {
    const { ahead, memory } = this
    this.ahead = undefined
    const isYoung =
      ahead?.node === node && memory.world.host.clock.fileNow() - ahead.startMs < YOUNG_MS
    return isYoung ? ahead : takeKey(node, memory, this.resultOf)
  }
}
