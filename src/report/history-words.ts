// One repair of the history as a line.
import type { HistoryEntry } from '../preflight/history.ts'
import { clean } from './text.ts'
import { utc } from './verdict-words.ts'

/** `2026-11-02 14:03:22 UTC  llama cpu    auto    repaired in 97.3s  v0.5.0` */
export function historyLine(entry: HistoryEntry): string {
  const { at, backend, device, mode, outcome, seconds } = entry
  const parts = [
    utc(at),
    `${backend} ${device}`.padEnd(11),
    mode.padEnd(6),
    `${outcome} in ${seconds.toFixed(1)}s`,
    entry.exitCode === 0 ? (entry.source?.['ref'] ?? '') : why(entry),
  ]
  return `${clean(parts.join('  ').trimEnd())}\n`
}

function why({ exitCode, class: failureClass, cause }: HistoryEntry): string {
  const kind = failureClass === null ? '' : `${failureClass}: `
  return `exit ${exitCode}  ${kind}${cause ?? ''}`
}
