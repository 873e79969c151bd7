// Chooses the view of a run: live on a terminal, lines elsewhere, nothing when asked to be quiet.
import type { RunEvent } from '../../graph/index.ts'

export interface Reporter {
  readonly report: (event: RunEvent) => void
  /** Brings the terminal back; resolves when the last row is drawn. */
  readonly close: () => Promise<void>
}

export interface ReportOptions {
  readonly quiet?: boolean
  readonly verbose?: boolean
  /** Milliseconds since 1970: elapsed times are counted from here. */
  readonly since: number
  /** A word in front of a node's lines: `REPAIR`. */
  readonly stageOf?: (node: string) => string
}

export async function chooseReporter(options: ReportOptions): Promise<Reporter> {
  if (options.quiet) return { report: () => {}, close: async () => {} }
  const { stderr, env } = process
  const isLive = stderr.isTTY && !options.verbose && !env['CI'] && env['TERM'] !== 'dumb'
  if (isLive) {
    const { liveReporter } = await import('./live.ts')
    return liveReporter()
  }
  const { lineReporter } = await import('./lines.ts')
  return lineReporter(options)
}
