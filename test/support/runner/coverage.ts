// How much of graph/ the tests ran. Node strips the types in place, so the .ts files are measured
// as they are, without source maps; what a grandchild ran of dist/ lies outside of graph/.
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const neededPercent = 95
const projectRoot = join(import.meta.dirname, '../../..')

export interface Coverage {
  readonly text: string
  readonly enough: boolean
}

export function readCoverage(dir: string): Coverage {
  const reports = join(dir, 'report')
  const arguments_ = [
    fileURLToPath(import.meta.resolve('c8/bin/c8.js')),
    'report',
    ...['--temp-directory', dir, '--reports-dir', reports],
    // --all: a file that no test loads counts as not covered.
    ...['--all', '--src', projectRoot, '--include', 'graph/**/*.ts', '--extension', '.ts'],
    ...typesOnly().flatMap((path) => ['--exclude', path]),
    ...['--exclude-after-remap=false', '--reporter', 'text', '--reporter', 'json-summary'],
  ]
  const c8 = spawnSync(process.execPath, arguments_, { cwd: projectRoot, encoding: 'utf8' })
  if (c8.status !== 0) return { text: `c8 failed:\n${c8.stdout}${c8.stderr}`, enough: false }
  const summary = JSON.parse(readFileSync(join(reports, 'coverage-summary.json'), 'utf8'))
  // 'Unknown' when there is no line at all: that is not enough either.
  const percent: number = Number(summary.total.lines.pct)
  const enough = percent >= neededPercent
  const line = `graph/ line coverage ${percent} % (needs ${neededPercent} %)`
  return { text: enough ? c8.stdout : `${c8.stdout}\n${line}`, enough }
}

// A file of interfaces is never loaded, and --all would count its every line as not covered.
// Biome formats it, so its first column is enough: a line that is not known here counts as code.
function typesOnly(): readonly string[] {
  return globSync('graph/**/*.ts', { cwd: projectRoot }).filter((path) =>
    readFileSync(join(projectRoot, path), 'utf8')
      .split(/\r?\n/)
      .every((line) => notCode.test(line)),
  )
}

const notCode = /^(?:\s|$|\/\/|\/\*|[})>|]|(?:import|export) type |(?:export )?(?:interface|type) )/
