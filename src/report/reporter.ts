// Chooses the view of a run: live on a terminal, lines elsewhere, nothing when asked to be quiet.
import { styleOf } from './terminal.ts'
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
  const { stderr, env } = process
  const isLive = stderr.isTTY && !options.verbose && !env['CI'] && env['TERM'] !== 'dumb'
  if (isLive) {
    const { liveReporter } = await import('./live.ts')
    return liveReporter(options.since, styleOf(env, true, options.color))
  }
  const { lineReporter } = await import('./lines.ts')
  return lineReporter(options)
}
