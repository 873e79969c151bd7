// The last lines of a run: how many nodes became what, and each failure. A function of its last event, so
// that a past run says the same again, byte for byte.
import type { RunSummary } from '../../graph/index.ts'

/** How many nodes became what, and in how long. */
export function countsText({ outcomes, ms }: RunSummary): string {
  const parts = Object.entries(outcomes).filter(([, count]) => count > 0)
  if (parts.length === 0) return 'nothing to do: the graph has no nodes\n'
  const counts = parts.map(([outcome, count]) => `${count} ${outcome}`).join(', ')
  const isAllFresh = parts.every(([outcome]) => outcome === 'fresh')
  return isAllFresh ? `${counts}\n` : `${counts} in ${(ms / 1000).toFixed(2)}s\n`
}

/** All that a run says at its end. */
export async function summaryText(summary: RunSummary): Promise<string> {
  return countsText(summary) + (await failuresText(summary))
}

/** Its failures alone. What words them is loaded when there is one. */
export async function failuresText({ failures }: RunSummary): Promise<string> {
  if (failures.length === 0) return ''
  const { failureTexts } = await import('./failure-text.ts')
  return failureTexts(failures)
}
