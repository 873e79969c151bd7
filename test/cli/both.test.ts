// timeout: 300
// Both backends at once: one run of the graph, a verdict for each, and one exit code.
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { checkoutOf, fixtureBitnet } from '../support/fixture-bitnet.ts'
import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

const both = suite('both backends')

const shelf = newFolder()
/** Source trees of both, as a person has them; without a version there is nothing to choose. */
let trees: { readonly LLAMA_CPP_DIR: string; readonly BITNET_CPP_DIR: string }

both.before(() => {
  trees = {
    LLAMA_CPP_DIR: fixtureRepo(join(shelf, 'llama.cpp')).dir,
    BITNET_CPP_DIR: checkoutOf(fixtureBitnet(join(shelf, 'bitnet')), join(shelf, 'checkout')),
  }
})
both.after(() => removeFolder(shelf))

both(
  'AC-004 AC-006 without --backend both are repaired, in one run; both are validated and both are told',
  inHome(async (home) => {
    const { code, stdout, stderr } = await bitnetTasks(['preflight'], { home, env: trees })
    assert.is(code, 0, stderr)
    assert.equal(stdout.match(/^✓ .*$/gm), [
      '✓ bitnet.cpp AVAILABLE (auto-repaired)',
      '✓ llama.cpp AVAILABLE (auto-repaired)',
    ])
    for (const task of ['fetch-source', 'cmake-build', 'rebuild-tool', 'revalidate'])
      for (const name of ['bitnet', 'llama'])
        assert.match(stderr, new RegExp(`${task}\\[${name}[^ ]* started\n`))
    // One process did all of it, and became one other.
    assert.is(stderr.split('[reexec] Attempting exec()').length - 1, 1)
    const again = await bitnetTasks(['preflight'], { home, env: trees })
    assert.is(again.code, 0, again.stderr)
  }),
)

both(
  'AC-004 AC-169 one that cannot be built does not keep the other from being repaired: exit 5, both are told',
  inHome(async (home) => {
    const broken = fixtureRepo(join(home, 'broken'), { broken: 'compile' })
    const env = { ...trees, LLAMA_CPP_DIR: broken.dir }
    const { code, stdout, stderr } = await bitnetTasks(['preflight'], { home, env })
    assert.is(code, 5, stderr)
    assert.equal(stdout.match(/^✓ .*$/gm), ['✓ bitnet.cpp AVAILABLE (auto-repaired)'])
    assert.match(stderr, "❌ Backend 'llama' UNAVAILABLE (build error during repair)")
  }),
)

both.run()
