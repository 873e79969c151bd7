// What is said of the cache: one is one, and more are more.
import * as assert from 'uvu/assert'

import { checkText, clearText, sweptText } from '../../../src/report/words/cache.ts'
import { suite } from '../../support/suite.ts'

const words = suite('words about the cache')

words('one is one, and more are more', () => {
  assert.is(clearText({ entries: 1, bytes: 1 }), 'removed 1 result, 1 byte\n')
  assert.is(clearText({ entries: 2, bytes: 2048 }), 'removed 2 results, 2 KiB\n')
  assert.is(
    sweptText({ removed: 1, removedBytes: 10, entries: 1, bytes: 1536 }),
    'removed 1 result, 10 bytes; 1 is left, 1.5 KiB\n',
  )
  assert.is(
    checkText({ entries: 1, files: 1, bytes: 0, damaged: [] }),
    'the cache is whole: 1 result, 1 larger file, 0 bytes\n',
  )
})

words.run()
