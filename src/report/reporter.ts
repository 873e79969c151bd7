// Chooses the view of a run: live on a terminal, lines elsewhere, nothing when asked to be quiet.
import type { Reporter, ReportOptions } from './view.ts'

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
