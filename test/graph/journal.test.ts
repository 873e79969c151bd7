import * as assert from 'uvu/assert'

import { checksum } from '../../graph/digest.ts'
import { defineGraph, type Graph, sh, task } from '../../graph/index.ts'
import { Journal } from '../../graph/journal.ts'
import { Snapshot } from '../../graph/snapshot.ts'
import { suite } from '../support/suite.ts'
import { gate, JOURNAL, SNAPSHOT, World } from '../support/world.ts'

// a -> b -> c, each a copy of the one before, and d beside them.
function chain(): Graph {
  const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` }))
  const b = task('b', () => ({
    needs: [a()],
    outputs: ['b/b.out'],
    run: sh`cat a.out > b/b.out`,
  }))
  const c = task('c', () => ({ needs: [b()], outputs: ['c.out'], run: sh`cat b/b.out > c.out` }))
  const d = task('d', () => ({
    inputs: ['d/*.in'],
    outputs: ['d.out'],
    run: sh`cat d/d.in > d.out`,
  }))
  return defineGraph({ tasks: [a, b, c, d] })
}

const files = { 'a.in': 'one', 'd/d.in': 'dee' }

async function allRan(): Promise<World> {
  const world = new World(files)
  await world.run(chain())
  await world.run(chain())
  return world
}

function bytes(world: World, path: string): Uint8Array {
  return world.host.disk.readBytes(path) ?? new Uint8Array()
}

const outputs = (world: World): readonly (string | undefined)[] =>
  ['a.out', 'b/b.out', 'c.out', 'd.out'].map((name) => world.read(name))

const journal = suite('journal')

journal('a node that began and was not committed is interrupted', async () => {
  const world = await allRan()
  const text = world.host.disk.readText(JOURNAL) as string
  const rows = text.split('\n')
  const commit = rows.findIndex((row) => row.slice(9).startsWith('C\x1fb\x1f'))
  world.host.disk.write(JOURNAL, `${rows.slice(0, commit).join('\n')}\n`)
  assert.equal((await world.reasons(chain()))['b'], [{ kind: 'interrupted' }])
  const { outcomes } = await world.run(chain())
  assert.is(outcomes['a'], 'fresh')
  assert.is(outcomes['b'], 'changed')
})

journal('a node that was fresh and is interrupted is not fresh by its older record', async () => {
  const world = await allRan()
  const door = gate()
  const graph = chain()
  world.host.shell.commands.set('cat a.out > b/b.out', async () => {
    await door.wait()
    return undefined
  })
  // An engine that dies: its run never ends, and another machine's user sees the files it left.
  const stop = new AbortController()
  const dying = world.run(graph, { targets: ['b'], force: true, signal: stop.signal })
  await door.reached
  world.host.disk.write('/w/b/b.out', 'one')
  world.pause()
  assert.equal((await world.reasons(graph))['b'], [{ kind: 'interrupted' }])
  stop.abort()
  await dying
})

journal('a rerun after an interruption removes what the older record made', async () => {
  const world = await allRan()
  const graph = chain()
  const stop = new AbortController()
  const cancelling = (): undefined => stop.abort() as undefined
  world.host.shell.commands.set('cat a.out > b/b.out', cancelling)
  await world.run(graph, { targets: ['b'], force: true, signal: stop.signal })
  world.write('b/b.out', 'left over')
  world.host.shell.commands.set('cat a.out > b/b.out', ({ sh }) => {
    assert.is(world.read('b/b.out'), undefined)
    return sh('cat a.out > b/b.out')
  })
  assert.is((await world.run(graph)).outcomes['b'], 'unchanged')
})

journal('whatever was torn from its end, what is left stands and the next run heals', async () => {
  const world = await allRan()
  const whole = bytes(world, JOURNAL)
  for (let length = 0; length <= whole.length; length++) {
    const other = new World(files)
    await other.run(chain())
    other.host.disk.write(JOURNAL, whole.slice(0, length))
    other.edit('a.in', 'two')
    const kept = Buffer.from(whole.slice(0, length)).toString('latin1')
    const { started, summary } = await other.run(chain())
    assert.is(summary.ok, true)
    assert.equal(outputs(other), ['two', 'two', 'two', 'dee'], `${length} bytes`)
    const rows = kept.split('\n').slice(0, -1)
    const isDone = rows.some((row) => row.slice(9).startsWith('C\x1fd\x1f'))
    assert.is(started.includes('d'), !isDone, `${length} bytes: d`)
    assert.equal((await other.run(chain())).started, [], `${length} bytes: again`)
  }
})

journal('a flipped bit in it never makes a stale node fresh', async () => {
  const world = await allRan()
  await eachFlip(bytes(world, JOURNAL), async (flipped, at) => {
    const other = new World(files)
    await other.run(chain())
    other.host.disk.write(JOURNAL, flipped)
    other.edit('a.in', 'two')
    assert.is((await other.run(chain())).summary.ok, true)
    assert.equal(outputs(other), ['two', 'two', 'two', 'dee'], `byte ${at}`)
  })
})

journal(
  'whatever was torn from the snapshot, no stale node is fresh and no fresh one runs',
  async () => {
    const world = await allRan()
    const whole = bytes(world, SNAPSHOT)
    for (let length = 0; length <= whole.length; length += 3) {
      world.host.disk.write(SNAPSHOT, whole.slice(0, length))
      assert.equal(await world.reasons(chain()), {}, `${length} bytes`)
      world.write('a.in', 'two')
      assert.equal((await world.reasons(chain()))['a']?.length, 1, `${length} bytes`)
      world.write('a.in', 'one')
    }
  },
)

journal(
  'a flipped bit in the snapshot never makes a stale node fresh, nor a fresh one stale',
  async () => {
    const world = await allRan()
    await eachFlip(bytes(world, SNAPSHOT), async (flipped, at) => {
      world.host.disk.write(SNAPSHOT, flipped)
      assert.equal(await world.reasons(chain()), {}, `byte ${at}`)
      world.write('a.in', 'two')
      assert.equal((await world.reasons(chain()))['a']?.length, 1, `byte ${at}`)
      world.write('a.in', 'one')
    })
  },
)

journal('state files of random bytes are as if there were none', async () => {
  for (const text of [
    '',
    '\n',
    '\n\n\n',
    'snapshot 3',
    'snapshot 3 00000000 5\n',
    '{}',
    '\0\0\0',
  ]) {
    const world = new World(files)
    world.host.disk.write(JOURNAL, text)
    world.host.disk.write(SNAPSHOT, text)
    assert.equal((await world.run(chain())).started.length, 4, JSON.stringify(text))
    assert.equal((await world.run(chain())).started, [], JSON.stringify(text))
  }
})

journal('what another version of the format wrote is as if it were not there', async () => {
  const world = await allRan()
  const { put, text } = rewrite(world)
  put(text.replaceAll('S\x1f1\x1f', 'S\x1f0\x1f'))
  assert.equal((await world.run(chain())).started.length, 4)
  assert.equal((await world.run(chain())).started, [])
})

journal(
  'a record without an fsync from before the machine started is believed after its outputs were read',
  async () => {
    const world = await allRan()
    world.host.disk.corrupt('/w/b/b.out', '\0\0\0')
    assert.equal(await world.reasons(chain()), {}, 'nothing tells it from what was written')
    world.host.clock.boot = 'boot-2'
    const reasons = await world.reasons(chain())
    assert.equal(
      reasons['b']?.map(({ kind }) => kind),
      ['output-changed'],
    )
    assert.equal((await world.run(chain())).started, ['b'])
    assert.equal(outputs(world), ['one', 'one', 'one', 'dee'])
  },
)

journal('outputs are read once after the machine started, not in every run', async () => {
  const world = await allRan()
  const { digested } = world.host.disk
  world.host.clock.boot = 'boot-2'
  digested.length = 0
  assert.equal((await world.run(chain())).started, [])
  assert.equal(digested.toSorted(), ['/w/a.out', '/w/b/b.out', '/w/c.out', '/w/d.out'])
  digested.length = 0
  assert.equal((await world.run(chain())).started, [])
  assert.equal(digested, [])
})

journal(
  'a run of some targets after the machine started leaves the others to be read',
  async () => {
    const world = await allRan()
    world.host.clock.boot = 'boot-2'
    world.host.disk.corrupt('/w/d.out', '\0\0\0')
    assert.equal((await world.run(chain(), { targets: ['c'] })).started, [])
    assert.equal((await world.run(chain())).started, ['d'])
  },
)

journal('a record with fsynced outputs is believed after the machine started', async () => {
  const world = new World()
  const slow = defineGraph({
    tasks: [task('a', () => ({ outputs: ['a.out'], run: [sh`slow`, sh`echo a > a.out`] }))],
  })
  world.host.shell.commands.set('slow', () => world.host.clock.advance(600) as undefined)
  await world.run(slow)
  await world.run(slow)
  world.host.clock.boot = 'boot-2'
  world.host.disk.digested.length = 0
  assert.equal((await world.run(slow)).started, [])
  assert.equal(world.host.disk.digested, [])
})

journal(
  'a journal that has grown long is written anew, and everything it says stands',
  async () => {
    const world = new World(files)
    const graph = chain()
    const bad = task('bad', () => ({ run: sh`false` }))
    const begun = task('begun', () => ({ run: sh`stop` }))
    const more = defineGraph({ tasks: [bad, begun] })
    await world.run(graph)
    world.host.clock.boot = 'boot-2'
    await world.run(more, { targets: ['bad'] })
    const stop = new AbortController()
    world.host.shell.commands.set('stop', () => stop.abort() as undefined)
    await world.run(more, { targets: ['begun'], signal: stop.signal })
    const { put, text } = rewrite(world)
    put(text + 'x\n'.repeat(3000))
    const before = await world.reasons(more)
    assert.equal(
      [before['bad']?.[0]?.kind, before['begun']?.[0]?.kind],
      ['failed-before', 'interrupted'],
    )
    await world.run(defineGraph({ tasks: [task('e', () => ({ run: sh`true` }))] }))
    const rows = (world.host.disk.readText(JOURNAL) as string).split('\n').length
    assert.ok(rows < 20, `${rows} lines`)
    assert.equal(await world.reasons(more), before)
    assert.equal((await world.run(graph)).started, [])
  },
)

journal(
  'records from before the machine started stay such when the journal is written anew',
  async () => {
    const world = await allRan()
    const { put, text } = rewrite(world)
    put(text + 'x\n'.repeat(3000))
    world.host.clock.boot = 'boot-2'
    world.host.disk.corrupt('/w/d.out', '\0\0\0')
    const other = defineGraph({ tasks: [task('e', () => ({ run: sh`true` }))] })
    await world.run(other)
    await world.run(other, { force: true })
    assert.equal((await world.run(chain())).started, ['d'])
  },
)

journal('one that is damaged is written anew by the next run, and says no less', async () => {
  const world = await allRan()
  const { disk, clock } = world.host
  const stop = new AbortController()
  const begun = defineGraph({
    tasks: [task('a', () => ({ outputs: ['a.out'], run: sh`stop` }))],
  })
  world.host.shell.commands.set('stop', () => stop.abort() as undefined)
  await world.run(begun, { signal: stop.signal })
  disk.append(JOURNAL).write('torn')
  const before = new Journal(JOURNAL, disk, clock)
  assert.not.ok(before.isWhole)
  before.open()
  before.close()
  const after = new Journal(JOURNAL, disk, clock)
  assert.ok(after.isWhole)
  const told = ({ history }: Journal) => [
    [...history.records.keys()].sort(),
    [...history.troubles],
    [...history.lastDone].map(([node, { outputs }]) => [node, outputs]).sort(),
  ]
  assert.equal(told(after), told(before))
  assert.equal(after.history.lastDone.get('a')?.outputs.length, 1)
})

journal('what was dropped has no record, and its outputs are nobody’s', async () => {
  const world = await allRan()
  const { disk, clock } = world.host
  const open = new Journal(JOURNAL, disk, clock)
  open.open()
  open.drop(['b'])
  open.close()
  assert.equal((await world.reasons(chain()))['b'], [{ kind: 'no-record' }])
  assert.is((await world.run(chain())).outcomes['b'], 'changed')
})

journal('a journal that is not open is not written: a mistake of the code', () => {
  const { disk, clock } = new World().host
  assert.throws(() => new Journal(JOURNAL, disk, clock).begin('a'), /^BUG: journal written before/)
})

journal('its lines are durable when the run ends', async () => {
  const world = await allRan()
  assert.ok(world.host.disk.flushed.includes(JOURNAL))
})

journal('a journal that cannot be made durable is told', async () => {
  const world = new World(files)
  const append = world.host.disk.append.bind(world.host.disk)
  world.host.disk.append = (path) => ({
    ...append(path),
    sync: () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' })),
  })
  try {
    await world.run(chain())
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, `cannot write the journal '${JOURNAL}': EIO`)
  }
})

journal('files that are gone are forgotten when there are too many, and no others', () => {
  const first = new Snapshot('boot')
  const { disk } = new World({ 'a.in': 'a' }).host
  const stat = disk.stat('/w/a.in')!
  for (let i = 0; i < 9_999; i++) first.remember(`/w/${i}`, stat, 'f', stat.mtimeMs * 2)
  const isThere = (path: string) => path !== '/w/8'
  const snapshot = Snapshot.load(first.save(isThere), 'boot')
  assert.is(snapshot.known('/w/8', stat), 'f')
  for (const i of [9_999, 10_000]) snapshot.remember(`/w/${i}`, stat, 'f', stat.mtimeMs * 2)
  const later = Snapshot.load(snapshot.save(isThere), 'boot')
  assert.is(later.known('/w/7', stat), 'f')
  assert.is(later.known('/w/8', stat), undefined)
  assert.is(later.known('/w/10000', stat), 'f')
  const asked: string[] = []
  const last = Snapshot.load(
    later.save((path) => asked.push(path) > 0),
    'boot',
  )
  assert.equal([asked.length, last.known('/w/7', stat)], [0, 'f'])
})

journal('what is known of 200,000 files is known again', () => {
  const first = new Snapshot('boot')
  const stat = new World({ 'a.in': 'a' }).host.disk.stat('/w/a.in')!
  for (let i = 0; i < 200_000; i++) first.remember(`/w/${i}`, stat, `f${i}`, stat.mtimeMs * 2)
  const again = Snapshot.load(
    first.save(() => true),
    'boot',
  )
  for (const i of [0, 1, 199_999]) assert.is(again.known(`/w/${i}`, stat), `f${i}`)
})

// Each byte of a file with one of its bits turned.
async function eachFlip(
  whole: Uint8Array,
  look: (flipped: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < whole.length; at++) {
    const flipped = whole.slice()
    flipped[at] = (whole[at] as number) ^ (1 << ((at * 5) % 8))
    await look(flipped, at)
  }
}

// The journal's text with right checksums again after a change.
function rewrite(world: World): { text: string; put: (text: string) => void } {
  const text = world.host.disk.readText(JOURNAL) as string
  const put = (changed: string): void => {
    const rows = changed.split('\n').map((row) => {
      const payload = row.slice(9)
      return row.length < 10 ? row : `${checksum(payload)} ${payload}`
    })
    world.host.disk.write(JOURNAL, rows.join('\n'))
  }
  return { text, put }
}

journal.run()
