// How long a run is expected to take, as it is said.
import * as assert from 'uvu/assert'

import { duration, expectedText } from '../../src/report/words/expected.ts'
import { suite } from '../support/suite.ts'

const expected = suite('expected time in words')

for (const [leastMs, mostMs, unknown, text] of [
  [0, 0, 0, ''],
  [0, 0, 2, 'their time is not known'],
  [42_400, 42_400, 0, 'about 42 s with -j2'],
  [42_400, 42_300, 1, 'about 42 s with -j2, and 1 whose time is not known'],
  [12_000, 42_000, 0, '12 s to 42 s with -j2'],
  [0, 42_000, 3, 'at most 42 s with -j2, and 3 whose time is not known'],
] as const)
  expected(`${leastMs} to ${mostMs} ms and ${unknown} unknown: '${text}'`, () => {
    const names = Array.from({ length: unknown }, (_, i) => `n${i}`)
    assert.is(expectedText({ jobs: 2, leastMs, mostMs, unknown: names }), text)
  })

for (const [ms, text] of [
  [3, '0.0 s'],
  [440, '0.4 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min'],
  [80_000, '1 min 20 s'],
  [3_600_000, '1 h 0 min'],
  [3_900_000, '1 h 5 min'],
] as const)
  expected(`${ms} ms are ${text}`, () => assert.is(duration(ms), text))

expected.run()
