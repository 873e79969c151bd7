// The test files of a folder, with what their first lines ask of the runner:
// `// timeout: 600` (seconds) and `// alone` (nothing runs beside it).
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve, sep } from 'node:path'

export interface TestFile {
  readonly path: string
  /** As printed: begins with the name of the folder that was searched. */
  readonly name: string
  readonly timeoutMs: number
  readonly alone: boolean
}

export function findTests(dir: string, timeoutSeconds: number): readonly TestFile[] {
  const root = resolve(dir)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.test.ts') && !path.startsWith('fixtures/'))
    .map((path) => readTest(join(root, path), `${basename(root)}/${path}`, timeoutSeconds))
    .sort(slowestFirst)
}

function readTest(path: string, name: string, timeoutSeconds: number): TestFile {
  const head = readFileSync(path, 'utf8').split(/\r?\n/, 5)
  const asked = head.map((line) => /^\/\/ timeout: (\d+)$/.exec(line)?.[1]).find(Boolean)
  // It can only raise the limit: `--timeout 600` on a slow machine is meant for every file.
  const seconds = Math.max(timeoutSeconds, Number(asked ?? 0))
  return { path, name, timeoutMs: seconds * 1000, alone: head.includes('// alone') }
}

// A file that asks for much time is long; begun last, it would run by itself at the end.
function slowestFirst(a: TestFile, b: TestFile): number {
  return b.timeoutMs - a.timeoutMs || (a.name < b.name ? -1 : 1)
}
