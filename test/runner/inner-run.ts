// The real runner in a process of its own, on test files that a test has just written.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const support = join(import.meta.dirname, '../support')
const main = join(support, 'runner/main.ts')
const head = `import { suite } from '${pathToFileURL(join(support, 'suite.ts'))}'
import * as assert from '${import.meta.resolve('uvu/assert')}'
const it = suite('it')
`

export interface InnerRun {
  readonly code: number | null
  readonly text: string
  readonly last: string
}

/** The body has `suite`, `assert` and the suite `it` in scope; it begins on line 4. */
export function write(dir: string, name: string, body: string, firstLine = ''): void {
  writeFileSync(join(dir, `${name}.test.ts`), `${firstLine}${head}${body}\n`)
}

export function run(dir: string, ...args: string[]): InnerRun {
  return runWith({}, dir, ...args)
}

export function runWith(shell: NodeJS.ProcessEnv, dir: string, ...args: string[]): InnerRun {
  const child = spawnSync(process.execPath, [main, '--dir', dir, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...shell },
  })
  // Node may warn on stderr; the last line is that of stdout.
  const text = child.stderr + child.stdout
  return { code: child.status, text, last: text.trimEnd().split('\n').at(-1) ?? '' }
}
