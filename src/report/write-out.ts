// A file that somebody has named for an answer of ours.
import { writeFileSync } from 'node:fs'

import { GraphError } from '../../graph/index.ts'
import { print } from './print.ts'

/**
 * Writes an answer into the file, or to stdout for `-`.
 *
 * @throws GraphError 'bad-file' when it cannot be written
 */
export function writeOut(file: string, text: string): void {
  if (file === '-') return print(text)
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw cannotWrite(file, error)
  }
}

/** What is said when a system call has refused to write the file. */
export function cannotWrite(file: string, error: unknown): GraphError {
  const { code } = error as NodeJS.ErrnoException
  return new GraphError(`cannot write '${file}': ${code}`, {
    code: 'bad-file',
    place: file,
    hint: 'give a path in a folder that is there and that you may write to, or - for stdout',
  })
}
