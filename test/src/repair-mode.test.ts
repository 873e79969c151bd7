// When a repair runs: the flag, CI, and whether the backend is there.
import * as assert from 'uvu/assert'

import { type RepairMode, repairMode, shouldRepair } from '../../src/preflight/repair-mode.ts'
import { suite } from '../support/suite.ts'

const mode = suite('repair mode')

mode('AC-024 auto repairs what is missing and leaves what is there', () => {
  assert.is(shouldRepair('auto', false), true)
  assert.is(shouldRepair('auto', true), false)
})

mode('AC-025 never repairs nothing', () => {
  assert.is(shouldRepair('never', false), false)
  assert.is(shouldRepair('never', true), false)
})

mode('AC-026 always repairs, there or not', () => {
  assert.is(shouldRepair('always', false), true)
  assert.is(shouldRepair('always', true), true)
})

mode('AC-027 an explicit mode wins over CI, in both directions', () => {
  const modes: readonly RepairMode[] = ['auto', 'never', 'always']
  for (const explicit of modes) {
    assert.is(repairMode(explicit, { CI: 'true' }), explicit)
    assert.is(repairMode(explicit, {}), explicit)
  }
})

mode('AC-029 without a flag and outside CI it is auto', () => {
  assert.is(repairMode(undefined, {}), 'auto')
  assert.is(repairMode(undefined, { HOME: '/home/you', CIRCLE: '1', NOT_CI: '1' }), 'auto')
})

const CI_VARIABLES = [
  [31, 'CI'],
  [32, 'GITHUB_ACTIONS'],
  [33, 'JENKINS_HOME'],
  [34, 'GITLAB_CI'],
  [35, 'CIRCLECI'],
] as const
for (const [line, name] of CI_VARIABLES)
  mode(
    `AC-028 AC-0${line} without a flag it is never where ${name} is present, whatever it says`,
    () => {
      for (const value of ['true', '1', 'false', ''])
        assert.is(repairMode(undefined, { [name]: value }), 'never', `${name}=${value}`)
      assert.is(repairMode(undefined, { [name]: undefined }), 'auto')
    },
  )

mode('AC-030 a mode that nobody knows repairs nothing', () => {
  for (const unknown of ['sometimes', 'AUTO', '', 'true '])
    for (const isAvailable of [true, false])
      assert.is(shouldRepair(repairMode(unknown as RepairMode, {}), isAvailable), false, unknown)
})

mode.run()
