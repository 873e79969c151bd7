// In GitHub Actions: each failure as an annotation, and the run as a step summary.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
import { appendFileSync } from 'node:fs'

import type { RunEvent, RunSummary } from '../../graph/index.ts'
import { relevantLines } from '../../tasks/failure.ts'
import { firstCause } from './cause.ts'
import { eprint } from './eprint.ts'
import { countsText } from './summary-text.ts'
import { clean } from './text.ts'
import type { Reporter } from './view.ts'

// As many of the log as an annotation shows without a click.
const LINES = 8

/** Tells GitHub beside what `reporter` tells. */
export function withGithub(reporter: Reporter, summaryFile: string | undefined): Reporter {
  return {
    report: (event) => {
      reporter.report(event)
      const line = annotation(event)
      if (line !== undefined) eprint(`${line}\n`)
      if (event.type === 'done' && summaryFile) append(summaryFile, stepSummary(event.summary))
    },
    close: reporter.close,
  }
}

/** `::error title=…::…` for a node that failed; undefined for everything else. */
export function annotation(event: RunEvent): string | undefined {
  if (event.type !== 'finished' || event.failure === undefined) return undefined
  const cause = firstCause(event.failure)
  const told = relevantLines(event.failure.tail, LINES).map(clean)
  const text = [cause, ...told.filter((line) => line !== cause)].join('\n').trimEnd()
  return `::error title=${property(event.node)}::${data(text)}`
}

/** Markdown: the counts, and a row for each failure. */
export function stepSummary(summary: RunSummary): string {
  const rows = summary.failures.map(
    ({ node, failure }) => `| \`${cell(node)}\` | ${cell(firstCause(failure))} |\n`,
  )
  const table = rows.length === 0 ? '' : `\n| failed | why |\n| --- | --- |\n${rows.join('')}`
  return `### bitnet-tasks: ${summary.ok ? 'ok' : 'not ok'}\n\n${countsText(summary)}${table}\n`
}

function cell(text: string): string {
  return clean(text).replace(/[|<>&`]/g, (char) => `&#${char.charCodeAt(0)};`)
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(clean(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text)
  } catch {
    // A summary that cannot be written fails no build.
  }
}
