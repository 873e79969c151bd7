import * as assert from 'uvu/assert'

import { defineGraph, runGraph, sh, task } from '../../graph/index.ts'
import { Snapshot } from '../../graph/snapshot.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const copy = defineGraph({
  tasks: [
    task('copy', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` })),
  ],
})

const racy = suite('snapshot')

for (const tickNs of [1n, 4_000_000n, 10_000_000n, 1_000_000_000n, 2_000_000_000n])
  racy(
    `an edit of the same size in the same tick is seen, when a tick is ${tickNs} ns`,
    async () => {
      const world = new World()
      world.host.clock.tickNs = tickNs
      const { disk, clock } = world.host
      for (let edit = 0; edit < 40; edit++) {
        // Any moment within a tick, and any moment at which it is looked at.
        clock.advance(edit * 37.3)
        world.write('a.in', `${1000 + edit}`)
        clock.advance(edit % 3)
        await world.run(copy, {
          report: (event) => event.type === 'done' && clock.advance(edit % 5),
        })
        const before = disk.stat('/w/a.in')
        world.write('a.in', `${2000 + edit}`)
        const isSameTick = disk.stat('/w/a.in')?.mtimeMs === before?.mtimeMs
        assert.is((await world.run(copy)).started.length, 1, `edit ${edit}, same: ${isSameTick}`)
        assert.is(world.read('a.out'), `${2000 + edit}`)
      }
    },
  )

racy('an edit in the same second is seen where a file system keeps whole seconds', async () => {
  const world = new World()
  const { disk, clock } = world.host
  clock.tickNs = 1_000_000_000n
  clock.advance(1000 - (clock.now() % 1000))
  world.write('a.in', 'one')
  const before = disk.stat('/w/a.in')
  clock.advance(200)
  await runGraph(world.session(copy), { targets: [] })
  clock.advance(200)
  await runGraph(world.session(copy), { targets: [] })
  clock.advance(200)
  world.write('a.in', 'two')
  assert.equal(disk.stat('/w/a.in'), before)
  await runGraph(world.session(copy), { targets: [] })
  assert.is(world.read('a.out'), 'two')
})

racy('an edit right after the look, in the tick of the write, is seen', async () => {
  const world = new World({ 'a.in': 'one' })
  const { clock } = world.host
  clock.tickNs = 20_000_000n
  for (const text of ['two', 'six', 'ten']) {
    world.write('a.in', text)
    world.write('a.in', 'old')
    const { promise, resolve } = Promise.withResolvers<void>()
    await Promise.all([
      world.run(copy, { report: (event) => event.type === 'done' && resolve() }),
      promise,
    ])
    world.write('a.in', text)
    assert.is((await world.run(copy)).started.length, 1)
    assert.is(world.read('a.out'), text)
  }
})

racy('an edit whose mtime is set back is seen', async () => {
  const world = new World({ 'a.in': 'one' })
  const { disk } = world.host
  await world.run(copy)
  await world.run(copy)
  const before = disk.stat('/w/a.in')!
  world.edit('a.in', 'two')
  disk.setMtime('/w/a.in', before.mtimeMs)
  assert.is(disk.stat('/w/a.in')?.mtimeMs, before.mtimeMs)
  world.pause()
  assert.is((await world.run(copy)).started.length, 1)
})

racy('an edit that moves the mtime by less than a millisecond is seen', async () => {
  const world = new World()
  const { disk, clock } = world.host
  clock.tickNs = 1n
  world.write('a.in', 'one')
  const { mtimeMs, ctimeMs } = disk.stat('/w/a.in')!
  world.pause()
  await world.run(copy)
  await world.run(copy)
  world.write('a.in', 'two')
  const stat = disk.stat.bind(disk)
  disk.stat = (path) => {
    const now = stat(path)
    return now && path === '/w/a.in' ? { ...now, mtimeMs: mtimeMs + 0.001, ctimeMs } : now
  }
  assert.is((await world.run(copy)).started.length, 1)
})

racy('a file that is replaced under the same times and size is seen by its inode', async () => {
  const world = new World({ 'a.in': 'one' })
  const { disk } = world.host
  await world.run(copy)
  await world.run(copy)
  const { mtimeMs, ctimeMs } = disk.stat('/w/a.in')!
  disk.replace('/w/a.in', 'two')
  const stat = disk.stat.bind(disk)
  disk.stat = (path) => {
    const now = stat(path)
    return now && path === '/w/a.in' ? { ...now, mtimeMs, ctimeMs } : now
  }
  assert.is((await world.run(copy)).started.length, 1)
})

racy('a file that is written while it is read is not remembered as it was', async () => {
  const world = new World({ 'a.in': 'one' })
  const { disk } = world.host
  await world.run(copy)
  world.edit('a.in', 'two')
  const digest = disk.digest.bind(disk)
  disk.digest = (path) => {
    const found = digest(path)
    if (path === '/w/a.in') world.write('a.in', 'six')
    return found
  }
  await world.run(copy)
  disk.digest = digest
  await world.run(copy)
  assert.is(world.read('a.out'), 'six')
  assert.equal((await world.run(copy)).started, [])
})

racy(
  'of many files that are read at once, one that is written meanwhile is read again',
  async () => {
    const all = defineGraph({
      tasks: [
        task('all', () => ({ inputs: ['d/*.in'], outputs: ['out'], run: sh`cat d/7.in > out` })),
      ],
    })
    for (const edited of ['six', 'longer']) {
      const world = new World()
      const { disk } = world.host
      for (let i = 0; i < 100; i++) world.write(`d/${i}.in`, 'two')
      world.pause()
      const digestMany = disk.digestMany.bind(disk)
      disk.digestMany = (paths) => {
        const found = digestMany(paths)
        world.write('d/7.in', edited)
        return found
      }
      await world.run(all)
      disk.digestMany = digestMany
      assert.equal(world.host.disk.readAtOnce, [100])
      // It ran with what was not digested: that counts as an edit while it ran.
      assert.equal((await world.run(all)).started, ['all'])
      assert.is(world.read('out'), edited)
      assert.equal((await world.run(all)).started, [])
    }
  },
)

racy('of many files, those that have the bytes of a moment ago are not read again', async () => {
  const all = defineGraph({ tasks: [task('all', () => ({ inputs: ['d/*.in'], run: sh`true` }))] })
  const world = new World()
  const { disk } = world.host
  for (let i = 0; i < 200; i++) world.write(`d/${i}.in`, `${i}`)
  world.pause()
  await world.run(all)
  disk.digested.length = 0
  for (let i = 0; i < 100; i++) world.edit(`d/${i}.in`, 'new')
  world.pause()
  assert.equal((await world.run(all)).started, ['all'])
  assert.equal([disk.readAtOnce, disk.digested.length], [[200, 100], 100])
})

racy('a file that a glob finds in the tick in which its folder was looked at is seen', async () => {
  const world = new World({ 'src/a.c': 'a' })
  const { clock } = world.host
  clock.tickNs = 20_000_000n
  const graph = defineGraph({
    tasks: [task('list', () => ({ inputs: ['src/**/*.c', '!src/no/**'], run: sh`true` }))],
  })
  for (let i = 0; i < 30; i++) {
    clock.advance(i * 7.7)
    world.write(`src/deep/${i}.c`, 'x')
    clock.advance(i % 3)
    await world.run(graph)
    clock.advance(i % 4)
    world.write(`src/deep/${i}-b.c`, 'x')
    assert.equal((await world.run(graph)).started, ['list'], `${i}`)
    world.host.disk.removeFile(`/w/src/deep/${i}-b.c`)
    assert.equal((await world.run(graph)).started, ['list'], `${i}`)
  }
})

racy('files that stand still are digested once', async () => {
  const world = new World({ 'a.in': 'one' })
  await world.run(copy)
  await world.run(copy)
  world.host.disk.digested.length = 0
  world.host.disk.touch('/w/a.in')
  world.pause()
  await world.run(copy)
  await world.run(copy)
  assert.equal(world.host.disk.digested, ['/w/a.in'])
})

racy('what was learned while waiting for nobody is kept when something has to run', async () => {
  const world = new World({ 'a.in': 'one', 'b.in': 'b' })
  const b = task('b', () => ({ inputs: ['b.in', 'b?.in?'], run: sh`true` }))
  const c = task('c', () => ({ needs: [b()], env: ['C'], run: sh`true` }))
  const graph = defineGraph({ tasks: [b, c] })
  await world.run(graph)
  await world.run(graph)
  world.host.disk.touch('/w/b.in')
  world.pause()
  world.host.env['C'] = 'changed'
  world.host.disk.digested.length = 0
  assert.equal((await world.run(graph)).started, ['c'])
  assert.equal(world.host.disk.digested, ['/w/b.in'])
})

const worth: Readonly<Record<string, [files: number, bytes: number, isWorth: boolean]>> = {
  nothing: [0, 0, false],
  'few files of many': [10, 100, false],
  'many files': [50, 100, true],
  'a large file': [1, 2 ** 21, true],
}

for (const [what, [count, bytes, isWorth]] of Object.entries(worth))
  racy(`what was learned is saved when that is quicker than to read it again: ${what}`, () => {
    const first = new Snapshot('boot')
    const stat = new World({ 'a.in': 'a' }).host.disk.stat('/w/a.in')!
    const learn = (snapshot: Snapshot, path: string, size: number) =>
      snapshot.remember(path, { ...stat, size }, 'f', stat.mtimeMs * 2)
    for (let i = 0; i < 1000; i++) learn(first, `/w/${i}`, 1)
    assert.ok(first.isWorthSaving)
    const snapshot = Snapshot.load(
      first.save(() => true),
      'boot',
    )
    for (let i = 0; i < count; i++) learn(snapshot, `/w/${i}`, bytes)
    assert.is(snapshot.isWorthSaving, isWorth)
  })

racy.run()
