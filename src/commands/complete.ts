// The names of nodes for completion where none are kept that can be believed: quick.ts has answered all else.
import { existsSync } from 'node:fs'

import { completion, fittingLines } from '../completion.ts'
import { namesOf } from '../node-names.ts'
import { print } from '../report/print.ts'
import { graphFileOf, stateFolderOf } from '../sealed.ts'

/** Prints the candidates for the last of the words, one a line. */
export async function complete(words: readonly string[]): Promise<number> {
  try {
    const found = completion(words)
    const all = found.of === 'nodes' ? await nodeNames(found.choices) : found.all
    print(fittingLines(all, found.last))
  } catch {
    // A graph file that does not load has no names to offer.
  }
  return 0
}

async function nodeNames(choices: { folder: string; file?: string }): Promise<readonly string[]> {
  const file = graphFileOf(choices)
  // Where something ran, the names can be kept for the next time, and all of the graph with them.
  if (file !== undefined && !existsSync(stateFolderOf(file))) {
    const { declaredNamesIn } = await import('../declared-names.ts')
    return declaredNamesIn(file)
  }
  const { openSession } = await import('../session.ts')
  return namesOf((await openSession(choices)).graph)
}
