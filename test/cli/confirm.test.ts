// timeout: 300
// --confirm: a question before a repair, on a terminal, to a person.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome, newFolder, removeFolder } from './support/home.ts'
import { bin, bitnetTasks } from './support/program.ts'
import { becoming, openTerminal, type Shown } from './support/terminal.ts'

const confirm = suite('confirm')

const shelf = newFolder()
let repo: FixtureRepo

confirm.before(() => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
})
confirm.after(() => removeFolder(shelf))

const PREFLIGHT = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0', '--confirm']
const QUESTION = [
  'Attempt auto-repair? This will:',
  '  1. Download and build C++ reference (~60s)',
  '  2. Rebuild xtask to detect libraries (~15s)',
  'Continue? [Y/n]: ',
].join('\r\n')

for (const answer of ['n\r', 'no\r', 'what?\r', '\x03', '\x04'])
  confirm(
    `AC-310 AC-311 ${JSON.stringify(answer)} at the question: nothing is done, exit 1`,
    inHome(async (home) => {
      const { screen, code } = await onTerminal(home, PREFLIGHT, answer)
      assert.ok(screen.includes(QUESTION), screen)
      assert.is(code, 1, screen)
      assert.match(screen, 'llama.cpp UNAVAILABLE (repair declined)')
      assert.is(fs.existsSync(join(home, '.cache/bitnet_locks')), false)
      assert.is(fs.existsSync(join(home, '.cache/llama_cpp')), false)
    }),
  )

for (const answer of ['\r', ' YES \r'])
  confirm(
    `AC-310 ${JSON.stringify(answer)} at the question: it repairs`,
    inHome(async (home) => {
      const { screen, code } = await onTerminal(home, PREFLIGHT, answer)
      assert.ok(screen.includes(QUESTION), screen)
      assert.is(code, 0, screen)
      assert.match(screen, '✓ llama.cpp AVAILABLE (auto-repaired)')
      assert.is(screen.split('Continue?').length - 1, 1)
    }),
  )

confirm(
  'AC-310 it is not asked with --yes, in CI, without a terminal, or where nothing is missing',
  inHome(async (home) => {
    const asked = (screen: string): boolean => screen.includes('Continue?')
    const env = { LLAMA_CPP_REPO: repo.url }
    const piped = await bitnetTasks(PREFLIGHT, { home, env })
    assert.is(piped.code, 0, piped.stderr)
    assert.is(asked(piped.stderr + piped.stdout), false)
    const there = await onTerminal(home, ['preflight', '--backend', 'llama', '--confirm'], '')
    assert.equal([there.code, asked(there.screen)], [0, false])
    const again = [...PREFLIGHT, '--repair=always']
    const yes = await onTerminal(home, [...again, '--yes'], '')
    assert.equal([yes.code, asked(yes.screen)], [0, false])
    const ci = await onTerminal(home, again, '', { CI: 'true' })
    assert.equal([ci.code, asked(ci.screen)], [0, false])
  }),
)

confirm.run()

/** Types the answer when it is asked; '' where it must not be. */
async function onTerminal(
  home: string,
  args: readonly string[],
  answer: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Shown> {
  const line = becoming([process.execPath, bin, ...args])
  const { type, sees, ended } = openTerminal(home, line, { LLAMA_CPP_REPO: repo.url, ...env })
  if (answer !== '') {
    await sees('[Y/n]: ')
    type(answer)
  }
  return ended
}
