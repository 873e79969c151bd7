// timeout: 300
// `preflight … -- COMMAND`: the consumer tool runs it, with what is installed in its environment.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, inHome, newFolder, removeFolder } from './support/home.ts'
import { hookIn } from './support/hook.ts'
import { bitnetTasks, MEASURED, type RunOptions } from './support/program.ts'

const tool = suite('command of the tool')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
let repo: FixtureRepo

tool.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(repaired)
  const { code, stderr } = await bitnetTasks(FIXTURE, fromFixture(repaired))
  if (code !== 0) throw new Error(stderr)
})
tool.after(() => removeFolder(shelf))

const LLAMA = ['preflight', '--backend', 'llama']
const FIXTURE = [...LLAMA, '--ref', 'v0.5.0']

function fromFixture(home: string, options: Partial<RunOptions> = {}): RunOptions {
  return { ...options, home, env: { LLAMA_CPP_REPO: repo.url, ...options.env } }
}

const probe = (home: string): string => join(home, '.cache/llama_cpp/bin/bitnet-probe')

tool(
  'V.10 AC-121 from nothing: it repairs, a fresh process judges, and the command has stdout to itself',
  inHome(async (home) => {
    const { code, stdout, stderr } = await bitnetTasks(
      [...FIXTURE, '--', '--version'],
      fromFixture(home),
    )
    assert.is(code, 0, stderr)
    assert.match(stdout, /^bitnet-probe \d+\.\d+\.\d+\n$/)
    assert.match(
      stderr,
      '[reexec] args: ["preflight", "--backend", "llama", "--ref", "v0.5.0", "--", "--version"]\n',
    )
    assert.match(stderr, '✓ llama.cpp AVAILABLE (auto-repaired)\n')
  }),
)

tool(
  'V.10 what is there is not repaired; the exit code and the output are those of the command',
  inHome(async (home) => {
    copyHome(repaired, home)
    const good = await bitnetTasks([...LLAMA, '--quiet', '--'], { home })
    assert.match(good.stdout, /^✓ llama\.cpp AVAILABLE \(cached\)\n/)
    const loaded = join(home, '.cache/llama_cpp/lib/libllama.so')
    const load = await bitnetTasks([...LLAMA, '--quiet', '--', '--load', loaded], { home })
    assert.is(load.code, 0, load.stdout)
    assert.is(load.stderr, '')
    assert.is(JSON.parse(load.stdout).tool, 'bitnet-probe')
    const bad = await bitnetTasks([...LLAMA, '--', '--load', '/nowhere.so'], { home })
    assert.is(bad.code, 1)
    assert.match(JSON.parse(bad.stdout).error, '/nowhere.so')
    assert.match(bad.stderr, /^✓ llama\.cpp AVAILABLE \(cached\)\n/)
  }),
)

tool(
  'V.10 AC-076 it has the environment that env prints, the other variables, and no guard of a repair',
  inHome(async (home) => {
    copyHome(repaired, home)
    const env = { BITNET_SEED: '42', LD_LIBRARY_PATH: '/mine', BITNET_REPAIR_VERDICTS: '[]' }
    const { seen, stderr } = await become([...LLAMA, '-C', 'sub folder', '--', 'a b', '', '--x'], {
      home,
      env: { ...env, BITNET_REPAIR_PARENT: '1' },
    })
    assert.is(seen.program, probe(home), stderr)
    assert.equal(seen.args, [probe(home), 'a b', '', '--x'])
    assert.is(seen.cwd, join(home, 'sub folder'))
    const printed = await bitnetTasks(['env', '--emit', 'json'], { home })
    const { env: plain, prepend } = JSON.parse(printed.stdout)
    assert.equal(seen.env, {
      HOME: home,
      PATH: process.env['PATH'],
      ...MEASURED,
      BITNET_SEED: '42',
      ...plain,
      LD_LIBRARY_PATH: `${prepend.LD_LIBRARY_PATH.join(':')}:/mine`,
    })
    const without = await become([...LLAMA, '--', 'x'], { home, env: { LD_LIBRARY_PATH: '' } })
    assert.is(without.seen.env['LD_LIBRARY_PATH'], prepend.LD_LIBRARY_PATH.join(':'))
  }),
)

tool(
  'V.10 where this process cannot become it, a child runs it and its exit code is ours',
  inHome(async (home) => {
    copyHome(repaired, home)
    const node = hookIn(shelf, 'process.execve = undefined')
    const good = await bitnetTasks([...LLAMA, '--', '--version'], { home, node })
    assert.match(good.stdout, /^bitnet-probe /)
    assert.is(good.code, 0)
    const bad = await bitnetTasks([...LLAMA, '--', '--load', '/nowhere.so'], { home, node })
    assert.is(bad.code, 1)
    assert.match(JSON.parse(bad.stdout).error, '/nowhere.so')
  }),
)

tool(
  'V.10 without the backend the command is not run, and the exit code is that of the verdict',
  inHome(async (home) => {
    const { code, stdout, stderr } = await bitnetTasks(
      [...LLAMA, '--repair=never', '--', '--version'],
      { home },
    )
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.match(stderr, '❌ llama.cpp UNAVAILABLE (repair disabled)\n')
    const dry = await bitnetTasks([...LLAMA, '--dry-run', '--', '--version'], { home })
    assert.is(dry.code, 0)
    assert.match(dry.stdout, /^Would execute:\n/)
    assert.not.match(dry.stdout, /^bitnet-probe \d/m)
  }),
)

tool(
  'a tool that may not be executed: its path, the error, what to do, exit 1',
  inHome(async (home) => {
    copyHome(repaired, home)
    fs.chmodSync(probe(home), 0o644)
    const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--', '--version'], { home })
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.ok(
      stderr.includes(`❌ '${probe(home)}' could not be started

Error:
  exec() error: EACCES: permission denied, access '${probe(home)}' (kind: PermissionDenied (EACCES))

Recovery Steps:
  1. The backend is there; have its tool built again:
     bitnet-tasks preflight --backend llama --repair=always
`),
      stderr,
    )
    const again = [...FIXTURE, '--repair=always', '--', '--version']
    assert.is((await bitnetTasks(again, fromFixture(home))).code, 0)
  }),
)

const USAGE: readonly (readonly [string, readonly string[], string])[] = [
  ['--json and a command', [...LLAMA, '--json', '--', 'x'], 'would both print on stdout'],
  ['a command without --backend', ['preflight', '--', 'x'], 'bitnet-probe of which backend?'],
  ['words before the --', [...LLAMA, 'now', '--', 'x'], 'goes behind --'],
  ['a command without a --', [...LLAMA, 'crossval'], 'goes behind --'],
]
for (const [title, args, says] of USAGE)
  tool(
    `${title}: exit 2, and what to do`,
    inHome(async (home) => {
      const { code, stdout, stderr } = await bitnetTasks(args, { home })
      assert.is(code, 2, stderr)
      assert.is(stdout, '')
      assert.ok(stderr.includes(says), stderr)
      assert.match(stderr, '\n  hint: ')
    }),
  )

tool.run()

interface Seen {
  readonly program: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** What execve is called with, in place of calling it. */
async function become(
  args: readonly string[],
  options: RunOptions,
): Promise<{ readonly seen: Seen; readonly stderr: string }> {
  const file = join(options.home, 'seen.json')
  fs.mkdirSync(join(options.home, 'sub folder'), { recursive: true })
  const node = hookIn(
    shelf,
    `process.execve = (program, args, env) => {
  require('node:fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify({ program, args, env, cwd: process.cwd() }))
  process.exit(0)
}`,
  )
  const { stderr } = await bitnetTasks(args, { ...options, node })
  return { seen: JSON.parse(fs.readFileSync(file, 'utf8')), stderr }
}
