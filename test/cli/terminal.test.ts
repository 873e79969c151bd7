// timeout: 300
// A repair on a terminal, where a view draws: nothing that is said around the hand-over is lost in it.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bin } from './support/program.ts'
import { becoming, HIDES_CURSOR, openTerminal, showsCursor } from './support/terminal.ts'

const terminal = suite('repair on a terminal')

const PREFLIGHT = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']

for (const [title, hook, lines] of [
  ['exec', '', ['[reexec] Attempting exec()...']],
  [
    'a child',
    'process.execve = undefined',
    ['[reexec] Trying spawn fallback...', '[reexec] Fallback command: '],
  ],
] as const)
  terminal(
    `AC-100 AC-109 by ${title}: what the hand-over says is on the screen, in its order, and the cursor is back`,
    inHome(async (home) => {
      const { url } = fixtureRepo(join(home, 'llama.cpp'))
      const path = join(home, 'hook.cjs')
      fs.writeFileSync(path, hook)
      const line = becoming([process.execPath, '--require', path, bin, ...PREFLIGHT])
      const { screen, code } = await openTerminal(home, line, { LLAMA_CPP_REPO: url }).ended
      assert.is(code, 0, screen)
      assert.ok(screen.includes(HIDES_CURSOR), 'the view hid the cursor')
      const places = [
        '[repair] Step 3/3: Re-executing with updated detection',
        '[repair] Re-executing with updated detection...',
        '[reexec] exe: ',
        ...lines,
        '[repair] Re-exec detected, skipping repair (checking detection only)',
        '✓ llama.cpp AVAILABLE (auto-repaired)',
      ].map((line) => screen.indexOf(line))
      assert.equal(
        places,
        [...places].sort((a, b) => a - b),
        screen,
      )
      assert.ok(!places.includes(-1), screen)
      const handedOver = screen.slice(0, places[1])
      for (const text of [handedOver, screen]) assert.ok(showsCursor(text), screen)
    }),
  )

terminal.run()
