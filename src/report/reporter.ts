// Chooses the view of a run: live on a terminal, lines elsewhere, nothing when asked to be quiet.
import { isDumb, styleOf } from './terminal.ts'
import type { Reporter, ReportOptions } from './view.ts'

export async function chooseReporter(options: ReportOptions): Promise<Reporter> {
  const reporter = await viewOf(options)
  const { env } = process
  if (env['GITHUB_ACTIONS'] !== 'true') return reporter
  const { withGithub } = await import('./github.ts')
  return withGithub(reporter, env['GITHUB_STEP_SUMMARY'])
}

async function viewOf(options: ReportOptions): Promise<Reporter> {
  if (options.quiet) return { report: () => {}, close: async () => {} }
  if (isLive(options)) {
    const { liveReporter } = await import('./live.ts')
    return liveReporter(options, styleOf(process.env, true, options.color))
  }
  const { lineReporter } = await import('./lines.ts')
  return lineReporter(options)
}

/** Whether the view draws on a terminal: lines that are printed meanwhile would tear it. */
export function isLive({ quiet, verbose }: Pick<ReportOptions, 'quiet' | 'verbose'>): boolean {
  const { stderr, env } = process
  return !quiet && stderr.isTTY && !verbose && !env['CI'] && !isDumb(env)
}
