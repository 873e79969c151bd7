// The acceptance list and what is noted by hand beside it: docs/acceptance/lines.json, notes.json.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Line {
  readonly number: number
  /** The specification it comes from. */
  readonly origin: string
  readonly text: string
}

export interface Section {
  readonly letter: string
  readonly title: string
  readonly lines: readonly Line[]
}

/** What was settled where the specifications are silent or disagree: V.1, V.2 and so on. */
export interface Decision {
  readonly number: number
  readonly text: string
}

/** What a person notes of a line. `state` is missing where tests prove the line and more is to be said. */
export interface Note {
  readonly state?: 'decided' | 'measured' | 'reviewed' | 'open'
  /** The decision that wins over the line. */
  readonly decision?: number
  readonly why: string
}

/** Notes by the number of their line. */
export type Notes = Readonly<Record<string, Note>>

const folder = join(import.meta.dirname, '../../../docs/acceptance')

export function readLines(): {
  readonly sections: readonly Section[]
  readonly decisions: readonly Decision[]
} {
  return JSON.parse(readFileSync(join(folder, 'lines.json'), 'utf8'))
}

export function readNotes(): Notes {
  return JSON.parse(readFileSync(join(folder, 'notes.json'), 'utf8'))
}
