// Which tests there are, and which lines of the acceptance list each says that it proves.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'

import { findTests } from '../runner/find.ts'

export interface TestTitle {
  /** From the top of the project, with slashes. */
  readonly file: string
  readonly title: string
}

const projectRoot = join(import.meta.dirname, '../../..')
const program = join(import.meta.dirname, 'list-tests.ts')

/** Loads every test file in a child process, which runs none, and returns all titles by file. */
export async function listTests(): Promise<readonly TestTitle[]> {
  const files = findTests(join(projectRoot, 'test'), 1).map(({ path }) => path)
  // Some files make a folder when they are loaded; their hooks, which would remove it, do not run.
  const scratch = mkdtempSync(join(tmpdir(), 'list-tests-'))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...files.sort()], {
      env: { ...process.env, TMPDIR: scratch },
      maxBuffer: 2 ** 26,
    })
    return stdout.trimEnd().split('\n').flatMap(fromLine)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The numbers in a title: 96 and 97 of `AC-096 AC-097 every argument arrives`. */
export function numbersIn(title: string): readonly number[] {
  return [...title.matchAll(/\bAC-(\d+)\b/g)].map(([, digits]) => Number(digits))
}

function fromLine(line: string): readonly TestTitle[] {
  const { file, titles } = JSON.parse(line) as { file: string; titles: readonly string[] }
  const name = relative(projectRoot, file).split(sep).join('/')
  return titles.map((title) => ({ file: name, title }))
}
