// timeout: 300
// The history as a person meets it: after each repair, good or bad, one more line.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { appears } from './support/processes.ts'
import { bitnetTasks, type Ended, start } from './support/program.ts'
import { added, variant } from './support/variant.ts'

const history = suite('history of repairs')

const LLAMA = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']

function repair(home: string, url: string, ...more: readonly string[]): Promise<Ended> {
  return bitnetTasks([...LLAMA, ...more], { home, env: { LLAMA_CPP_REPO: url } })
}

async function entries(home: string): Promise<readonly Record<string, unknown>[]> {
  const { code, stdout } = await bitnetTasks(['history', '--json'], { home })
  assert.is(code, 0)
  return JSON.parse(stdout).entries
}

history(
  'AC-246 each repair, also a failed first one, is a line that the live folder shows',
  inHome(async (home) => {
    const broken = fixtureRepo(join(home, 'broken'), { broken: 'configure' })
    const repo = fixtureRepo(join(home, 'llama.cpp'))
    const crashing = variant(join(home, 'crashing'), {
      'src/llama.cpp': added(
        '#include <cstdlib>\n__attribute__((constructor)) static void die() { std::abort(); }',
      ),
    })
    assert.is((await repair(home, broken.url)).code, 5)
    assert.is((await repair(home, repo.url)).code, 0)
    assert.is((await repair(home, crashing.url)).code, 8)
    assert.is((await repair(home, repo.url, '--repair=always')).code, 0)
    const all = await entries(home)
    assert.equal(
      all.map(({ outcome, exitCode, class: kind, mode }) => [outcome, exitCode, kind, mode]),
      [
        ['failed', 5, 'build', 'auto'],
        ['repaired', 0, null, 'auto'],
        ['rejected', 8, 'build', 'auto'],
        ['repaired', 0, null, 'always'],
      ],
    )
    assert.match(all[0]?.['cause'] as string, /cmake-configure.*broken on purpose|CMake Error/)
    assert.is(all[0]?.['generation'], null)
    const { generation, source } = JSON.parse(
      fs.readFileSync(join(home, '.cache/llama_cpp/.bitnet-tasks.json'), 'utf8'),
    )
    assert.is(all[3]?.['generation'], generation)
    assert.equal(all[3]?.['source'], source)
    for (const { seconds } of all) assert.ok((seconds as number) > 0 && (seconds as number) < 300)
    // The switch to another generation lost nothing.
    const lines = fs
      .readFileSync(join(home, '.cache/llama_cpp/.repair.log'), 'utf8')
      .trimEnd()
      .split('\n')
    assert.equal(
      lines.map((line) => JSON.parse(line)),
      all,
    )
    const newest = await bitnetTasks(['history', '-n', '2'], { home })
    const [rejected, repaired] = newest.stdout.trimEnd().split('\n')
    assert.match(
      rejected ?? '',
      / UTC {2}llama cpu {2,}auto +rejected in \d+\.\ds {2}exit 8 {2}build: /,
    )
    assert.match(repaired ?? '', / UTC {2}llama cpu {2,}always +repaired in \d+\.\ds {2}v0\.5\.0$/)
  }),
)

history(
  'a repair that finds nothing to change, and one that is interrupted, are lines too; a mere look is none',
  inHome(async (home) => {
    const repo = fixtureRepo(join(home, 'llama.cpp'))
    assert.is((await repair(home, repo.url)).code, 0)
    assert.is((await repair(home, repo.url)).code, 0)
    assert.is((await bitnetTasks(['preflight', '--backend', 'llama'], { home })).code, 0)
    const slow = variant(join(home, 'slow'), {
      'CMakeLists.txt': added('execute_process(COMMAND sleep 600)'),
    })
    const running = start([...LLAMA], { home, env: { LLAMA_CPP_REPO: slow.url } })
    await appears(home, /^sleep 600/)
    running.child.kill('SIGINT')
    assert.is((await running.ended).signal, 'SIGINT')
    assert.equal(
      (await entries(home)).map(({ outcome }) => outcome),
      ['repaired', 'unchanged', 'interrupted'],
    )
  }),
)

history(
  'an empty history says so on stderr',
  inHome(async (home) => {
    const { code, stdout, stderr } = await bitnetTasks(['history'], { home })
    assert.is(code, 0)
    assert.is(stdout, '')
    assert.is(stderr, `no repair has been logged in ${home}/.cache/bitnet-tasks/repair.log\n`)
    assert.is(fs.existsSync(join(home, '.cache/bitnet-tasks/repair.log')), false)
  }),
)

history.run()
