// wireit's scenarios of its local cache in our words: when outputs come back without a run.
import * as assert from 'uvu/assert'

import { defineGraph, type Graph, sh, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, type Ran, STATE, World } from '../support/world.ts'

const caching = suite('wireit: caching')

const one = (spec: TaskSpec): Graph =>
  defineGraph({ tasks: [task('a', () => ({ inputs: ['a.in'], ...spec }))] })

const run = (world: World, graph: Graph): Promise<Ran> => world.run(graph, { cache: true })

/** Runs with the input 0, then with 1, then with 0 again; the world and what the third run did. */
async function thereAndBack(graph: Graph, world: World = new World()): Promise<[World, Ran]> {
  for (const text of ['0', '1']) {
    world.edit('a.in', text)
    assert.equal((await run(world, graph)).started, ['a'])
  }
  world.edit('a.in', '0')
  return [world, await run(world, graph)]
}

caching('a file comes back, and the command does not run', async () => {
  const graph = one({ outputs: ['a.out'], run: sh`cat a.in > a.out` })
  const [world, { outcomes, started }] = await thereAndBack(graph)
  assert.equal([outcomes, started], [{ a: 'restored' }, []])
  assert.is(world.read('a.out'), '0')
  assert.equal((await run(world, graph)).outcomes, { a: 'fresh' })
})

caching('a large file comes back', async () => {
  const large = 'x'.repeat(1_000_000)
  const graph = one({ outputs: ['a.out'], run: sh`cat a.in ${`${large}.`} > a.out` })
  const world = new World({ [`${large}.`]: large })
  await thereAndBack(graph, world)
  assert.is(world.read('a.out'), `0${large}`)
})

caching('what the output patterns name comes back, and nothing else', async () => {
  const graph = one({
    outputs: ['out/**', '!out/sub/**', 'out/sub/back*'],
    run: sh`cat a.in > out/x && cat a.in > out/sub/y && cat a.in > out/sub/back`,
  })
  const [world] = await thereAndBack(graph, new World({ 'out/sub/y': '' }))
  assert.equal(world.host.disk.tree(`${FOLDER}/out`), { x: '0', 'sub/y': '1', 'sub/back': '0' })
})

caching(
  'what it made meanwhile is gone when the rest comes back, with clean: false too',
  async () => {
    for (const clean of [true, false]) {
      const graph = one({ outputs: ['out/**'], clean, run: sh`make` })
      const world = new World({ 'out/x': '' })
      world.host.disk.removeFile(`${FOLDER}/out/x`)
      world.host.shell.commands.set('make', () => {
        world.write(`out/${world.read('a.in')}`, '')
        if (clean === false && world.read('a.in') === '1')
          world.host.disk.removeFile(`${FOLDER}/out/0`)
        return undefined
      })
      const [, { outcomes }] = await thereAndBack(graph, world)
      assert.equal(outcomes, { a: 'restored' })
      assert.equal(world.host.disk.tree(`${FOLDER}/out`), { 0: '' })
    }
  },
)

caching(
  'a task without outputs, as a test, does not run again for inputs it did well with',
  async () => {
    const [, { outcomes }] = await thereAndBack(one({ run: sh`true` }))
    assert.equal(outcomes, { a: 'restored' })
  },
)

caching('store: false and always: true keep nothing', async () => {
  for (const spec of [{ store: false }, { always: true }]) {
    const [world, { outcomes }] = await thereAndBack(one({ ...spec, run: sh`true` }))
    assert.equal(outcomes, { a: 'unchanged' })
    assert.is(world.host.disk.stat(`${STATE}/cache/ac`), undefined)
  }
})

caching('links to files, to folders and to nothing come back as links', async () => {
  const graph = one({
    outputs: ['file', 'folder', 'nothing'],
    run: sh`cat a.in && ln target/x file && ln target folder && ln gone nothing`,
  })
  const [world, { outcomes }] = await thereAndBack(graph, new World({ 'target/x': 'stays' }))
  assert.equal(outcomes, { a: 'restored' })
  const links = ['file', 'folder', 'nothing'].map((name) =>
    world.host.disk.readLink(`${FOLDER}/${name}`),
  )
  assert.equal(links, ['target/x', 'target', 'gone'])
})

caching('without the cache nothing is stored and nothing comes back', async () => {
  const graph = one({ outputs: ['a.out'], run: sh`cat a.in > a.out` })
  const [world] = await thereAndBack(graph)
  world.edit('a.in', '1')
  assert.equal((await world.run(graph, { cache: false })).outcomes, { a: 'changed' })
  world.edit('a.in', '2')
  await world.run(graph, { cache: false })
  world.edit('a.in', '1')
  await run(world, graph)
  world.edit('a.in', '2')
  assert.equal((await run(world, graph)).outcomes, { a: 'changed' })
})

caching('a damaged entry is a miss and not an output: wireit hands it out', async () => {
  const long = '0'.repeat(5000)
  const graph = one({ outputs: ['a.out'], run: sh`cat a.in > a.out` })
  const world = new World({ 'a.in': long })
  await run(world, graph)
  const blobs = Object.keys(world.host.disk.tree(`${STATE}/cache/cas`))
  assert.is(blobs.length, 1)
  world.host.disk.corrupt(`${STATE}/cache/cas/${blobs[0]}`, 'damaged')
  world.remove('a.out')
  assert.equal((await run(world, graph)).outcomes, { a: 'unchanged' })
  assert.is(world.read('a.out'), long)
})

caching('an output that is only a folder is refused: name its files', async () => {
  const world = new World({ 'a.in': '' })
  const graph = one({ outputs: ['empty'], run: sh`make` })
  world.host.shell.commands.set('make', () => {
    world.host.disk.makeFolder(`${FOLDER}/empty`)
    return undefined
  })
  const { failures } = await run(world, graph)
  assert.match(failures['a']?.message ?? '', /'\/w\/empty' is a folder, not a file/)
})

caching.run()
