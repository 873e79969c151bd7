// The files of the cache that hold lines: more of them where more is stored, and never a line lost on the way.
import * as assert from 'uvu/assert'

import { Cache } from '../../graph/cache.ts'
import { CACHE_LIMITS } from '../../graph/cache-limits.ts'
import { type Stored, storedLine } from '../../graph/cache-lines.ts'
import { inventory } from '../../graph/inventory.ts'
import { sweep } from '../../graph/sweep.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const CACHE = '/w/cache'
const MOST_BYTES = 512 * 1024
const UNAGED = { ...CACHE_LIMITS, maxAgeDays: 30_000 }

// Each line takes some 53 kB: ten fill a file.
function stored(i: number, start = 'a'): Stored {
  const key = `${start}${((i * 7919) % 65536).toString(16).padStart(4, '0')}${'0'.repeat(63)}`
  const content = Buffer.alloc(40_000, 'x')
  const output = { path: 'o', state: `f${'1'.repeat(64)}`, mode: 0o644, size: 40_000, content }
  const common = { ms: 1, at: i, discovered: [], outputs: [output] }
  return { key: key.slice(0, 64), fingerprint: `${i}`, ...common }
}

const opened = ({ host }: World): Cache => new Cache(host, CACHE, CACHE_LIMITS)

function add(world: World, all: readonly Stored[]): void {
  const cache = opened(world)
  for (const one of all) cache.add(one)
  cache.close()
}

const many = (count: number, start?: string): readonly Stored[] =>
  Array.from({ length: count }, (_, i) => stored(i, start))

function missing(world: World, all: readonly Stored[]): readonly string[] {
  const cache = opened(world)
  const isThere = ({ key, fingerprint }: Stored): boolean =>
    cache.find(key).some((one) => one.fingerprint === fingerprint)
  return all.filter((one) => !isThere(one)).map(({ key }) => key)
}

const names = (world: World): readonly string[] =>
  Object.keys(world.host.disk.tree(`${CACHE}/ac`)).sort()

const sizes = (world: World): readonly number[] =>
  names(world).map((name) => Number(world.host.disk.stat(`${CACHE}/ac/${name}`)?.size))

const place = ({ host: { disk, clock } }: World) => ({ disk, clock, folder: CACHE })

const shards = suite('shards')

shards('a file that has grown large hands on its lines to longer names; all are found', () => {
  const world = new World()
  add(world, many(9))
  assert.equal(names(world), ['a'])
  const all = many(250)
  for (let at = 9; at < all.length; at += 10) add(world, all.slice(at, at + 10))
  assert.equal(missing(world, all), [])
  assert.ok(names(world).some((name) => name.length === 3))
  assert.ok(sizes(world).every((size) => size <= MOST_BYTES))
  assert.is(inventory(world.host.disk, CACHE).kept.length, 250)
})

shards('what is stored last for a key is found first, wherever its lines lie', () => {
  const world = new World()
  const older = { ...stored(1), fingerprint: 'older' }
  add(world, [older, ...many(13)])
  assert.ok(names(world).length > 1)
  const newer = { ...stored(1), fingerprint: 'newer', at: 50 }
  add(world, [newer])
  const found = opened(world).find(older.key)
  assert.equal(
    found.map(({ fingerprint }) => fingerprint),
    ['newer', '1', 'older'],
  )
  // A sweep leaves them in this order.
  sweep(place(world), UNAGED)
  assert.is(opened(world).find(older.key)[0]?.fingerprint, 'newer')
})

shards(
  'a cache of before, in sixteen files of any size, is read as it is, and split by a run',
  () => {
    const world = new World()
    const all = many(90)
    world.host.disk.write(`${CACHE}/ac/a`, all.map(storedLine).join(''))
    assert.equal(missing(world, all), [])
    assert.equal(names(world), ['a'])
    add(world, [stored(90)])
    assert.equal(missing(world, [...all, stored(90)]), [])
    assert.ok(sizes(world).every((size) => size <= MOST_BYTES))
    assert.is(sizes(world)[0], 0)
  },
)

shards('what looks like no line stays where it is', () => {
  const world = new World()
  const odd = storedLine(stored(1, 'b'))
  const torn = `00000000 A\x1f${'a'.repeat(20)}`
  world.host.disk.write(
    `${CACHE}/ac/a`,
    `${torn}\n${odd}${many(13).map(storedLine).join('')}${torn}`,
  )
  add(world, [stored(200)])
  assert.equal(missing(world, many(13)), [])
  assert.is(world.host.disk.readText(`${CACHE}/ac/a`), `${torn}\n${odd}${torn}\n`)
})

shards('a kill at any step of handing on loses no line, and the next run ends it', () => {
  const all = many(14)
  let wasKilled = true
  for (let point = 0; wasKilled; point++) {
    const world = new World()
    world.host.disk.write(`${CACHE}/ac/a`, all.map(storedLine).join(''))
    wasKilled = killedAt(world, point, () => add(world, [stored(500)]))
    assert.equal(missing(world, all), [], `killed at ${point}`)
    add(world, [stored(500)])
    assert.equal(missing(world, [...all, stored(500)]), [], `killed at ${point}`)
    assert.ok(sizes(world).every((size) => size <= MOST_BYTES))
    assert.is(inventory(world.host.disk, CACHE).kept.length, 15)
  }
})

shards(
  'a sweep goes by the last use, in whatever file that is said, and takes back long names',
  () => {
    const world = new World()
    world.host.clock.advance(1000)
    add(world, many(40))
    const [used, unused] = [stored(3), stored(5)]
    const cache = opened(world)
    cache.touch(used)
    cache.close()
    assert.ok(names(world).length > 1)
    const swept = sweep(place(world), { ...UNAGED, maxBytes: 400_000 })
    assert.ok(swept.entries < 9 && swept.entries > 3, `${swept.entries}`)
    assert.equal(names(world), ['a'])
    assert.equal(missing(world, [used, unused]), [unused.key])
  },
)

shards('a sweep writes the files of a large cache anew, and nothing where nothing changed', () => {
  const world = new World()
  const all = [...many(90), ...many(3, 'b')]
  const lines = (start: string): string =>
    all
      .filter(({ key }) => key.startsWith(start))
      .map(storedLine)
      .join('')
  for (const start of ['a', 'b']) world.host.disk.write(`${CACHE}/ac/${start}`, lines(start))
  sweep(place(world), UNAGED)
  assert.equal(missing(world, all), [])
  assert.ok(sizes(world).every((size) => size <= MOST_BYTES))
  const written: string[] = []
  world.host.disk.fault = (what, path) => {
    if (!/^(?:read|scandir|digest)$/.test(what)) written.push(path)
    return undefined
  }
  sweep(place(world), UNAGED)
  assert.equal(written, [])
})

shards('a sweep that is killed at any step keeps what it would have kept', () => {
  const all = many(15)
  let wasKilled = true
  for (let point = 0; wasKilled; point++) {
    const world = new World()
    add(world, all)
    assert.ok(names(world).length > 1)
    const limits = { ...UNAGED, maxBytes: 250_000 }
    wasKilled = killedAt(world, point, () => sweep(place(world), limits))
    assert.equal(missing(world, all.slice(-3)), [], `killed at ${point}`)
  }
})

function killedAt(world: World, point: number, work: () => void): boolean {
  let left = point
  world.host.disk.fault = () => {
    if (left-- <= 0) throw new Error('killed')
    return undefined
  }
  try {
    work()
    return false
  } catch (error) {
    assert.is((error as Error).message, 'killed')
    return true
  } finally {
    world.host.disk.fault = () => undefined
  }
}

shards.run()
