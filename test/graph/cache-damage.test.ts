// What may happen to a cache: torn, flipped, replaced, full, killed. Never a wrong byte among the outputs.
import * as assert from 'uvu/assert'

import { Cache } from '../../graph/cache.ts'
import { CACHE_LIMITS } from '../../graph/cache-limits.ts'
import { type StoredOutput, storedLine } from '../../graph/cache-lines.ts'
import { defineGraph, GraphError, type Node, recall, sh, task } from '../../graph/index.ts'
import { lookupKey } from '../../graph/store.ts'
import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, STATE, World } from '../support/world.ts'

const CACHE = `${STATE}/cache`
const LARGE = 'x'.repeat(10_000)

const small = task('small', () => ({
  inputs: ['a.in'],
  outputs: ['out/s'],
  run: sh`cat a.in > out/s && chmod 755 out/s`,
}))
const large = task('large', () => ({
  needs: [small()],
  outputs: ['out/l'],
  run: sh`cat out/s large.in > out/l`,
}))
const graph = defineGraph({ tasks: [small, large] })

/** A world that has been at 'first', is at 'second' and was just set to 'first' again. */
async function returning(): Promise<World> {
  const world = new World({ 'a.in': 'first', 'large.in': LARGE })
  await world.run(graph, { cache: true })
  world.edit('a.in', 'second')
  await world.run(graph, { cache: true })
  world.edit('a.in', 'first')
  return world
}

async function healed(world: World, what: string): Promise<readonly string[]> {
  const { summary, started } = await world.run(graph, { cache: true })
  assert.ok(summary.ok, what)
  assert.is(world.read('out/s'), 'first', what)
  assert.is(world.read('out/l'), `first${LARGE}`, what)
  assert.is(world.host.disk.stat(`${FOLDER}/out/s`)?.mode, 0o755, what)
  assert.equal((await world.run(graph, { cache: true })).started, [], what)
  return started
}

function files(world: World, part: string): readonly string[] {
  const names = Object.keys(world.host.disk.tree(`${CACHE}/${part}`))
  return names.map((name) => `${CACHE}/${part}/${name}`)
}

const damage = suite('cache damage')

damage('lines cut at every length', async () => {
  const world = await returning()
  const { disk } = world.host
  for (const path of files(world, 'ac')) {
    const whole = disk.readBytes(path) as Uint8Array
    for (let length = 0; length < whole.length; length += 3) {
      const own = await returning()
      own.host.disk.write(path, whole.subarray(0, length))
      await healed(own, `${path} cut at ${length}`)
    }
  }
})

damage('lines with a flipped bit in every byte', async () => {
  const random = new Random(1)
  const world = await returning()
  for (const path of files(world, 'ac')) {
    const whole = world.host.disk.readBytes(path) as Uint8Array
    for (let at = 0; at < whole.length; at += 3) {
      const own = await returning()
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
      own.host.disk.write(path, bytes)
      await healed(own, `${path} flipped at ${at}`)
    }
  }
})

const REPLACED: Readonly<Record<string, (world: World, path: string) => void>> = {
  'cut off': (world, path) => world.host.disk.write(path, 'xx'),
  empty: (world, path) => world.host.disk.write(path, ''),
  'of the same size': (world, path) => {
    const { size = 0 } = world.host.disk.stat(path) ?? {}
    world.host.disk.write(path, 'y'.repeat(Number(size)))
  },
  'a folder': (world, path) => {
    world.host.disk.removeFile(path)
    world.host.disk.write(`${path}/inner`, 'inner')
  },
  'a link to the right content': (world, path) => {
    world.host.disk.write('/elsewhere', world.host.disk.readText(path) ?? '')
    world.host.disk.link(path, '/elsewhere')
  },
  'a link to nothing': (world, path) => world.host.disk.link(path, '/nothing'),
}
for (const [what, replace] of Object.entries(REPLACED)) {
  damage(`a blob that is ${what} goes into quarantine, and the node runs`, async () => {
    const world = await returning()
    for (const path of files(world, 'cas')) replace(world, path)
    assert.equal(await healed(world, what), ['large'])
    assert.ok((world.host.disk.list(`${CACHE}/quarantine`) ?? []).length > 0)
    // What it made now is stored, and good.
    world.edit('a.in', 'second')
    await world.run(graph, { cache: true })
    world.edit('a.in', 'first')
    assert.equal(await healed(world, what), [])
  })

  damage(`lines whose file is ${what} hold nothing, and the nodes run`, async () => {
    const world = await returning()
    for (const path of files(world, 'ac')) replace(world, path)
    assert.equal(await healed(world, what), ['small', 'large'])
  })
}

/** Writes another line, whose checksum fits, over what is stored for `small`. */
async function plant(world: World, change: (output: StoredOutput) => StoredOutput): Promise<void> {
  const { world: seen } = recall(world.session(graph))
  const key = lookupKey(graph.byName.get('small') as Node, seen, () => '')
  const [good] = new Cache(world.host, CACHE, CACHE_LIMITS).find(key)
  assert.ok(good)
  const line = storedLine({ ...good, outputs: good.outputs.map(change) })
  world.host.disk.write(`${CACHE}/ac/${key[0]}`, line)
}

damage('a line cannot name what the node does not declare, nor what lies outside', async () => {
  for (const path of ['../victim', '/victim', 'out/../../victim', 'other', 'out/s/deep']) {
    const world = await returning()
    await plant(world, (output) => ({ ...output, path }))
    assert.equal((await healed(world, path))[0], 'small')
    assert.is(world.host.disk.stat('/victim'), undefined)
    assert.is(world.read('other'), undefined)
  }
})

damage('a line whose content is not what its digest says holds nothing', async () => {
  const world = await returning()
  await plant(world, (output) => ({ ...output, content: Buffer.from('fifth') }))
  assert.equal((await healed(world, 'content'))[0], 'small')
})

for (const errno of ['ENOSPC', 'EIO', 'EROFS', 'EACCES', 'EDQUOT', 'EMFILE'])
  damage(`${errno} wherever something is stored: the run is good, and says so once`, async () => {
    let isOver = false
    for (let point = 0; !isOver; point++) {
      const world = new World({ 'a.in': 'first', 'large.in': LARGE })
      const { disk } = world.host
      let left = point
      disk.fault = (_, path) => (path.startsWith(CACHE) && left-- <= 0 ? errno : undefined)
      const { summary, events } = await world.run(graph, { cache: true })
      assert.ok(summary.ok, `${point}`)
      const told = events.filter(({ type }) => type === 'not-stored')
      isOver = left >= 0
      assert.ok(told.length <= 1)
      if (point === 0)
        assert.equal(
          told.map((event) => 'errno' in event && event.errno),
          [errno],
        )
      disk.fault = () => undefined
      world.edit('a.in', 'second')
      await world.run(graph, { cache: true })
      world.edit('a.in', 'first')
      await healed(world, `${errno} at ${point}`)
    }
  })

damage('ENOSPC while something is put back: nothing of it stays, and the node runs', async () => {
  let isOver = false
  for (let point = 0; !isOver; point++) {
    const world = await returning()
    const { disk } = world.host
    let left = point
    disk.fault = (what, path) => {
      const isOutput = path.startsWith(`${FOLDER}/out/`) && ['write', 'copy'].includes(what)
      if (!isOutput || left-- !== 0) return undefined
      return 'ENOSPC'
    }
    await healed(world, `${point}`)
    isOver = left >= 0
  }
})

damage(
  'what was put back before the disk was full does not count as an output of the run',
  async () => {
    const many = task('many', () => ({ inputs: ['a.in'], outputs: ['out/*'], run: sh`many` }))
    const world = new World({ 'a.in': 'first' })
    const { disk, shell } = world.host
    let isOther = false
    shell.commands.set('many', () => {
      for (const name of isOther ? ['1', '2'] : ['1', '2', '3']) world.write(`out/${name}`, LARGE)
      return undefined
    })
    const own = defineGraph({ tasks: [many] })
    await world.run(own, { cache: true })
    world.edit('a.in', 'second')
    isOther = true
    await world.run(own, { cache: true })
    world.edit('a.in', 'first')
    // Files of the second key are there, and '3' cannot be put back.
    disk.removeFile(`${FOLDER}/out/1`)
    disk.fault = (what, path) => (what === 'copy' && path.endsWith('/3') ? 'ENOSPC' : undefined)
    assert.equal((await world.run(own, { cache: true })).started, ['many'])
    assert.equal(Object.keys(disk.tree(`${FOLDER}/out`)), ['1', '2'])
  },
)

// Not an errno: nobody catches it, as nobody catches a kill. All that follows fails too.
class Killed extends Error {}

async function killedAt(world: World, point: number): Promise<boolean> {
  const { disk } = world.host
  let left = point
  disk.fault = () => {
    if (left-- <= 0) throw new Killed()
    return undefined
  }
  try {
    await world.run(graph, { cache: true })
  } catch (error) {
    if (!(error instanceof Killed || error instanceof GraphError)) throw error
  }
  disk.fault = () => undefined
  return left < 0
}

damage('a kill at every step of storing and restoring leaves a world that heals', async () => {
  for (const start of [
    returning,
    async () => new World({ 'a.in': 'first', 'large.in': LARGE }),
  ] as const) {
    let wasKilled = true
    for (let point = 0; wasKilled; point++) {
      const world = await start()
      wasKilled = await killedAt(world, point)
      await healed(world, `killed at ${point}`)
    }
  }
})

damage('two runs at once store and restore the same', async () => {
  const world = await returning()
  const [one, two] = await Promise.all([
    world.run(graph, { cache: true }),
    world.run(graph, { cache: true }),
  ])
  assert.ok(one.summary.ok && two.summary.ok)
  assert.equal([...one.started, ...two.started], [])
  await healed(world, 'two')
})

damage.run()
