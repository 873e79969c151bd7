import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { digestMany } from '../../../graph/host/digests.ts'
import { disk } from '../../../graph/host/disk.ts'
import { suite } from '../../support/suite.ts'

const digests = suite('digests')

const folder = mkdtempSync(join(tmpdir(), 'bitnet-digests-'))
digests.after(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

digests('many files have the digests that each has alone, whichever thread took them', () => {
  const paths = Array.from({ length: 400 }, (_, i) =>
    write(`many-${i}`, Buffer.alloc(i % 7 === 0 ? 300_000 : i, i)),
  )
  let own = 0
  const real = disk()
  // Slow as a cold disk, so that the threads get their share.
  const found = digestMany(paths, (path) => {
    own++
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    return real.digest(path)
  })
  assert.is(found.size, 400)
  for (const path of paths) assert.is(found.get(path), real.digest(path))
  assert.is(
    found.get(paths[0] as string),
    createHash('sha256').update(Buffer.alloc(300_000, 0)).digest('hex'),
  )
  assert.ok(own < 400, `all ${own} in this thread`)
})

digests('what cannot be read is left out, and hides nothing else', () => {
  const good = Array.from({ length: 50 }, (_, i) => write(`good-${i}`, `${i}`))
  const gone = join(folder, 'gone')
  const found = digestMany([gone, ...good, folder], disk().digest)
  assert.equal([...found.keys()].sort(), [...good].sort())
})

digests.run()
