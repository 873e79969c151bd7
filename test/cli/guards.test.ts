// timeout: 300
// A repair never runs inside a repair, and never goes round in circles: RELIABILITY 17.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, digestOf, inHome, newFolder, removeFolder, toolFolder } from './support/home.ts'
import { hookIn } from './support/hook.ts'
import {
  bin,
  bitnetTasks,
  type Ended,
  MEASURED,
  type RunOptions,
  start,
} from './support/program.ts'

const guards = suite('guards')

const shelf = newFolder()
/** Everything is built, and nothing installed. */
const built = join(shelf, 'built')
let repo: FixtureRepo

guards.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(built)
  await stage(built)
})
guards.after(() => removeFolder(shelf))

/** Repairs until the fresh process is to judge what was staged: that one never comes. */
async function stage(home: string): Promise<void> {
  // What Node does where an execve fails all the same.
  const { code, stderr } = await repair(
    home,
    {},
    hookIn(shelf, 'process.execve = () => process.abort()'),
  )
  if (code !== 134) throw new Error(`the hand-over was to abort, and ended with ${code}\n${stderr}`)
}

const LLAMA = ['preflight', '--backend', 'llama']
const FIXTURE = [...LLAMA, '--ref', 'v0.5.0']

function repair(
  home: string,
  env: RunOptions['env'] = {},
  node: readonly string[] = [],
): Promise<Ended> {
  return bitnetTasks(FIXTURE, { home, node, env: { LLAMA_CPP_REPO: repo.url, ...env } })
}

const IN_PROGRESS = { BITNET_REPAIR_IN_PROGRESS: '1' }
const PARENT = { BITNET_REPAIR_PARENT: '1' }

guards(
  'AC-127 AC-129 AC-170 the guard of no running repair: exit 6, said to be left over, and how to unset it',
  inHome(async (home) => {
    const { code, stdout, stderr } = await repair(home, IN_PROGRESS)
    assert.is(code, 6)
    assert.is(stdout, '')
    assert.ok(
      stderr.startsWith(`❌ Backend 'llama' UNAVAILABLE (recursion)

Error:
  Repair already in progress (recursion detected): BITNET_REPAIR_IN_PROGRESS is set
  no process holds the lock of a repair: the variable is a left-over

Recovery Steps:
  1. Unset the variable:
     unset BITNET_REPAIR_IN_PROGRESS
  2. Run again:
     bitnet-tasks preflight --backend llama
`),
      stderr,
    )
    assert.match(stderr, /\nExit code: 6 \(recursion detected\)\n$/)
    assert.equal(fs.readdirSync(join(home, '.cache')), ['bitnet-tasks'])
  }),
)

guards(
  'AC-127 while a repair runs the message names its process and since when; it goes on',
  inHome(async (home) => {
    const running = start(FIXTURE, { home, env: { LLAMA_CPP_REPO: repo.url } })
    await running.says('fetch-source[llama] started')
    const { code, stderr } = await repair(home, IN_PROGRESS)
    assert.is(code, 6)
    assert.match(
      stderr,
      new RegExp(
        `\n  it is that of process ${running.pid} on '[^']+', since 2\\d{3}-\\d\\d-\\d\\dT[\\d:.]+Z: repair llama\n`,
      ),
    )
    assert.match(stderr, '  2. If not: unset the variable, then it waits for its turn\n')
    assert.is((await running.ended).code, 0)
  }),
)

guards(
  'a repair that was killed holds nothing: the guard it left counts as left over',
  inHome(async (home) => {
    const running = start(FIXTURE, { home, env: { LLAMA_CPP_REPO: repo.url } })
    await running.says('fetch-source[llama] started')
    running.child.kill('SIGKILL')
    await running.ended
    const { code, stderr } = await repair(home, IN_PROGRESS)
    assert.is(code, 6)
    assert.match(stderr, 'the variable is a left-over\n')
    assert.is((await repair(home)).code, 0)
  }),
)

guards(
  'the guard hinders nobody who has nothing to repair, and an empty one counts as none',
  inHome(async (home) => {
    copyHome(built, home)
    assert.is((await repair(home, { BITNET_REPAIR_IN_PROGRESS: '' })).code, 0)
    for (const args of [LLAMA, [...LLAMA, '--json']])
      assert.is((await bitnetTasks(args, { home, env: IN_PROGRESS })).code, 0)
    const forced = await repair(home, IN_PROGRESS)
    assert.is(forced.code, 6)
  }),
)

guards(
  'AC-126 AC-127 AC-130 tools that call preflight again get exit 6 and no second setup begins',
  inHome(async (home) => {
    const log = join(home, 'log')
    const called = join(home, 'called')
    const PATH = meddlingTools(home, { log, called })
    const { code, stderr } = await repair(home, { PATH })
    assert.is(code, 0, stderr)
    const lines = fs.readFileSync(log, 'utf8').trimEnd().split('\n')
    const tools = new Set(lines.map((line) => line.split(' ')[0]))
    assert.equal([...tools].sort(), ['c++', 'cc', 'cmake', 'git', 'ninja', 'nm'])
    assert.equal(
      lines.filter((line) => !/^\S+ guard=1 preflight=6$/.test(line)),
      [],
    )
    const nested = fs.readFileSync(called, 'utf8')
    assert.not.match(nested, /\] started|starting auto-repair/)
    assert.match(nested, /it is that of process \d+ on '[^']+', since \S+: repair llama\n/)
    for (const task of ['fetch-source', 'cmake-configure', 'cmake-build', 'rebuild-tool'])
      assert.is(
        stderr.split(`${task}[`).filter((part) => /^\S+ started/.test(part)).length,
        1,
        task,
      )
  }),
)

for (const [title, outcome, args, code] of [
  ['a repair that went well', 'success', {}, 0],
  ['a build that failed', 'failure', { broken: 'compile' }, 5],
  ['a tool that could not be started', 'throw', {}, undefined],
] as const)
  guards(
    `AC-128 AC-282 after ${title} our own environment is what it was`,
    inHome(async (home) => {
      const own = join(home, 'own.jsonl')
      const node = hookIn(
        shelf,
        `
const fs = require('node:fs')
const note = (env) => fs.appendFileSync(${JSON.stringify(own)}, JSON.stringify(env) + '\\n')
process.on('exit', () => note(process.env))
const { execve } = process
process.execve = (program, args, env) => { note(env); execve.call(process, program, args, env) }
if (${JSON.stringify(outcome)} === 'throw')
  require('node:child_process').ChildProcess.prototype.spawn = () => { throw Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' }) }
`,
      )
      const { url } = 'broken' in args ? fixtureRepo(join(home, 'broken'), args) : repo
      const plain = { HOME: home, PATH: process.env['PATH'], ...MEASURED }
      const given = { ...plain, LLAMA_CPP_REPO: url, MINE: '1' }
      const ended = await repair(home, given, node)
      if (code === undefined) assert.ok(ended.code > 0 && ended.code < 9)
      else assert.is(ended.code, code, ended.stderr)
      const noted = fs
        .readFileSync(own, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      const fresh = { ...given, BITNET_REPAIR_PARENT: '1' }
      assert.equal(noted, outcome === 'success' ? [fresh, fresh] : [given])
    }),
  )

guards(
  'AC-123 AC-124 AC-125 BITNET_REPAIR_PARENT by hand: it says so, validates, and repairs nothing',
  inHome(async (home) => {
    const none = await repair(home, PARENT)
    assert.is(none.code, 8)
    assert.match(
      none.stderr,
      /^\[repair\] Re-exec detected, skipping repair \(checking detection only\)\n/,
    )
    assert.not.match(none.stderr, /started/)
    copyHome(built, home)
    await stage(home)
    const there = await repair(home, PARENT)
    assert.is(there.code, 0, there.stderr)
    assert.not.match(there.stderr, /(fetch-source|cmake-\w+|rebuild-tool)\S* started/)
  }),
)

guards(
  'both guards set: what is there is validated; what would take the lock of the parent is refused with 6',
  inHome(async (home) => {
    const both = { ...IN_PROGRESS, ...PARENT }
    copyHome(built, home)
    await stage(home)
    const before = digestOf(join(home, '.cache/.llama_cpp.generations'))
    const refused = await repair(home, both)
    assert.is(refused.code, 6, refused.stderr)
    assert.match(refused.stderr, 'Repair already in progress (recursion detected)')
    assert.is(digestOf(join(home, '.cache/.llama_cpp.generations')), before)
    assert.is((await repair(home)).code, 0)
    const validated = await repair(home, both)
    assert.is(validated.code, 0, validated.stderr)
    assert.match(validated.stdout, /^✓ llama\.cpp AVAILABLE \(detected after repair\)\n/)
  }),
)

guards(
  'AC-118 AC-199 a hand-over that aborted loses nothing: the old stays, the next one takes the built one up',
  inHome(async (home) => {
    copyHome(built, home)
    await stage(home)
    assert.is(fs.existsSync(join(home, '.cache/llama_cpp')), false)
    const { code, stdout, stderr } = await repair(home)
    assert.is(code, 0, stderr)
    assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(auto-repaired\)\n/)
    assert.not.match(stderr, /(fetch-source|cmake-\w+|rebuild-tool)\S* started/)
  }),
)

guards.run()

/** Tools that first call preflight again, and write down what they found and what came of it. */
function meddlingTools(
  home: string,
  { log, called }: { readonly log: string; readonly called: string },
): string {
  const names = ['git', 'cmake', 'ninja', 'cc', 'c++', 'nm']
  const real = toolFolder(join(home, 'real'), [...names, 'sh', 'as', 'ld', 'ar', 'ranlib'])
  const folder = join(home, 'meddling')
  fs.mkdirSync(folder)
  for (const name of names)
    fs.writeFileSync(
      join(folder, name),
      `#!/bin/sh
'${process.execPath}' '${bin}' ${LLAMA.join(' ')} >>'${called}' 2>&1
echo "${name} guard=$BITNET_REPAIR_IN_PROGRESS preflight=$?" >>'${log}'
exec '${real}/${name}' "$@"
`,
      { mode: 0o755 },
    )
  return `${folder}:${real}:/usr/bin:/bin`
}
