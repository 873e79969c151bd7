// timeout: 300
// A machine without memory, or without room on its disk: named as what it is, and nothing is lost.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { compilerThat } from './support/compiler.ts'
import { copyHome, digestOf, inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks, type Ended, type RunOptions } from './support/program.ts'
import { readOnlyDisk, smallDisk } from './support/small-disk.ts'

const full = suite('full machine')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
let repo: FixtureRepo

full.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(repaired)
  const { code, stderr } = await repair(repaired)
  if (code !== 0) throw new Error(stderr)
})
full.after(() => removeFolder(shelf))

const LLAMA = ['preflight', '--backend', 'llama']

function repair(
  home: string,
  args: readonly string[] = [],
  options: Partial<RunOptions> = {},
): Promise<Ended> {
  const env = { LLAMA_CPP_REPO: repo.url, ...options.env }
  return bitnetTasks([...LLAMA, '--ref', 'v0.5.0', ...args], { ...options, home, env })
}

const live = (home: string): string => join(home, '.cache/llama_cpp')
const installation = (home: string): string =>
  digestOf(join(home, '.cache/.llama_cpp.generations')) + fs.readlinkSync(live(home))

full(
  'AC-205 a compiler that is killed, as by a machine without memory: exit 5, once, and the next run goes on',
  inHome(async (home) => {
    const isPatient = join(home, 'memory')
    const CXX = compilerThat(home, { 'llama.cpp': `[ -e '${isPatient}' ] || kill -9 $$` })
    const { code, stderr } = await repair(home, [], { env: { CXX } })
    assert.is(code, 5, stderr)
    assert.match(stderr, /Killed/)
    assert.is(stderr.split('cmake-build[llama,cpu] started').length - 1, 1)
    assert.is(fs.existsSync(live(home)), false)
    fs.writeFileSync(isPatient, '')
    const next = await repair(home, [], { env: { CXX } })
    assert.is(next.code, 0, next.stderr)
    assert.not.match(next.stderr, /(fetch-source|cmake-configure)\S* started/)
  }),
)

for (const kilobytes of [64, 256, 512])
  full(
    `AC-205 a disk with ${kilobytes} KiB left: not taken for the network, the old stays, and with room the next run works`,
    inHome(async (home) => {
      copyHome(repaired, home)
      const old = installation(home)
      const before = smallDisk(join(home, '.cache/bitnet-tasks'), kilobytes)
      const { code, stdout, stderr } = await repair(home, ['--repair=always'], { before })
      assert.is(code, 1, stderr)
      assert.is(stdout, '')
      assert.match(stderr, /no space left on device|out of disk ?space/i)
      assert.not.match(stderr, /Network error|\n\s+at /)
      assert.is(installation(home), old)
      assert.is((await bitnetTasks(LLAMA, { home })).code, 0)
      assert.is((await repair(home, ['--repair=always'])).code, 0)
    }),
  )

full(
  'AC-205 a home on a read-only disk, in which nothing is yet: exit 4, and told as that',
  inHome(async (home) => {
    const mount = join(home, 'mount')
    fs.mkdirSync(mount)
    const { code, stdout, stderr } = await repair(mount, [], { before: readOnlyDisk(mount) })
    assert.is(code, 4, stderr)
    assert.is(stdout, '')
    assert.match(stderr, /EROFS|read-only/i)
    assert.not.match(stderr, /ENOENT|apt-get|Build error/)
    assert.match(stderr, /The history could not be written: .*EROFS/)
  }),
)

full.run()
