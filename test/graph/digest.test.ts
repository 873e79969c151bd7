import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'

import {
  checksum,
  digestBytes,
  digestText,
  isDigestLoaded,
  loadDigest,
} from '../../graph/digest.ts'
import { copyGraph, SOURCES } from '../support/copy-graph.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

const digest = suite('digest')

// The same files as in the worker, but of another disk: every identity is another one, and one has
// to read. In this process nothing has loaded hasha so far.
async function afterAnotherProcess(): Promise<World> {
  const worker = new Worker(new URL('../support/ran-elsewhere.ts', import.meta.url))
  const [state] = (await once(worker, 'message')) as [Record<string, string>]
  const world = new World({ ...SOURCES, 'a.out': 'a' })
  world.host.disk.link('/w/b.so', 'a.out')
  for (const [name, text] of Object.entries(state)) world.host.disk.write(`${STATE}/${name}`, text)
  world.host.disk.removeFile(`${STATE}/snapshot`)
  return world
}

digest('what needs a digest before it is loaded waits for it', async () => {
  const world = await afterAnotherProcess()
  assert.is(isDigestLoaded(), false)
  assert.throws(() => digestText('a'), /^BUG: digestText before loadDigest$/)
  assert.throws(() => digestBytes(Buffer.from('a')), /^BUG: digestBytes before loadDigest$/)
  assert.equal(await world.reasons(copyGraph), {})
  assert.is(isDigestLoaded(), true)
})

digest('a digest is SHA-256 in hex', async () => {
  await loadDigest()
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
