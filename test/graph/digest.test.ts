import * as assert from 'uvu/assert'

import { checksum, digestBytes, digestText } from '../../graph/digest.ts'
import { suite } from '../support/suite.ts'

const digest = suite('digest')

digest('a digest is SHA-256 in hex', () => {
  const known = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.is(digestText('abc'), known)
  assert.is(digestBytes(Buffer.from('abc')), known)
})

digest('a checksum has eight digits, and no change of one byte keeps it', () => {
  const bytes = Buffer.from('a line of the journal')
  const right = checksum(bytes)
  assert.match(right, /^[0-9a-f]{8}$/)
  assert.match(checksum(''), /^[0-9a-f]{8}$/)
  for (let at = 0; at < bytes.length; at++)
    for (let value = 0; value < 256; value++) {
      const changed = Buffer.from(bytes)
      changed[at] = value
      assert.is(checksum(changed) === right, changed.equals(bytes))
    }
})

digest.run()
