// history: the repairs of this machine and what became of each.
import { historyFile, readHistory } from '../preflight/history.ts'
import { eprint } from '../report/eprint.ts'
import { historyLine } from '../report/history-words.ts'
import { print } from '../report/print.ts'
import { jsonDocument } from '../report/text.ts'

/** Prints the newest `last` repairs, or all, oldest first. */
export function history(args: { readonly last?: number; readonly json?: boolean }): number {
  const all = readHistory()
  const entries = args.last === undefined ? all : all.slice(-args.last)
  const log = historyFile(process.env)
  if (args.json) print(jsonDocument({ version: 1, log, entries }))
  else if (all.length === 0) eprint(`no repair has been logged in ${log}\n`)
  else for (const entry of entries) print(historyLine(entry))
  return 0
}
