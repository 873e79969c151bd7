// Looks at the nodes of a run, and seals what was found fresh: the next run looks only at those of which
// something has changed since, at those that ran, and at what stands on them.

import type { Host } from './host.ts'
import { type Looked, look } from './look.ts'
import type { Node } from './node.ts'
import type { CheckedSeal } from './seal.ts'
import { amend } from './seal-amendment.ts'
import { ALL, isAsSealed, SEAL_NAME, type Seal, sealBytes } from './seal-file.ts'
import { mergedSeal } from './seal-merge.ts'
import { SealNotes } from './seal-notes.ts'
import type { Memory } from './state.ts'
import { toolNames } from './tool-names.ts'

export interface SealOptions {
  /** All that decides the answer and is no file: graph file, targets, version of the engine. */
  readonly key: string
  /** Absolute paths of the files that the graph was evaluated from. */
  readonly sources: readonly string[]
  /** When these were read, or a moment earlier: milliseconds since 1970. The start of the run unless said. */
  readonly readMs?: number
  /** What the seal of the last run still says, checked a moment ago. */
  readonly checked?: CheckedSeal | undefined
}

// What was seen so long ago counts as seen in the same look.
export const AT_ONCE_MS = 500

export class LookRecorder {
  readonly host: Host
  private readonly options: SealOptions
  private readonly wanted: readonly Node[]
  private readonly notes: SealNotes
  private readonly fresh = new Set<number>()
  private old: Seal | undefined
  private standing: readonly Node[] = []

  constructor(real: Host, wanted: readonly Node[], options: SealOptions) {
    this.notes = new SealNotes(real)
    this.host = this.notes.host
    this.wanted = wanted
    this.options = options
  }

  /** The nodes that the last seal vouches for, when it was made after that journal, and all they need. */
  vouched(journal: string): readonly Node[] {
    const { checked, key } = this.options
    const isOurs =
      checked?.seal.header.key === key &&
      checked.journal === journal &&
      this.host.clock.now() - checked.at < AT_ONCE_MS &&
      this.isOfThisGraph(checked.seal)
    if (!isOurs) return []
    const doubtful = new Set<Node>()
    for (const node of this.wanted) {
      const edges = [...node.needs, ...node.after]
      if (checked.doubtful.has(node.index) || edges.some((edge) => doubtful.has(edge)))
        doubtful.add(node)
    }
    this.old = checked.seal
    this.standing = this.wanted.filter((node) => !doubtful.has(node))
    return this.standing
  }

  // The graph was evaluated after the check: what a place in it means is as it was if its sources are.
  private isOfThisGraph(seal: Seal): boolean {
    const { paths } = seal.header
    return this.options.sources.every((path) => {
      const place = paths.indexOf(path)
      return place >= 0 && isAsSealed(seal, place, this.host.disk.stat(path))
    })
  }

  look(node: Node, memory: Memory, resultOf: (need: Node) => string): Looked {
    const { notes } = this
    const { world } = memory
    // Looked at once for all nodes that call it.
    notes.askedFor(ALL, () => {
      for (const name of toolNames(node)) if (!name.includes('/')) world.tool(name, node)
    })
    const looked = notes.askedFor(node.index, () => look(node, memory, resultOf))
    if (looked.reasons.length === 0) this.fresh.add(node.index)
    return looked
  }

  /** Another run came between: nothing that was seen so far counts. */
  forget(): void {
    this.notes.forgetAll()
    this.fresh.clear()
    this.old = undefined
    this.standing = []
  }

  /**
   * Writes down what was found fresh, unless there is little that could be said. `journal`: identity of the
   * one gone by. `hasRun`: nodes have run since they were looked at.
   */
  seal(stateFolder: string, journal: string, hasRun: boolean): void {
    const { old, host, wanted } = this
    try {
      if (old === undefined || !hasRun) return this.sealAll(stateFolder, journal)
      const closed = new Set([...this.standing.map(({ index }) => index), ...this.fresh])
      // Found fresh since, and the seal does not know by what; or by what moved meanwhile.
      const unknown = [...(this.options.checked?.open ?? []), ...this.notes.unsettled]
      for (const node of unknown) closed.delete(node)
      const open = openOf(wanted, closed)
      if (open !== undefined) amend(stateFolder, old, { journal, open }, host.disk)
    } catch {
      // A read-only state folder: the next look takes the long way again.
    }
  }

  private sealAll(stateFolder: string, journal: string): void {
    const { notes, options, wanted, host } = this
    const { key, sources, readMs = notes.startedMs } = options
    notes.askedFor(ALL, () => {
      for (const path of sources) host.disk.stat(path)
    })
    const standing = this.standing.map(({ index }) => index)
    const made = mergedSeal({ old: this.old, standing, notes, fresh: this.fresh, sinceMs: readMs })
    const open = made && openOf(wanted, made.closed)
    if (made === undefined || open === undefined) return
    const { clock } = host
    const about = {
      key,
      boot: clock.bootId(),
      at: clock.now(),
      journal,
      count: wanted.length,
      open,
    }
    const bytes = sealBytes({ ...about, ...made.named }, made.entries)
    host.disk.writeWhole(`${stateFolder}/${SEAL_NAME}`, bytes)
  }
}

// Undefined when so many are open that it is quicker to look at all.
function openOf(wanted: readonly Node[], closed: ReadonlySet<number>): number[] | undefined {
  const open = wanted.map(({ index }) => index).filter((index) => !closed.has(index))
  return open.length * 2 > wanted.length ? undefined : open
}
