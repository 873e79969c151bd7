import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { fileDigester, type ReadFile } from '../../../graph/host/digest-file.ts'
import { disk } from '../../../graph/host/disk.ts'
import { digestMany, lstatMany } from '../../../graph/host/many-files.ts'
import type { DigestedFile } from '../../../graph/host.ts'
import { suite } from '../../support/suite.ts'

const digests = suite('many-files')

const folder = mkdtempSync(join(tmpdir(), 'bitnet-digests-'))
digests.after(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const real = fileDigester()

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

// Slow as a cold disk, so that the threads get their share.
function slowly(path: string): ReadFile {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
  return real(path)
}

function digestAll(...args: Parameters<typeof digestMany>): (DigestedFile | undefined)[] {
  return [...digestMany(...args)]
}

// The first of all: no thread is awake yet, and one takes longer to start than the second file.
digests('nothing to digest, and a thread that finds nothing left', () => {
  assert.equal(digestAll([], real), [])
  const paths = [write('first', '1'), write('second', '2')]
  let own = 0
  const found = digestAll(paths, (path) => {
    own++
    // What is left seems worth a thread; it is there when all is done.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, path === paths[0] ? 100 : 0)
    return real(path)
  })
  assert.equal(
    found.map((each) => each?.digest),
    [sha256('1'), sha256('2')],
  )
  assert.is(own, 2)
})

digests('many files have the digests that each has alone, whichever thread took them', () => {
  const paths = Array.from({ length: 400 }, (_, i) =>
    write(`many-${i}`, Buffer.alloc(i % 7 === 0 ? 300_000 : i, i)),
  )
  let own = 0
  const found = digestAll(paths, (path) => {
    own++
    return slowly(path)
  })
  assert.is(found.length, 400)
  for (const [i, path] of paths.entries()) {
    assert.is(found[i]?.digest, real(path).digest)
    assert.equal(found[i]?.stat, disk().stat(path))
  }
  assert.is(found[0]?.digest, sha256(Buffer.alloc(300_000, 0)))
  assert.ok(own < 400, `all ${own} in this thread`)
})

digests('what cannot be read has no digest, and hides nothing else', () => {
  const good = Array.from({ length: 200 }, (_, i) => write(`good-${i}`, `${i}`))
  const fifo = join(folder, 'fifo')
  execFileSync('mkfifo', [fifo])
  const odd = [join(folder, 'gone'), folder, fifo]
  // Before the threads have started, and after.
  const asked = new Map<string, number>()
  const found = digestAll([...odd, ...good, ...odd], (path) => {
    asked.set(path, (asked.get(path) ?? 0) + 1)
    return slowly(path)
  })
  assert.is(found.length, 206)
  // Each was tried in this thread, whoever had tried before.
  for (const path of odd) assert.ok((asked.get(path) ?? 0) >= 2, path)
  for (const i of [0, 1, 2, 203, 204, 205]) assert.is(found[i], undefined)
  for (const i of good.keys()) assert.is(found[i + 3]?.digest, sha256(`${i}`))
})

digests('a file that vanishes meanwhile has no digest, a new one in its place its own', () => {
  const paths = Array.from({ length: 200 }, (_, i) => write(`moving-${i}`, `${i}`))
  const [gone, edited] = [paths.at(-1) as string, paths.at(-2) as string]
  const found = digestAll(paths, (path) => {
    if (path === paths[0]) {
      rmSync(gone)
      writeFileSync(`${edited}~`, 'edited')
      renameSync(`${edited}~`, edited)
    }
    return slowly(path)
  })
  assert.is(found[199], undefined)
  assert.is(found[198]?.digest, sha256('edited'))
  assert.is(found[198]?.stat.ino, disk().stat(edited)?.ino)
})

digests('a file that is written while it is read keeps the identity that it had before', () => {
  const path = write('growing', Buffer.alloc(20 * 1024 * 1024))
  const before = disk().stat(path)
  const fs = process.getBuiltinModule('node:fs')
  const { readSync } = fs
  let reads = 0
  const readThenWrite = ((...args: Parameters<typeof readSync>) => {
    if (reads++ === 1) appendFileSync(path, 'more')
    return readSync(...args)
  }) as typeof readSync
  fs.readSync = readThenWrite
  try {
    const [found] = digestAll([path], fileDigester())
    assert.equal(found?.stat, before)
    assert.is(reads > 2, true)
    assert.is.not(disk().stat(path)?.ctimeMs, before?.ctimeMs)
  } finally {
    fs.readSync = readSync
  }
})

digests('what the kernel makes up as it is read is read to its end', () => {
  assert.is(disk().stat('/proc/version')?.size, 0)
  assert.is(real('/proc/version').digest, sha256(readFileSync('/proc/version')))
  assert.is(real(write('empty', '')).digest, sha256(''))
})

digests('a large file is read in pieces', () => {
  for (const size of [256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1]) {
    const bytes = Buffer.alloc(size, 'a piece')
    assert.is(real(write('piece', bytes)).digest, sha256(bytes))
  }
  const bytes = Buffer.alloc(17 * 1024 * 1024 + 5, 'pieces')
  assert.is(real(write('large', bytes)).digest, sha256(bytes))
})

digests('a thread reads large files too', () => {
  const bytes = Buffer.alloc(9 * 1024 * 1024, 'large')
  const large = Array.from({ length: 4 }, (_, i) => write(`large-${i}`, bytes))
  const small = Array.from({ length: 100 }, (_, i) => write(`small-${i}`, `${i}`))
  const own: string[] = []
  const found = digestAll([...small, ...large], (path) => {
    own.push(path)
    // Longer than the others take all of them.
    if (large.includes(path)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    return slowly(path)
  })
  for (let i = 0; i < 4; i++) assert.is(found[100 + i]?.digest, sha256(bytes))
  assert.ok(own.filter((path) => large.includes(path)).length < 4)
})

digests('many files are as each is alone, whichever thread looked', () => {
  const paths = Array.from({ length: 400 }, (_, i) => write(`look-${i}`, `${i}`))
  const odd = [join(folder, 'gone'), join(folder, 'look-1/below'), folder]
  symlinkSync('look-2', join(folder, 'link'))
  const all = [...odd, ...paths, join(folder, 'link'), ...odd]
  // Started for the first, awake for the second, which has another list, and the third, which has the same.
  for (const asked of [paths, all, all]) {
    let own = 0
    const found = lstatMany(asked, (path) => {
      own++
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
      return lstatSync(path, { throwIfNoEntry: false })
    })
    const expected = asked.map((path) => (path.endsWith('below') ? undefined : disk().lstat(path)))
    assert.equal([...found], expected)
    assert.ok(own < 400, `all ${own} in this thread`)
  }
})

const DISK = join(import.meta.dirname, '../../../graph/host/disk.ts')

digests('a walk that finds very many files has threads begin, which hold no process', () => {
  mkdirSync(join(folder, 'walked/below'), { recursive: true })
  for (let i = 0; i < 1999; i++) write(`walked/${i}`, '')
  const walked = JSON.stringify(join(folder, 'walked'))
  const program = `import { disk } from ${JSON.stringify(DISK)}
const threads = process.getBuiltinModule('node:worker_threads')
let begun = 0
threads.Worker = class extends threads.Worker {
  constructor(...all) {
    super(...all)
    begun++
  }
}
const { glob } = disk()
const found = (pattern) => [glob([pattern], [], ${walked}).files.length, Math.min(1, begun)]
const few = found('**')
process.getBuiltinModule('node:fs').writeFileSync(${walked} + '/below/last', '')
console.log(JSON.stringify([few, found('*/**'), found('**'), found('**')]))`
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program])
  const helped = availableParallelism() > 1 ? 1 : 0
  assert.equal(JSON.parse(String(told)), [
    [1999, 0],
    [1, 0],
    [2000, helped],
    [2000, helped],
  ])
})

digests.run()
