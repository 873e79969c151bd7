// Where a module of JavaScript does not parse. V8 tells that to nobody but its own printer; of a module from which
// types are taken Node says it.
import { readFileSync } from 'node:fs'

/** `FILE:LINE` of the first source that is no JavaScript; undefined for another error. */
export function syntaxPlace(error: unknown, sources: readonly string[]): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined
  for (const source of sources) {
    const line = /\.m?js$/.test(source) ? badLine(source) : undefined
    if (line !== undefined) return `${source}:${line}`
  }
  return undefined
}

// Another Node prints it: `[stdin]:3`, the line, and an arrow below it.
function badLine(source: string): string | undefined {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { NODE_OPTIONS: _, ...env } = process.env
  const checked = spawnSync(process.execPath, ['--input-type=module', '--check'], {
    input: readFileSync(source),
    env,
    encoding: 'utf8',
  })
  return /^\[stdin\]:(\d+)$/m.exec(checked.stderr ?? '')?.[1]
}
