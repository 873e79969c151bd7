// When a run of a user's graph may be answered by its seal: the answer then depends on files alone, so the
// graph must be a function of its source files and of nothing else.
import { readFileSync } from 'node:fs'

import type { SealOptions } from '../graph/index.ts'
import { ownFiles } from './package.ts'
import { sealKey } from './sealed.ts'

/** What a run needs to seal its look; undefined for a graph that may look at more than its sources. */
export function sealOptions(
  file: string,
  targets: readonly string[],
  { sources, readMs }: { readonly sources: readonly string[]; readonly readMs: number },
): SealOptions | undefined {
  if (!isFunctionOfSources(sources)) return undefined
  return { key: sealKey(file, targets), sources: [...sources, ...ownFiles()], readMs }
}

/** Whether a graph that was evaluated from these files would come out the same from the same files. */
export function isFunctionOfSources(sources: readonly string[]): boolean {
  return sources.length > 0 && sources.every(isPure)
}

// A mention is enough: a word in a comment costs only the shortcut, one missed would call stale fresh.
const LOOKS_ELSEWHERE =
  /\b(?:process|globalThis|global|Date|random|performance|fetch|require|eval|Function|import\s*\(|import\s*\.\s*meta|navigator|crypto|Temporal|Intl|toLocale\w*|localeCompare|node:|machine|recall|await)\b/

// There may be comments before the name.
const IMPORTED = /\b(?:from|import)(?:\s|\/\*[\s\S]*?\*\/|\/\/.*\n)*(['"])(.*?)\1/g

function isPure(path: string): boolean {
  const text = readFileSync(path, 'utf8')
  if (path.endsWith('.json')) return true
  if (LOOKS_ELSEWHERE.test(text) || /import\s*\(|import\s*\.\s*meta/.test(text)) return false
  const imported = [...text.matchAll(IMPORTED)].map((match) => match[2] as string)
  return imported.every(
    (name) => name === 'bitnet-tasks' || name.startsWith('./') || name.startsWith('../'),
  )
}
