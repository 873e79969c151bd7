import * as assert from 'uvu/assert'

import { keyReader } from '../../src/key-reader.ts'
import { suite } from '../support/suite.ts'

const keys = suite('keys of a terminal')

const READS: readonly (readonly [string, readonly string[], string])[] = [
  ['letters typed fast come one by one', ['rl', 'q'], 'rlq'],
  [
    'an arrow, End, F1, F5, Delete and Ctrl-Right are no letters',
    ['\x1b[A\x1b[F\x1bOP\x1b[15~\x1b[3~\x1b[1;5C'],
    '',
  ],
  ['Alt and a letter is not that letter', ['\x1bq', '\x1bf', 'l'], 'l'],
  ['Escape alone is no key', ['\x1b', 'e'], 'e'],
  [
    'what is pasted is no key, however it is cut',
    ['r\x1b[200~quit', ' for q', 'ever\x1b[201~l'],
    'rl',
  ],
  ['Ctrl-C is heard in a paste without an end', ['\x1b[200~q', '\x03'], '\x03'],
  ['Ctrl-C behind Escape is heard', ['\x1b\x03'], '\x03'],
]
for (const [title, reads, expected] of READS)
  keys(title, () => {
    const read = keyReader()
    assert.is(reads.flatMap((one) => read(one)).join(''), expected)
  })

keys.run()
