import * as assert from 'uvu/assert'

import { checksum, digestBytes, digestText } from '../../graph/digest.ts'
import { defineGraph, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

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

digest('the checksum of something long has eight digits too, for text as for its bytes', () => {
  const bytes = Buffer.alloc(1024 * 1024 + 3, 'a long line')
  const right = checksum(bytes)
  assert.match(right, /^[0-9a-f]{8}$/)
  assert.is(checksum(bytes.toString('latin1')), right)
  for (const at of [0, 500_000, bytes.length - 1]) {
    const changed = Buffer.from(bytes)
    changed[at] = 0
    assert.is.not(checksum(changed), right)
  }
})

const MANY = defineGraph({
  tasks: [
    task('many', () => ({ inputs: ['d/*.in'], outputs: ['out'], run: sh`cat d/7.in > out` })),
  ],
})

digest('a node with much to read has it read at once, and only once', async () => {
  const world = new World()
  for (let i = 0; i < 100; i++) world.write(`d/${i}.in`, `${i}`.padEnd(300_000, '.'))
  world.write('d/large.in', ''.padEnd(9_000_000, '.'))
  const { disk, clock } = world.host
  clock.advance(1000)
  await world.run(MANY)
  assert.equal(disk.readAtOnce, [101])
  world.write('d/7.in', 'another')
  clock.advance(1000)
  const [reason, ...others] = (await world.reasons(MANY))['many'] ?? []
  assert.equal([reason?.kind, others], ['input-changed', []])
  assert.equal(disk.readAtOnce, [101])
})

digest.run()
