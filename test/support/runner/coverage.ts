// How many lines the tests ran. Node strips the types in place, so the .ts files are measured as they
// are, without source maps. `engine`: graph/ by its own tests, in every run. `all`: src/ and tasks/ as
// well, in every process that any test starts (test/support/covered/); that takes an hour.
import { spawnSync } from 'node:child_process'
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export type Scope = 'engine' | 'all'

const NEEDED_PERCENT = { engine: 95, all: 90 }
const FOLDERS = { engine: ['graph'], all: ['graph', 'src', 'tasks'] }
const projectRoot = join(import.meta.dirname, '../../..')

export interface Coverage {
  readonly text: string
  readonly enough: boolean
}

/** What the files in `dir`, which Node wrote, come to. */
export function readCoverage(dir: string, scope: Scope): Coverage {
  const reports = join(dir, 'report')
  const include = FOLDERS[scope].flatMap((folder) => ['--include', `${folder}/**/*.ts`])
  const arguments_ = [
    fileURLToPath(import.meta.resolve('c8/bin/c8.js')),
    'report',
    ...['--temp-directory', dir, '--reports-dir', reports],
    // One report after the other: together they would not fit into memory.
    ...(scope === 'all' ? ['--merge-async'] : []),
    // --all: a file that no test loads counts as not covered.
    ...['--all', '--src', projectRoot, ...include, '--extension', '.ts'],
    ...typesOnly(scope).flatMap((path) => ['--exclude', path]),
    ...['--exclude-after-remap=false', '--reporter', 'text', '--reporter', 'json-summary'],
  ]
  const c8 = spawnSync(process.execPath, arguments_, {
    cwd: projectRoot,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (c8.status !== 0) return { text: `c8 failed:\n${c8.stdout}${c8.stderr}`, enough: false }
  const summary: Summary = JSON.parse(readFileSync(join(reports, 'coverage-summary.json'), 'utf8'))
  const judged = FOLDERS[scope].map((folder) => judge(folder, summary, NEEDED_PERCENT[scope]))
  const enough = judged.every((folder) => folder.enough)
  const folders = enough && scope === 'engine' ? [] : judged.map(({ text }) => text)
  return { text: [c8.stdout, ...folders].join('\n'), enough }
}

type Summary = Readonly<Record<string, { readonly lines: { total: number; covered: number } }>>

function judge(folder: string, summary: Summary, needed: number): Coverage {
  const files = Object.entries(summary)
    .filter(([path]) => path.startsWith(join(projectRoot, folder, '/')))
    .map(([path, { lines }]) => ({ path: path.slice(projectRoot.length + 1), ...lines }))
  const percent = percentOf({
    total: files.reduce((sum, file) => sum + file.total, 0),
    covered: files.reduce((sum, file) => sum + file.covered, 0),
  })
  // No line at all is not enough either.
  const enough = percent >= needed
  const low = files
    .filter((file) => percentOf(file) < needed)
    .map((file) => `  ${file.path} ${shown(percentOf(file))} %`)
  const line = `${folder}/ line coverage ${shown(percent)} % (needs ${needed} %)`
  return { text: [line, ...(needed === NEEDED_PERCENT.all ? low : [])].join('\n'), enough }
}

function percentOf({ total, covered }: { total: number; covered: number }): number {
  return total === 0 ? 0 : (100 * covered) / total
}

function shown(percent: number): number {
  return Number(percent.toFixed(1))
}

const pruned = new Set<string>()

/** Throws away what is not ours of the files that are new in `dir`: a thousand processes write gigabytes. */
export function pruneCoverage(dir: string): void {
  const ours = FOLDERS.all.map((folder) => pathToFileURL(join(projectRoot, folder)).href)
  for (const name of readdirSync(dir)) {
    if (!name.endsWith('.json') || pruned.has(name)) continue
    const path = join(dir, name)
    const report = parsed(readFileSync(path, 'utf8'))
    // A process that was killed while it wrote, or is still writing.
    if (report === undefined) continue
    pruned.add(name)
    const result = report.result.filter(({ url }) => ours.some((top) => url.startsWith(top)))
    writeFileSync(path, JSON.stringify({ result }))
  }
}

function parsed(text: string): { result: readonly { url: string }[] } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// A file of interfaces is never loaded, and --all would count its every line as not covered.
// Biome formats it, so its first column is enough: a line that is not known here counts as code.
function typesOnly(scope: Scope): readonly string[] {
  const files = FOLDERS[scope].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`, { cwd: projectRoot }),
  )
  return files.filter((path) =>
    readFileSync(join(projectRoot, path), 'utf8')
      .split(/\r?\n/)
      .every((line) => notCode.test(line)),
  )
}

const notCode = /^(?:\s|$|\/\/|\/\*|[})>|]|(?:import|export) type |(?:export )?(?:interface|type) )/
