// run NODE...: bring nodes and all they need up to date.
import { writeSync } from 'node:fs'

import { EXIT } from '../exit-code.ts'
import { graphFileOf, sealedCount } from '../sealed.ts'
import type { RunArgs } from './run-graph.ts'

export async function run(targets: readonly string[], args: RunArgs): Promise<number> {
  const file = graphFileOf(args)
  const hasWords = args.words !== undefined && args.words.length > 0
  const isWhole = !hasWords && !args.only && args.from === undefined && args.until === undefined
  const isPlain =
    isWhole && !args.trace && !args.force && !args.dryRun && !args.json && !args.verbose
  const count = file && isPlain ? sealedCount(file, targets) : undefined
  if (count === undefined) return (await import('./run-graph.ts')).runNodes(file, targets, args)
  if (!args.quiet) writeSync(2, `${count} fresh\n`)
  return EXIT.available
}
