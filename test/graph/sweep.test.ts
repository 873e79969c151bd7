// The limits of a cache, and what a person does with it.
import * as assert from 'uvu/assert'

import {
  cacheStats,
  clearCache,
  defineGraph,
  type Graph,
  GraphError,
  sh,
  sweepCache,
  task,
  verifyCache,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

const CACHE = `${STATE}/cache`
const DAY = 86_400_000
const LARGE = 'x'.repeat(10_000)
const CARE = { wait: false }

const graphWith = (cache: object): Graph => {
  const a = task('a', () => ({ inputs: ['a.in'], outputs: ['o'], run: sh`cat a.in > o` }))
  return defineGraph({ tasks: [a], cache })
}
const graph = graphWith({})

/** Runs under each text, one after the other. */
async function after(texts: readonly string[], own = graph): Promise<World> {
  const world = new World()
  for (const text of texts) await at(world, text, own)
  return world
}

async function at(world: World, text: string, own = graph): Promise<string | undefined> {
  world.edit('a.in', text)
  return (await world.run(own, { cache: true })).outcomes['a']
}

const sweep = suite('sweep')

sweep('`gc` within the limits removes nothing', async () => {
  const world = await after(['1', `2${LARGE}`])
  const before = cacheStats(world.session(graph))
  assert.equal([before.entries, before.files], [2, 1])
  const swept = await sweepCache(world.session(graph), CARE)
  assert.equal([swept.removed, swept.entries, swept.removedBytes], [0, 2, 0])
  assert.is(await at(world, '1'), 'restored')
})

sweep('what was of use longest ago goes first, and to nine tenths', async () => {
  const texts = ['1', '2', '3', '4', '5'].map((digit) => digit + LARGE)
  const world = await after(texts)
  assert.is(await at(world, texts[0] as string), 'restored')
  const own = graphWith({ maxBytes: 40_000 })
  const swept = await sweepCache(world.session(own), CARE)
  assert.equal([swept.removed, swept.entries], [2, 3])
  assert.ok(swept.bytes <= 36_000 && swept.bytes >= 30_000)
  assert.is(Object.keys(world.host.disk.tree(`${CACHE}/cas`)).length, 3)
  for (const text of ['5', '4', '1']) assert.is(await at(world, text + LARGE), 'restored', text)
  for (const text of ['2', '3']) assert.is(await at(world, text + LARGE), 'changed', text)
})

sweep('what was not of use for so many days goes', async () => {
  const world = await after(['1', '2'])
  world.host.clock.advance(20 * DAY)
  assert.is(await at(world, '1'), 'restored')
  world.host.clock.advance(20 * DAY)
  assert.is((await sweepCache(world.session(graph), CARE)).removed, 1)
  assert.is(await at(world, '2'), 'changed')
  assert.is(await at(world, '1'), 'restored')
})

sweep('a file that two keys share is counted once, and stays while one needs it', async () => {
  const shared = task('shared', () => ({ inputs: ['a.in'], outputs: ['o'], run: sh`cat l.in > o` }))
  const own = defineGraph({ tasks: [shared], cache: { maxAgeDays: 10 } })
  const world = new World({ 'l.in': LARGE })
  const run = async (text: string): Promise<string | undefined> => {
    world.edit('a.in', text)
    return (await world.run(own, { cache: true })).outcomes['shared']
  }
  await run('1')
  world.host.clock.advance(8 * DAY)
  await run('2')
  const stats = cacheStats(world.session(own))
  assert.equal([stats.entries, stats.files], [2, 1])
  assert.ok(stats.bytes < 12_000)
  world.host.clock.advance(8 * DAY)
  assert.is((await sweepCache(world.session(own), CARE)).removed, 1)
  assert.is(await run('1'), 'unchanged')
  world.host.disk.removeFile('/w/o')
  assert.is(await run('2'), 'restored')
  assert.is(world.read('o'), LARGE)
})

sweep('a run that made it too large sweeps by itself, also one day later', async () => {
  const own = graphWith({ maxBytes: 45_000, maxAgeDays: 1 })
  const world = await after(
    ['1', '2', '3', '4', '5', '6'].map((digit) => digit + LARGE),
    own,
  )
  const { entries, bytes } = cacheStats(world.session(own))
  assert.ok(bytes <= 45_000 && entries >= 2, `${entries} ${bytes}`)
  world.host.clock.advance(3 * DAY)
  await at(world, 'small', own)
  assert.is(cacheStats(world.session(own)).entries, 1)
})

sweep('one node that would take more than a quarter is not stored', async () => {
  const world = await after([LARGE, 'small'], graphWith({ maxBytes: 39_999 }))
  assert.is(cacheStats(world.session(graph)).entries, 1)
})

sweep('what a kill left in it goes; the rest stays', async () => {
  const world = await after([`1${LARGE}`])
  const { disk } = world.host
  const [name = ''] = Object.keys(disk.tree(`${CACHE}/cas`))
  disk.write(`${CACHE}/cas/${name}.part`, 'half')
  disk.write(`${CACHE}/cas/00/00${'1'.repeat(62)}-3`, 'abc')
  await sweepCache(world.session(graph), CARE)
  assert.equal(Object.keys(disk.tree(`${CACHE}/cas`)), [name])
})

sweep('a sweep that is killed at any step leaves a cache that serves nothing wrong', async () => {
  const texts = ['1', '2', '3'].map((digit) => digit + LARGE)
  const own = graphWith({ maxBytes: 25_000 })
  let wasKilled = true
  for (let point = 0; wasKilled; point++) {
    const world = await after(texts)
    let left = point
    world.host.disk.fault = () => {
      if (left-- <= 0) throw new Error('killed')
      return undefined
    }
    await sweepCache(world.session(own), CARE).catch(() => {})
    world.host.disk.fault = () => undefined
    wasKilled = left < 0
    for (const text of texts) {
      await at(world, text)
      assert.is(world.read('o'), text, `killed at ${point}`)
    }
  }
})

sweep(
  '`verify` finds what is damaged, moves it into quarantine, and says what is left',
  async () => {
    const world = await after([`1${LARGE}`, `2${LARGE}`, 'small'])
    const { disk } = world.host
    const whole = await verifyCache(world.session(graph), CARE)
    assert.equal([whole.entries, whole.files, whole.damaged], [3, 2, []])
    const [name = ''] = Object.keys(disk.tree(`${CACHE}/cas`))
    disk.write(`${CACHE}/cas/${name}`, 'y'.repeat(10_001))
    const line = `${'0'.repeat(8)} A\x1f${'a'.repeat(64)}`
    disk.write(`${CACHE}/ac/a`, `${disk.readText(`${CACHE}/ac/a`) ?? ''}${line}\n`)
    const found = await verifyCache(world.session(graph), CARE)
    assert.equal(found.damaged, ['a line of ac/a', `cas/${name}`])
    assert.equal([found.entries, found.files], [2, 1])
    assert.is(disk.readText(`${CACHE}/quarantine/lines-a`), `${line}\n`)
    assert.equal((await verifyCache(world.session(graph), CARE)).damaged, [])
    const { quarantined } = cacheStats(world.session(graph))
    assert.is(quarantined.files, 2)
    world.host.clock.advance(2 * DAY)
    await sweepCache(world.session(graph), CARE)
    assert.is(cacheStats(world.session(graph)).quarantined.files, 0)
  },
)

sweep('`clean` empties it; outputs and records stay', async () => {
  const world = await after(['1', '2'])
  assert.is((await clearCache(world.session(graph), CARE)).entries, 2)
  assert.is(cacheStats(world.session(graph)).bytes, 0)
  assert.equal((await world.run(graph, { cache: true })).outcomes, { a: 'fresh' })
  assert.is(await at(world, '1'), 'changed')
})

sweep('nothing is made to find out that there is nothing', async () => {
  const world = new World()
  const session = world.session(graph)
  assert.equal((await verifyCache(session, CARE)).damaged, [])
  assert.is((await sweepCache(session, CARE)).entries, 0)
  assert.is((await clearCache(session, CARE)).entries, 0)
  assert.is(world.host.disk.list(STATE), undefined)
})

sweep('while a run holds the state folder, it is not touched', async () => {
  const world = await after(['1'])
  const lock = await world.host.locks.acquire(`${STATE}/lock`, {
    purpose: 'run',
    mark: 'm',
    wait: false,
  })
  for (const act of [verifyCache, sweepCache, clearCache])
    try {
      await act(world.session(graph), CARE)
      assert.unreachable()
    } catch (error) {
      assert.is(error instanceof GraphError && error.code, 'locked')
    }
  await lock.release()
})

sweep('a limit that is none is refused', () => {
  for (const cache of [{ maxBytes: -1 }, { maxAgeDays: Number.NaN }, { maxByte: 1 }])
    assert.throws(() => graphWith(cache), /the limit 'max/)
})

sweep.run()
