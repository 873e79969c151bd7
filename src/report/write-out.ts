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

export interface Documents {
  readonly json?: boolean
  readonly events?: string
  readonly html?: string
  readonly trace?: string
}

/** Two documents that would come to stdout, one behind the other, as a message; undefined when all is well. */
export function stdoutProblem({ json, events, html, trace }: Documents): string | undefined {
  const files = Object.entries({ events, html, trace })
  const onStdout = files.filter(([, file]) => file !== undefined && STDOUT.test(file))
  const named = onStdout.map(([flag, file]) => `--${flag} ${file}`)
  const [first, second] = json ? [...named, '--json'] : named
  if (second === undefined) return undefined
  return `error: ${first} and ${second} would both print on stdout\n  hint: give one of them a file\n`
}

const STDOUT = /^(?:-|\/dev\/stdout|\/dev\/fd\/1)$/

/** What is said when a system call has refused to write the file. */
export function cannotWrite(file: string, error: unknown): GraphError {
  const { code } = error as NodeJS.ErrnoException
  return new GraphError(`cannot write '${file}': ${code}`, {
    code: 'bad-file',
    place: file,
    hint: 'give a path in a folder that is there and that you may write to, or - for stdout',
  })
}
