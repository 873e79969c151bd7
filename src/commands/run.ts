// run NODE...: bring nodes and all they need up to date.
import { type RunSummary, runGraph } from '../../graph/index.ts'
import { relevantLines } from '../../tasks/failure.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import { judgeFailure } from '../preflight/repair.ts'
import { chooseReporter } from '../report/reporter.ts'
import { clean } from '../report/text.ts'
import { type GraphChoices, openSession } from '../session.ts'
import { dieBy, interruptible } from '../signals.ts'
import { dryRun } from './dry-run.ts'

export interface RunArgs extends GraphChoices {
  readonly force?: boolean
  readonly keepGoing?: boolean
  readonly dryRun?: boolean
  readonly wait?: boolean
  readonly lockTimeout?: number
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly json?: boolean
}

export async function run(targets: readonly string[], args: RunArgs): Promise<number> {
  const session = await openSession(args)
  if (args.dryRun) {
    process.stdout.write(await dryRun(session, targets))
    return EXIT.available
  }
  const since = Date.now()
  const reporter = await chooseReporter({
    quiet: args.quiet === true,
    verbose: args.verbose === true,
    since,
  })
  const interruption = interruptible(session.host)
  let summary: RunSummary
  try {
    summary = await runGraph(session, {
      targets,
      force: args.force === true,
      keepGoing: args.keepGoing === true,
      report: reporter.report,
      follow: !args.quiet,
      signal: interruption.signal,
      wait: args.wait !== false,
      onFailure: (node, failure, attempt) => judgeFailure(node.task, failure, attempt),
      ...(args.jobs === undefined ? {} : { jobs: args.jobs }),
      ...(args.lockTimeout === undefined ? {} : { lockTimeoutMs: args.lockTimeout * 1000 }),
    })
  } finally {
    await reporter.close()
    interruption.release()
  }
  const signal = interruption.caught()
  if (signal !== undefined) dieBy(signal)
  if (args.json) process.stdout.write(`${JSON.stringify({ version: 1, ...summary }, null, 2)}\n`)
  else if (!args.quiet) process.stderr.write(counted(summary))
  for (const failure of summary.failures) process.stderr.write(failureText(failure))
  if (summary.ok) return EXIT.available
  return exitOfClass(summary.failures[0]?.failure.class ?? 'unknown')
}

function counted({ outcomes, ms }: RunSummary): string {
  const parts = Object.entries(outcomes).filter(([, count]) => count > 0)
  return `${parts.map(([outcome, count]) => `${count} ${outcome}`).join(', ')} in ${(ms / 1000).toFixed(2)}s\n`
}

function failureText({ node, failure }: RunSummary['failures'][number]): string {
  const lines = relevantLines(failure.tail, 12).map((line) => `  ${clean(line)}`)
  const log = failure.log ? [`  full log: ${failure.log}`] : []
  const hint = failure.hint ? [`  hint: ${failure.hint}`] : []
  return `${[`${node}: ${clean(failure.message)}`, ...lines, ...log, ...hint].join('\n')}\n`
}
