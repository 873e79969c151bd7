// timeout: 300
// The published schemas: real answers of the program fit them, and what is not such an answer does not.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import * as assert from 'uvu/assert'

import { COMMANDS } from '../../src/flags.ts'
import { debianProgram } from '../support/debian.ts'
import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'

const schemas = suite('published schemas')
const folder = join(import.meta.dirname, '../../docs/schemas')
// The events are lines of a stream: events.test.ts.
const names = fs
  .readdirSync(folder)
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'events')

const shelf = newFolder()
const own = join(shelf, 'own')
const repaired = join(shelf, 'repaired')
const seen = new Set<string>()
let url: string

schemas.before(async () => {
  fs.mkdirSync(join(own, 'text'), { recursive: true })
  fs.writeFileSync(join(own, 'text/a.txt'), 'one\n')
  fs.writeFileSync(
    join(own, 'bitnet.tasks.ts'),
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const copy = task('copy', () => ({
  inputs: ['text/*.txt'], outputs: ['out.txt'], run: sh\`cat text/*.txt > out.txt\`,
}))
const fails = task('fails', () => ({ needs: [copy()], run: sh\`echo no such file; exit 3\` }))
export default defineGraph({ tasks: [copy, fails], pools: { one: 1 } })
`,
  )
  url = fixtureRepo(join(shelf, 'llama.cpp')).url
  fs.mkdirSync(repaired)
})
schemas.after(() => removeFolder(shelf))

interface Schema {
  readonly required: readonly string[]
  /** Why an answer does not fit; undefined when it does. */
  readonly refusal: (answer: unknown) => string | undefined
}

function schemaOf(name: string): Schema {
  const text = fs.readFileSync(join(folder, `${name}.json`), 'utf8')
  const { required } = JSON.parse(text) as { required: readonly string[] }
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
  const validate: ValidateFunction = ajv.compile(JSON.parse(text))
  const refusal = (answer: unknown): string | undefined => {
    const isFitting: boolean = validate(answer)
    return isFitting ? undefined : JSON.stringify(validate.errors)
  }
  return { required, refusal }
}

// What was printed is one document, it fits, and it fits no more with a field too many or one too few.
function fits(name: string, { stdout, stderr }: Ended): Record<string, unknown> {
  seen.add(name)
  const { required, refusal } = schemaOf(name)
  const answer = JSON.parse(stdout) as Record<string, unknown>
  assert.is(refusal(answer), undefined, `${name}: ${refusal(answer)}\n${stdout}\n${stderr}`)
  assert.ok(refusal({ ...answer, another: 1 }), `${name} takes any field`)
  for (const field of required) {
    const { [field]: _, ...less } = answer
    assert.ok(refusal(less), `${name} does without '${field}'`)
  }
  return answer
}

function inOwn(...args: readonly string[]): Promise<Ended> {
  return bitnetTasks(args, { home: shelf, cwd: own })
}

function preflight(home: string, ...more: readonly string[]): Promise<Ended> {
  const args = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0', '--json', ...more]
  return bitnetTasks(args, { home, env: { LLAMA_CPP_REPO: url } })
}

schemas('a graph of the user: every question and every run', async () => {
  fits('nodes', await inOwn('plan', '--json'))
  fits('list', await inOwn('list', '--json'))
  fits('graph', await inOwn('graph', '--json'))
  const run = fits('run', await inOwn('run', '--json'))
  assert.is(run['ok'], false)
  fits('run', await inOwn('run', 'copy', '--json'))
  fits('nodes', await inOwn('status', '--json'))
  fits('nodes', await inOwn('explain', 'fails', '--json'))
  fits('dry-run', await inOwn('run', '--dry-run', '--json'))
  fits('what-if', await inOwn('what-if', 'text/a.txt', '--json'))
  fits('affected', await inOwn('affected', 'text/a.txt', '--json'))
  fits('query', await inOwn('query', 'deps', 'fails', '--json'))
  const { runs } = fits('runs', await inOwn('runs', '--json')) as { runs: readonly unknown[] }
  assert.ok(runs.length > 0)
  fits('report', await inOwn('report', '--json'))
  fits('timings', await inOwn('timings', '--json'))
  fits('explain-run', await inOwn('explain', 'fails', '--run', 'last', '--json'))
  for (const action of ['stats', 'verify', 'gc', 'clean'])
    fits('cache', await inOwn('cache', action, '--json'))
  debianProgram('strace')
  fits('lint', await inOwn('lint', 'copy', '--json'))
  fits('lint', await inOwn('lint', 'copy', '--twice', '--json'))
  fits('clean', await inOwn('clean', '--json'))
})

schemas(
  'AC-243 AC-244 AC-247 preflight: repaired with its details, found, missing, failed, and not run',
  async () => {
    const missing = fits('preflight', await preflight(repaired, '--repair=never'))
    assert.equal((missing['backends'] as [{ source: null }])[0].source, null)
    fits('preflight', await preflight(repaired, '--dry-run'))
    const done = fits('preflight', await preflight(repaired))
    const [status] = done['backends'] as [Record<string, unknown>]
    assert.is(status['source'], 'Repaired')
    const details = status['repair'] as Record<string, readonly string[]> & { duration: number }
    assert.is(details.duration, status['seconds'])
    const base = (paths: readonly string[] = []): readonly string[] =>
      paths.map((path) => path.split('/').at(-1) as string)
    assert.equal(base(details['setupLogs']), [
      'fetch-source_llama.1.log',
      'cmake-configure_llama_cpu.1.log',
      'cmake-build_llama_cpu.1.log',
    ])
    assert.equal(base(details['rebuildLogs']), ['rebuild-tool_llama_cpu.1.log'])
    assert.ok(base(details['librariesFound']).includes('libllama.so'))
    for (const path of [...(details['setupLogs'] ?? []), ...(details['librariesFound'] ?? [])])
      assert.ok(fs.existsSync(path), path)
    const plain = ['preflight', '--backend', 'llama', '--json']
    const found = fits('preflight', await bitnetTasks(plain, { home: repaired }))
    assert.is((found['backends'] as [{ source: string }])[0].source, 'PreExisting')
    const broken = fixtureRepo(join(shelf, 'broken'), { broken: 'compile' }).url
    const env = { LLAMA_CPP_REPO: broken }
    const args = [...plain, '--ref', 'v0.5.0']
    const failed = fits('preflight', await bitnetTasks(args, { home: repaired, env }))
    const { failure } = (failed['backends'] as [{ failure: Record<string, unknown> }])[0]
    assert.is(failure['class'], 'build')
    assert.ok((failure['remedy'] as readonly string[]).length > 0)
  },
)

schemas(
  'what the machine has, what was done on it, and what a log says',
  inHome(async (home) => {
    copyHome(repaired, home)
    const at = { home }
    fits('doctor', await bitnetTasks(['doctor', '--json'], at))
    fits('env', await bitnetTasks(['env', '--emit', 'json'], at))
    fits('verify', await bitnetTasks(['verify', '--json'], at))
    fits('exit-codes', await bitnetTasks(['help', 'exit-codes', '--json'], at))
    const { entries } = fits('history', await bitnetTasks(['history', '--json'], at))
    assert.ok((entries as readonly unknown[]).length >= 2)
    fs.writeFileSync(join(home, 'a.log'), 'fatal: early EOF\n')
    fits('diagnose', await bitnetTasks(['diagnose', 'a.log', '--json'], at))
    fits('init', await bitnetTasks(['init', '--json'], at))
  }),
)

// These answer with no document: a log, a shell, the commands of one node, a stream of events without end.
const NO_DOCUMENT = ['logs', 'shell', 'repro', 'watch']

schemas('every schema was met by a real answer, and every command with --json has one', () => {
  assert.equal([...seen].sort(), names.sort())
  const texts = names.map((name) => fs.readFileSync(join(folder, `${name}.json`), 'utf8'))
  for (const { name, flags } of COMMANDS) {
    if (!flags.some(({ long }) => long === 'json') || NO_DOCUMENT.includes(name)) continue
    const isNamed = new RegExp(`"title": "bitnet-tasks [^"]*\\b${name}\\b`)
    assert.ok(
      texts.some((text) => isNamed.test(text)),
      `no schema is for '${name}'`,
    )
  }
})

schemas.run()
