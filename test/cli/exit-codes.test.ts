// timeout: 300
// Every exit code, provoked for real: what leads to it, what is said, and what is to be done.
import { once } from 'node:events'
import * as fs from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { EXIT_TABLE } from '../../src/exit-code.ts'
import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { begun } from './support/begun.ts'
import { copyHome, inHome, newFolder, removeFolder, toolFolder, uninstall } from './support/home.ts'
import { asNobody } from './support/nobody.ts'
import { bitnetTasks, type Ended, type RunOptions, start } from './support/program.ts'
import { added, variant } from './support/variant.ts'

const codes = suite('exit codes')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
/** All that a repair calls, without Node and npm. */
const tools = join(shelf, 'tools')
const repos: { good?: FixtureRepo; broken?: FixtureRepo; crashing?: FixtureRepo } = {}
/** Takes every call and says nothing. */
let silence: Server
const sockets = new Set<Socket>()
let unreachable: Promise<Ended>

codes.before(async () => {
  repos.good = fixtureRepo(join(shelf, 'llama.cpp'))
  repos.broken = fixtureRepo(join(shelf, 'broken'), { broken: 'compile' })
  const dies =
    '#include <cstdlib>\n__attribute__((constructor)) static void die() { std::abort(); }'
  repos.crashing = variant(join(shelf, 'crashing'), { 'src/llama.cpp': added(dies) })
  silence = createServer((socket) => sockets.add(socket.on('error', () => {})))
  silence.listen(0, '127.0.0.1')
  await once(silence, 'listening')
  fs.mkdirSync(repaired)
  const PATH = toolFolder(tools, TOOLS)
  const { code, stderr } = await repair(repaired, 'good', { env: { PATH } })
  if (code !== 0) throw new Error(stderr)
  const own = fs.mkdirSync(join(shelf, 'unreachable'), { recursive: true }) as string
  unreachable = begun(repair(own, 'good', { env: { LLAMA_CPP_REPO: 'http://127.0.0.1:1/x.git' } }))
})
codes.after(() => {
  for (const socket of sockets) socket.destroy()
  silence.close()
  removeFolder(shelf)
})

const LLAMA = ['preflight', '--backend', 'llama']
const FIXTURE = [...LLAMA, '--ref', 'v0.5.0']

function repair(
  home: string,
  repo: keyof typeof repos,
  { args = [], ...options }: Partial<RunOptions> & { readonly args?: readonly string[] } = {},
): Promise<Ended> {
  const env = { LLAMA_CPP_REPO: repos[repo]?.url, ...options.env }
  return bitnetTasks([...FIXTURE, ...args], { home, ...options, env })
}

const AC: Readonly<Record<number, string>> = {
  0: 'AC-164 ',
  1: 'AC-165 ',
  2: 'AC-166 ',
  3: 'AC-167 ',
  4: 'AC-168 ',
  5: 'AC-169 ',
  6: 'AC-170 ',
  8: 'AC-171 ',
}

interface Row {
  readonly code: number
  readonly name: string
  readonly how: string
  readonly provoke: (home: string) => Promise<Ended>
  /** On stderr; on stdout for 0. */
  readonly says: readonly string[]
  /** What is to be done, as the message says. */
  readonly recovery: readonly string[]
}

const TOOLS = ['git', 'cmake', 'ninja', 'cc', 'c++', 'nm', 'sh', 'as', 'ld', 'ar', 'ranlib']
const RETRY = 'bitnet-tasks preflight --backend llama'

const ROWS: readonly Row[] = [
  {
    code: 0,
    name: 'available',
    how: 'repaired from nothing',
    provoke: (home) => repair(home, 'good'),
    says: ['✓ llama.cpp AVAILABLE (auto-repaired)\n'],
    recovery: [],
  },
  {
    code: 0,
    name: 'available',
    how: 'there already',
    provoke: (home) => {
      copyHome(repaired, home)
      return bitnetTasks(LLAMA, { home })
    },
    says: ['✓ llama.cpp AVAILABLE (cached)\n'],
    recovery: [],
  },
  {
    code: 1,
    name: 'unavailable',
    how: 'repair disabled',
    provoke: (home) => bitnetTasks([...LLAMA, '--repair=never'], { home }),
    says: ['❌ llama.cpp UNAVAILABLE (repair disabled)\n', '\nExit code: 1 (unavailable)\n'],
    recovery: [`${RETRY} --repair=auto`, 'docs/howto/cpp-setup.md'],
  },
  {
    code: 1,
    name: 'unavailable',
    how: 'the lock is held and nobody waits',
    provoke: async (home) => {
      const holder = start(FIXTURE, { home, env: { LLAMA_CPP_REPO: repos.good?.url } })
      await holder.says('fetch-source[llama] started')
      const ended = await repair(home, 'good', { args: ['--no-wait'] })
      await holder.ended
      return ended
    },
    says: [
      '❌ Another repair operation for llama is in progress (lock: ',
      '\nExit code: 1 (another repair is in progress)\n',
    ],
    recovery: ['Wait for it: without --no-wait and --lock-timeout'],
  },
  {
    code: 1,
    name: 'unavailable',
    how: 'no fresh process can be had',
    provoke: (home) => stranded(home),
    says: [
      '\nRe-exec failed: no fresh process could be started\n',
      '\nnode error: spawn /nowhere ENOENT (kind: NotFound (ENOENT))\n',
      '\nExit code: 1 (re-exec failed)\n',
    ],
    recovery: ['1. Verify node in PATH: node --version', 'docs/howto/reexec-troubleshooting.md'],
  },
  {
    code: 1,
    name: 'unavailable',
    how: 'an error of no known class: a ref that the repository lacks',
    provoke: (home) =>
      bitnetTasks([...LLAMA, '--ref', 'v9.9.9'], {
        home,
        env: { LLAMA_CPP_REPO: repos.good?.url },
      }),
    says: ["couldn't find remote ref v9.9.9", '\nExit code: 1 ('],
    recovery: ['Recovery Steps:\n  1. '],
  },
  {
    code: 2,
    name: 'usage',
    how: 'a backend that there is not',
    provoke: (home) => bitnetTasks(['preflight', '--backend', 'lama'], { home }),
    says: ["'lama' is invalid", "must be 'bitnet' or 'llama'"],
    recovery: [],
  },
  {
    code: 2,
    name: 'usage',
    how: 'a graph file that cannot be read as one',
    provoke: (home) => {
      fs.writeFileSync(join(home, 'bitnet.tasks.ts'), 'export default 1\n')
      return bitnetTasks(['run'], { home })
    },
    says: ['bitnet.tasks.ts'],
    recovery: ['\n  hint: '],
  },
  {
    code: 3,
    name: 'network',
    how: 'a host that cannot be reached, after 3 retries',
    provoke: () => unreachable,
    says: [
      '[repair] Network error, retry 3/3 after 4000ms...\n',
      "❌ Backend 'llama' UNAVAILABLE (network error during repair)\n",
      '\nExit code: 3 (network error - retryable)\n',
    ],
    recovery: ['Check internet connectivity:', '--source DIR\n'],
  },
  {
    code: 4,
    name: 'permission',
    how: 'a home that cannot be written',
    provoke: (home) => {
      fs.chmodSync(home, 0o555)
      return repair(home, 'good', { before: asNobody(), cwd: '/' })
    },
    says: [
      "❌ Backend 'llama' UNAVAILABLE (permission error during repair)\n",
      '  Permission denied: ',
      '\nExit code: 4 (permission error - manual fix required)\n',
    ],
    recovery: ['Check directory ownership:', 'export LLAMA_CPP_DIR='],
  },
  {
    code: 5,
    name: 'build',
    how: 'a source that does not compile',
    provoke: (home) => repair(home, 'broken'),
    says: [
      "❌ Backend 'llama' UNAVAILABLE (build error during repair)\n",
      '\nExit code: 5 (build error - install dependencies)\n',
    ],
    recovery: ['Recovery Steps:\n  1. ', 'full log: '],
  },
  {
    code: 5,
    name: 'build',
    how: 'a tool that is missing',
    provoke: (home) => {
      const PATH = toolFolder(
        join(home, 'tools'),
        TOOLS.filter((name) => name !== 'cmake'),
      )
      return repair(home, 'good', { env: { PATH } })
    },
    says: [
      "'cmake' is not on PATH (configures the build)",
      '\nExit code: 5 (build error - install dependencies)\n',
    ],
    recovery: ['Install them:', 'cmake\n', RETRY],
  },
  {
    code: 6,
    name: 'recursion',
    how: 'a repair that is called from inside a repair',
    provoke: (home) => repair(home, 'good', { env: { BITNET_REPAIR_IN_PROGRESS: '1' } }),
    says: [
      'Repair already in progress (recursion detected)',
      '\nExit code: 6 (recursion detected)\n',
    ],
    recovery: ['unset BITNET_REPAIR_IN_PROGRESS\n'],
  },
  {
    code: 8,
    name: 'revalidation',
    how: 'a build that crashes when it is loaded',
    provoke: (home) => repair(home, 'crashing'),
    says: [
      'revalidation failed after repair: backend still unavailable',
      'SIGABRT',
      '\nExit code: 8 (revalidation failed)\n',
    ],
    recovery: [`${RETRY} --repair=always`, 'bitnet-tasks doctor'],
  },
  {
    code: 130,
    name: 'interrupted',
    how: 'SIGINT while it fetches',
    provoke: (home) => stopped(home, 'SIGINT'),
    says: ['llama.cpp: interrupted by SIGINT; the installation is as it was\n'],
    recovery: [],
  },
  {
    code: 143,
    name: 'terminated',
    how: 'SIGTERM while it fetches',
    provoke: (home) => stopped(home, 'SIGTERM'),
    says: ['llama.cpp: interrupted by SIGTERM; the installation is as it was\n'],
    recovery: [],
  },
]

for (const { code, name, how, provoke, says, recovery } of ROWS)
  codes(
    `${AC[code] ?? ''}AC-173 ${code} ${name}: ${how}`.trim(),
    inHome(async (home) => {
      const ended = await provoke(home)
      assert.is(ended.code, code, ended.stderr)
      const said = code === 0 ? ended.stdout : ended.stderr
      for (const text of [...says, ...recovery])
        assert.ok(said.includes(text), `${text}\n---\n${said}`)
      if (code !== 0) assert.is(ended.stdout, '')
      assert.not.match(ended.stderr, /\n\s+at \S+ \(/)
    }),
  )

codes(
  'AC-247 with --json the hand-over that failed is a verdict as well',
  inHome(async (home) => {
    const { code, stdout, stderr } = await stranded(home, ['--json'])
    assert.is(code, 1)
    const [verdict] = JSON.parse(stdout).backends
    assert.is(verdict.exitCode, 1)
    assert.is(verdict.error, 'Re-exec failed: no fresh process could be started')
    assert.match(stderr, '\nExit code: 1 (re-exec failed)\n')
  }),
)

codes('AC-173 every code of the table is provoked here, and no other', () => {
  const provoked = [...new Set(ROWS.map(({ code }) => code))]
  assert.equal(provoked, [...EXIT_TABLE.map(({ code }) => code), 130, 143])
  for (const { code, name } of EXIT_TABLE)
    for (const row of ROWS.filter((one) => one.code === code)) assert.is(row.name, name)
})

codes(
  'AC-174 preflight --help, help exit-codes, its JSON, the README and the reference hold the same table',
  inHome(async (home) => {
    const root = join(import.meta.dirname, '../..')
    const table = EXIT_TABLE.map(({ code, meaning }) => `  ${code} - ${meaning}\n`).join('')
    const steps = EXIT_TABLE.map(({ code, recovery }) => `  ${code}: ${recovery}\n`).join('')
    for (const args of [
      ['preflight', '--help'],
      ['help', 'exit-codes'],
    ]) {
      const { code, stdout } = await bitnetTasks(args, { home })
      assert.is(code, 0)
      assert.ok(stdout.includes(`Exit Codes:\n${table}`), stdout)
      assert.ok(stdout.includes(`Recovery by Exit Code:\n${steps}`), stdout)
      assert.match(stdout, '  130, 143 - Interrupted (Ctrl-C) or terminated\n')
    }
    const { stdout } = await bitnetTasks(['help', 'exit-codes', '--json'], { home })
    assert.equal(JSON.parse(stdout).exitCodes, EXIT_TABLE)
    for (const page of ['README.md', 'docs/reference.md']) {
      const text = fs.readFileSync(join(root, page), 'utf8').replace(/ +\|/g, ' |')
      const rows = EXIT_TABLE.map((row) => `| ${row.code} | ${row.meaning} | ${row.recovery} |\n`)
      assert.ok(text.replace(/\| +/g, '| ').includes(rows.join('')), page)
    }
  }),
)

codes.run()

/** Its fresh process cannot be started: Node, npm and exec are gone by the time of the hand-over. */
function stranded(home: string, args: readonly string[] = []): Promise<Ended> {
  const hook = join(home, 'hook.cjs')
  // What is built is there, and what was installed has gone: only the hand-over is left to do.
  copyHome(repaired, home)
  uninstall(home)
  fs.writeFileSync(
    hook,
    `process.execve = undefined
const { ChildProcess } = require('node:child_process')
const { spawn } = ChildProcess.prototype
ChildProcess.prototype.spawn = function (options) {
  if (options.args.includes('preflight')) options.file = '/nowhere'
  return spawn.call(this, options)
}
`,
  )
  return repair(home, 'good', { args, node: ['--require', hook], env: { PATH: tools } })
}

async function stopped(home: string, signal: 'SIGINT' | 'SIGTERM'): Promise<Ended> {
  const { port } = silence.address() as AddressInfo
  const env = { LLAMA_CPP_REPO: `http://127.0.0.1:${port}/x.git` }
  const called = once(silence, 'connection')
  const running = start(FIXTURE, { home, env })
  await called
  running.child.kill(signal)
  const ended = await running.ended
  assert.is(ended.signal, signal)
  return ended
}
