// What every view of a run is: a function of the event stream.
import type { RunEvent } from '../../graph/index.ts'
import type { ColorChoice } from './terminal.ts'

export interface Reporter {
  readonly report: (event: RunEvent) => void
  /** Brings the terminal back; resolves when the last row is drawn. */
  readonly close: () => Promise<void>
}

export interface ReportOptions {
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color?: ColorChoice
  /** Milliseconds since 1970: elapsed times are counted from here. */
  readonly since: number
  /** What all of it is about; above the live view, and with a bar in the lines. */
  readonly title?: string
  /** A word in front of a node's lines: `REPAIR`. */
  readonly stageOf?: (node: string) => string
  /** Where lines go; stderr unless said. */
  readonly write?: (text: string) => void
}
