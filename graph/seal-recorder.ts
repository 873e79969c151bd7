// Seals an answer: all that was asked for it is noted, and all of it has to stand.
import type { Host } from './host.ts'
import { ALL, numbersOf, sealBytes } from './seal-file.ts'
import { SealNotes } from './seal-notes.ts'
import { isTooYoung } from './snapshot.ts'

export interface AnswerOptions {
  /** All that decides the answer and is no file. */
  readonly key: string
  /** Beside other seals of the same state. */
  readonly name: string
  /** Files that it stands on and that nobody asked the host for. */
  readonly files: readonly string[]
}

/**
 * Notes everything that is asked of a host, for a seal.
 *
 * @example const { host: noted } = new SealRecorder(host)
 */
export class SealRecorder {
  readonly host: Host
  private readonly notes: SealNotes

  constructor(real: Host) {
    this.notes = new SealNotes(real, ALL)
    this.host = this.notes.host
  }

  /** Writes the seal, unless something that was seen is too young for its identity to be trusted. */
  seal(stateFolder: string, { key, name, files }: AnswerOptions, answer: string): void {
    const { notes } = this
    const { disk, clock } = this.host
    for (const path of files) disk.stat(path)
    const stats = [...notes.stats]
    if (stats.some(([, { stat }]) => stat && isTooYoung(stat, notes.startedMs))) return
    const about = { key, boot: clock.bootId(), at: clock.now(), count: 0, open: [] }
    const entries = stats.map(([key, { stat, owners }]) => {
      return { key, numbers: numbersOf(stat), owners }
    })
    try {
      disk.writeWhole(
        `${stateFolder}/${name}`,
        sealBytes({ ...about, ...notes.named() }, entries, answer),
      )
    } catch {
      // A read-only state folder: the next look takes the long way again.
    }
  }
}
