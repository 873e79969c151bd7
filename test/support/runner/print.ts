// What a person reads of a run.
import type { Failure } from './failure.ts'
import type { Verdict } from './verdict.ts'

export function printed(verdict: Verdict): string {
  const { file, failures, output } = verdict
  const counts = [
    `${verdict.passed} passed`,
    ...(failures.length > 0 ? [`${failures.length} failed`] : []),
    ...(verdict.skipped > 0 ? [`${verdict.skipped} skipped`] : []),
  ]
  const mark = failures.length > 0 ? '✗' : '✓'
  const line = `${mark} ${file.name}  ${counts.join(', ')} (${duration(verdict.ms)})`
  if (failures.length === 0) return line
  const shown = output === '' ? [] : ['  output:', indented(output, '  | ')]
  return [line, ...failures.map(printedFailure), ...shown].join('\n')
}

function printedFailure({ title, message, diff, at }: Failure): string {
  const lines = [
    ...(title === '' ? [indented(message, '  ')] : [`  ${title}`, indented(message, '    ')]),
    ...(diff === undefined ? [] : [indented(diff, '    ')]),
    ...(at === undefined ? [] : [`    at ${at}`]),
  ]
  return lines.join('\n')
}

function indented(text: string, by: string): string {
  return text.replace(/\n+$/, '').replace(/^/gm, by)
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`
}
