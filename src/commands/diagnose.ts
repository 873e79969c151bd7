// diagnose: what a log says, of whatever tool: its class, its first cause, and what to do.
import * as fs from 'node:fs'
import { resolve } from 'node:path'

import { GraphError } from '../../graph/index.ts'
import { classify, relevantLines, type Stage } from '../../tasks/failure.ts'
import { EXIT } from '../exit-code.ts'
import { type Excerpt, logExcerpt } from '../log-excerpt.ts'
import { thisMachine } from '../preflight/packages.ts'
import { type Diagnosis, diagnosisText } from '../report/diagnosis-words.ts'
import { eprint } from '../report/eprint.ts'
import { print } from '../report/print.ts'
import { clean, jsonDocument } from '../report/text.ts'
import { stepLine } from '../report/words/block.ts'
import { remedy } from '../report/words/remedy.ts'

interface Args {
  readonly folder: string
  readonly stage?: Stage
  readonly exitCode?: number
  readonly json?: boolean
}

/** Prints what became of whatever wrote the log. 0 whenever something could be said, also 'unknown'. */
export function diagnose([file = '-']: readonly string[], args: Args): number {
  const { stage, exitCode } = args
  if (exitCode !== undefined && exitCode > 255)
    throw new GraphError(`--exit-code ${exitCode}: no process ends with it`, {
      code: 'bad-file',
      hint: 'a number from 1 to 255; 128 and the number of a signal that ended it',
    })
  const log = read(file, args.folder)
  const found = classify({
    text: log.text,
    ...(stage ? { stage } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  })
  const steps = remedy({
    cause: found.cause,
    firstCause: found.firstCause,
    machine: thisMachine(),
    ...(found.path === undefined ? {} : { path: found.path }),
  })
  const diagnosis: Diagnosis = {
    class: found.class,
    cause: clean(found.firstCause) || silence(log, exitCode),
    remedy: steps.map(stepLine),
    retry: found.retry,
  }
  print(
    args.json
      ? jsonDocument(diagnosis)
      : diagnosisText(diagnosis, found.cause, relevantLines(log.text, 12).map(clean), steps),
  )
  return EXIT.available
}

function silence({ bytes }: Excerpt, exitCode: number | undefined): string {
  const what = bytes === 0 ? 'the log is empty' : 'the log holds only progress'
  return exitCode === undefined ? what : `${what}; exit code ${exitCode}`
}

function read(file: string, folder: string): Excerpt {
  const isStdin = file === '-'
  const path = resolve(folder, file)
  if (isStdin && process.stdin.isTTY) eprint('reading a log from the terminal; Ctrl-D ends it\n')
  const descriptor = isStdin ? 0 : open(file, path)
  try {
    const log = logExcerpt(descriptor)
    if (!log.isBinary) return log
    throw new GraphError(`${file}: is no log, but binary data`, {
      code: 'bad-file',
      place: path,
      hint: 'unpack it, or give what the tool printed: COMMAND 2>&1 | bitnet-tasks diagnose -',
    })
  } finally {
    if (!isStdin) fs.closeSync(descriptor)
  }
}

function open(file: string, path: string): number {
  const stat = fs.statSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() || stat?.isFIFO() || stat?.isCharacterDevice()) return fs.openSync(path, 'r')
  const what = stat === undefined ? 'there is no such file' : 'is no file'
  throw new GraphError(`${file}: ${what}`, {
    code: 'bad-file',
    place: path,
    hint: 'give a log, or - to read it from stdin',
  })
}
