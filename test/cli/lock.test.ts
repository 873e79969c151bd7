// timeout: 300
// One repair of a backend at a time: who else comes waits or is told, and nothing is left locked.
import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { locks } from '../../graph/host/lock.ts'
import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { compilerThat } from './support/compiler.ts'
import { inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks, type RunOptions, start } from './support/program.ts'

const lock = suite('lock of a backend')

const shelf = newFolder()
let repo: FixtureRepo

lock.before(() => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
})
lock.after(() => removeFolder(shelf))

const FIXTURE = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']
const lockOf = (home: string): string => join(home, '.cache/bitnet_locks/llama.lock')

function options(home: string, env: RunOptions['env'] = {}): RunOptions {
  return { home, env: { LLAMA_CPP_REPO: repo.url, ...env } }
}

lock(
  'AC-184 AC-185 AC-188 AC-189 AC-190 AC-193 AC-317 it is held while the backend is built and while the tool is rebuilt, and free afterwards',
  inHome(async (home) => {
    const held = compiler(home)
    const first = start(FIXTURE, options(home, { CXX: held.path }))
    for (const [task, gate] of [
      ['cmake-build', 'llama.cpp'],
      ['rebuild-tool', 'probe.cpp'],
    ] as const) {
      await first.says(`${task}[llama,cpu] started`)
      const { code, stdout, stderr } = await bitnetTasks([...FIXTURE, '--no-wait'], options(home))
      assert.is(code, 1, stderr)
      assert.is(stdout, '')
      assert.ok(
        stderr.includes(
          `❌ Another repair operation for llama is in progress (lock: ${lockOf(home)})\n`,
        ),
        stderr,
      )
      assert.ok(stderr.includes(`(process ${first.pid} on '${hostname()}', since `), stderr)
      held.open(gate)
    }
    const { code, stderr } = await first.ended
    assert.is(code, 0, stderr)
    const again = await bitnetTasks([...FIXTURE, '--no-wait', '--repair=always'], options(home))
    assert.is(again.code, 0, again.stderr)
    // The files stay, so that nobody locks one that another has just removed.
    assert.equal(fs.readdirSync(join(home, '.cache/bitnet_locks')), ['llama.lock'])
  }),
)

lock(
  'AC-190 a repair that failed leaves it free',
  inHome(async (home) => {
    const broken = fixtureRepo(join(home, 'broken'), { broken: 'configure' })
    const failed = await bitnetTasks(FIXTURE, options(home, { LLAMA_CPP_REPO: broken.url }))
    assert.is(failed.code, 5, failed.stderr)
    const args = [...FIXTURE, '--no-wait']
    const next = await bitnetTasks(args, options(home, { LLAMA_CPP_REPO: broken.url }))
    // It came as far as the first one, and was not turned away.
    assert.is(next.code, 5, next.stderr)
    assert.not.match(next.stderr, 'is in progress')
  }),
)

lock(
  'AC-187 AC-188 AC-250 who waits says for whom, gives up after --lock-timeout, and with --verbose says when it has it',
  inHome(async (home) => {
    const held = compiler(home)
    const first = start([...FIXTURE, '--verbose'], options(home, { CXX: held.path }))
    await first.says('cmake-build[llama,cpu] started')
    const impatient = await bitnetTasks([...FIXTURE, '--lock-timeout', '1'], options(home))
    assert.is(impatient.code, 1, impatient.stderr)
    const waiting = `waiting for process ${first.pid} on ${hostname()} since `
    assert.ok(impatient.stderr.includes(waiting), impatient.stderr)
    assert.ok(impatient.stderr.includes(`(lock: ${lockOf(home)})`), impatient.stderr)
    const patient = start([...FIXTURE, '--verbose'], options(home))
    await patient.says(waiting)
    held.open('llama.cpp')
    held.open('probe.cpp')
    for (const { code, stderr } of [await first.ended, await patient.ended]) {
      assert.is(code, 0, stderr)
      assert.match(stderr, '[repair] Lock acquired, proceeding with setup...\n')
    }
  }),
)

lock(
  'AC-184 AC-191 the lock of bitnet does not block llama',
  inHome(async (home) => {
    const path = join(home, '.cache/bitnet_locks/bitnet.lock')
    const held = await locks().acquire(path, { purpose: 'test', mark: 'test', wait: false })
    try {
      const { code, stderr } = await bitnetTasks([...FIXTURE, '--no-wait'], options(home))
      assert.is(code, 0, stderr)
      const blocked = ['preflight', '--backend', 'bitnet', '--ref', 'v0.5.0', '--no-wait']
      const other = await bitnetTasks(blocked, options(home, { BITNET_CPP_REPO: repo.url }))
      assert.is(other.code, 1, other.stderr)
      assert.match(
        other.stderr,
        `❌ Another repair operation for bitnet is in progress (lock: ${path})\n`,
      )
    } finally {
      await held.release()
    }
  }),
)

lock(
  'AC-188 AC-193 a run of the graph by its nodes is not waited for either, and its lock is the one that is named',
  inHome(async (home) => {
    const held = compiler(home)
    const args = ['run', 'cmake-build[llama,cpu]', '--ref', 'v0.5.0']
    const running = start(args, options(home, { CXX: held.path }))
    await running.says('cmake-build[llama,cpu] started')
    const { code, stderr } = await bitnetTasks([...FIXTURE, '--no-wait'], options(home))
    assert.is(code, 1, stderr)
    const state = join(home, '.cache/bitnet-tasks/state/lock')
    assert.ok(stderr.includes(`is in progress (lock: ${state})\n`), stderr)
    assert.ok(stderr.includes(`(process ${running.pid} on `), stderr)
    held.open('llama.cpp')
    assert.is((await running.ended).code, 0)
  }),
)

lock.run()

interface HeldCompiler {
  readonly path: string
  /** Lets the compilation of the source of that name go on, now or when it comes. */
  readonly open: (source: string) => void
}

/** A compiler that waits, at two sources, until it is let go on. */
function compiler(home: string): HeldCompiler {
  const gate = (source: string): string => join(home, `${source}.open`)
  const hold = (source: string): string => `until [ -e '${gate(source)}' ]; do sleep 0.05; done`
  const sources = ['llama.cpp', 'probe.cpp']
  const path = compilerThat(home, Object.fromEntries(sources.map((name) => [name, hold(name)])))
  return { path, open: (source) => fs.writeFileSync(gate(source), '') }
}
