// A build folder is for one processor: what was compiled for another is not used.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../../support/suite.ts'

const stamp = suite('stamp-processor')
const STEP = join(import.meta.dirname, '../../../tasks/steps/stamp-processor.ts')

stamp(
  'a folder of this processor stays, one of another is emptied, and the result says which',
  () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'stamp-'))
    const build = join(folder, 'build')
    const run = (): string =>
      spawnSync(process.execPath, [STEP, build], { encoding: 'utf8' }).stderr
    try {
      assert.match(run(), 'a new build folder')
      const own = fs.readFileSync(join(build, 'processor.txt'), 'utf8')
      assert.match(own, process.arch)
      assert.not.match(own, /MHz/)
      fs.writeFileSync(join(build, 'a.o'), 'object')
      // As the engine does before a node runs.
      fs.rmSync(join(build, 'processor.txt'))
      assert.is(run(), '')
      assert.is(fs.existsSync(join(build, 'a.o')), true)
      assert.is(fs.readFileSync(join(build, 'processor.txt'), 'utf8'), own)
      fs.writeFileSync(join(build, '.made-for'), 'another processor\n')
      assert.match(run(), 'a new build folder')
      assert.is(fs.existsSync(join(build, 'a.o')), false)
      assert.is(fs.readFileSync(join(build, 'processor.txt'), 'utf8'), own)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  },
)

stamp.run()
