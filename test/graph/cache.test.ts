import { createHash } from 'node:crypto'
import * as assert from 'uvu/assert'

import {
  assess,
  defineGraph,
  foretell,
  type Graph,
  openCache,
  probe,
  recall,
  sh,
  type TaskSpec,
  task,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, JOURNAL, type Ran, STATE, World } from '../support/world.ts'

const CACHE = `${STATE}/cache`
const LARGE = 'x'.repeat(10_000)

const a = task('a', () => ({
  inputs: ['a.in'],
  outputs: ['out/a'],
  run: sh`cat a.in > out/a`,
}))
const b = task('b', () => ({ needs: [a()], outputs: ['out/b'], run: sh`cat out/a > out/b` }))
const pair = defineGraph({ tasks: [a, b] })

const one = (spec: TaskSpec): Graph => defineGraph({ tasks: [task('one', () => spec)] })

async function run(world: World, graph: Graph, options = {}): Promise<Ran> {
  return world.run(graph, { cache: true, ...options })
}

/** What a plan says will come of the nodes that are not fresh. */
async function foretold(world: World, graph: Graph): Promise<Record<string, string>> {
  const session = world.session(graph)
  const memory = recall(session)
  const options = { cache: openCache(session) }
  const answers = await foretell(await assess(graph.nodes, memory), memory, options)
  return Object.fromEntries([...answers].map(([node, answer]) => [node.name, answer]))
}

/** Runs with 'first', then with 'other', and then comes back to 'first'. */
async function thereAndBack(
  graph: Graph,
  first: string,
  between: (world: World) => void = () => {},
): Promise<{ world: World; back: Ran }> {
  const world = new World({ 'a.in': first })
  assert.ok((await run(world, graph)).summary.ok)
  world.edit('a.in', 'other')
  assert.ok((await run(world, graph)).summary.ok)
  world.edit('a.in', first)
  between(world)
  return { world, back: await run(world, graph) }
}

const cache = suite('cache')

cache('whoever comes back to a key is given what it made, and nothing runs', async () => {
  const { world, back } = await thereAndBack(pair, 'first')
  assert.equal(back.outcomes, { a: 'restored', b: 'restored' })
  assert.equal([back.started, back.summary.outcomes.restored], [[], 2])
  assert.equal([world.read('out/a'), world.read('out/b')], ['first', 'first'])
  const again = await run(world, pair)
  assert.equal(again.outcomes, { a: 'fresh', b: 'fresh' })
})

cache('what is restored is told as stale with its reasons, and as restored', async () => {
  const { back } = await thereAndBack(pair, 'first')
  assert.equal(
    back.reasons['a']?.map(({ kind }) => kind),
    ['input-changed'],
  )
  const told = back.events.filter((event) => 'node' in event && event.node === 'a')
  assert.equal(
    told.map(({ type }) => type),
    ['stale', 'finished'],
  )
})

cache('a large file lies among the blobs, named by digest and size, and comes back', async () => {
  const { world, back } = await thereAndBack(pair, LARGE)
  assert.equal(back.outcomes, { a: 'restored', b: 'restored' })
  assert.is(world.read('out/b'), LARGE)
  const blobs = Object.keys(world.host.disk.tree(`${CACHE}/cas`))
  const digest = createHash('sha256').update(LARGE).digest('hex')
  assert.equal(blobs, [`${digest.slice(0, 2)}/${digest}-10000`])
})

cache('modes and links come back as they were made', async () => {
  const graph = one({
    inputs: ['a.in'],
    outputs: ['out/tool', 'out/link', 'out/private'],
    run: [
      sh`cat a.in > out/tool`,
      sh`chmod 755 out/tool`,
      sh`ln tool out/link`,
      sh`cat a.in > out/private`,
      sh`chmod 640 out/private`,
    ],
  })
  const { world, back } = await thereAndBack(graph, LARGE)
  const { disk } = world.host
  assert.equal(back.outcomes, { one: 'restored' })
  const mode = (name: string): string | undefined =>
    disk.lstat(`${FOLDER}/out/${name}`)?.mode.toString(8)
  assert.equal([mode('tool'), mode('private')], ['755', '640'])
  assert.is(disk.readLink(`${FOLDER}/out/link`), 'tool')
  assert.is(world.read('out/link'), LARGE)
})

cache('a node without outputs is restored too: its commands did well under this key', async () => {
  const { back } = await thereAndBack(one({ inputs: ['a.in'], run: sh`cat a.in` }), 'first')
  assert.equal(back.outcomes, { one: 'restored' })
})

cache('what is there already as it should be is not touched', async () => {
  const graph = one({
    inputs: ['a.in'],
    outputs: ['out/same', 'out/other'],
    clean: false,
    run: sh`echo same > out/same && cat a.in > out/other`,
  })
  const world = new World({ 'a.in': 'first' })
  await run(world, graph)
  world.edit('a.in', 'second')
  await run(world, graph)
  const before = world.host.disk.stat(`${FOLDER}/out/same`)?.mtimeMs
  world.edit('a.in', 'first')
  assert.equal((await run(world, graph)).outcomes, { one: 'restored' })
  assert.is(world.host.disk.stat(`${FOLDER}/out/same`)?.mtimeMs, before)
  assert.is(world.read('out/other'), 'first')
})

cache('outputs of the other key that this one does not make are gone', async () => {
  const graph = one({ inputs: ['a.in'], outputs: ['out/*.txt'], run: sh`make` })
  const world = new World({ 'a.in': 'first' })
  world.host.shell.commands.set('make', ({ sh: line }) => {
    line(`cat a.in > out/${world.read('a.in')}.txt`)
    return undefined
  })
  world.host.disk.makeFolder(`${FOLDER}/out`)
  await run(world, graph)
  world.edit('a.in', 'second')
  await run(world, graph)
  assert.is(world.read('out/first.txt'), undefined)
  world.edit('a.in', 'first')
  assert.equal((await run(world, graph)).outcomes, { one: 'restored' })
  assert.equal(Object.keys(world.host.disk.tree(`${FOLDER}/out`)), ['first.txt'])
  assert.equal((await run(world, graph)).outcomes, { one: 'fresh' })
})

cache('a file among its outputs that nobody is known to have made: it will run', async () => {
  const graph = one({ inputs: ['a.in'], outputs: ['out/*.txt'], run: sh`cat a.in > out/a.txt` })
  const world = new World({ 'a.in': 'first', 'out/mine.md': '' })
  await run(world, graph)
  world.edit('a.in', 'second')
  await run(world, graph)
  world.edit('a.in', 'first')
  assert.equal(await foretold(world, graph), { one: 'restored' })
  world.write('out/mine.txt', 'mine')
  assert.equal(await foretold(world, graph), {})
  const back = await run(world, graph)
  assert.equal(back.started, ['one'])
  assert.is(world.read('out/mine.txt'), 'mine')
})

cache('a damaged or vanished output comes back, and so does one that was interrupted', async () => {
  const { world } = await thereAndBack(pair, 'first')
  world.edit('out/a', 'damage')
  world.remove('out/b')
  const mended = await run(world, pair)
  assert.equal(mended.outcomes, { a: 'restored', b: 'restored' })
  assert.equal([world.read('out/a'), world.read('out/b')], ['first', 'first'])
  const text = world.host.disk.readText(JOURNAL) as string
  const lastCommit = text.lastIndexOf('\n', text.length - 2)
  world.host.disk.write(JOURNAL, text.slice(0, lastCommit + 1))
  const back = await run(world, pair)
  assert.equal(back.reasons, { b: [{ kind: 'interrupted' }] })
  assert.equal(back.outcomes, { a: 'fresh', b: 'restored' })
})

cache('without a journal everything is restored', async () => {
  const { world } = await thereAndBack(pair, 'first')
  world.host.disk.removeFile(JOURNAL)
  assert.equal((await run(world, pair)).outcomes, { a: 'restored', b: 'restored' })
})

cache('each part of the key counts', async () => {
  const graph = (text: string): Graph =>
    one({ inputs: ['a.in'], outputs: ['o'], env: ['V'], tools: ['cc'], run: sh(text) })
  const world = new World({ 'a.in': 'first' })
  world.program('cc', 'cc 1')
  const edits: readonly (() => Graph)[] = [
    () => graph('cat a.in > o'),
    () => graph('cat a.in a.in > o'),
    () => {
      world.host.env['V'] = '2'
      return graph('cat a.in > o')
    },
    () => {
      world.program('cc', 'cc 2')
      return graph('cat a.in > o')
    },
    () => {
      world.host.disk.chmod(`${FOLDER}/a.in`, 0o755)
      return graph('cat a.in > o')
    },
  ]
  for (const edit of edits) assert.equal((await run(world, edit())).started, ['one'])
})

cache('`store: false`, a probe, a failure: nothing is stored', async () => {
  const version = probe('version', { of: ['cc'] }, () => ({ env: ['V'], run: sh`ask` }))
  const kept = task('kept', () => ({ inputs: ['a.in'], store: false, run: sh`cat a.in` }))
  const failing = task('failing', () => ({ inputs: ['a.in'], run: sh`cat a.in && false` }))
  const graph = defineGraph({ tasks: [version, kept, failing] })
  const world = new World({ 'a.in': 'first' })
  world.host.shell.commands.set('ask', ({ print }) => print('1') as undefined)
  for (const text of ['other', 'first']) {
    await run(world, graph, { keepGoing: true })
    world.edit('a.in', text)
    world.host.env['V'] = text
  }
  world.host.env['V'] = undefined
  const { started } = await run(world, graph, { keepGoing: true })
  assert.equal([...started].sort(), ['failing', 'kept', 'version[cc]'])
  assert.is(world.host.disk.list(CACHE), undefined)
})

cache('an input that moves while the node runs: nothing is stored', async () => {
  const world = new World({ 'a.in': 'first' })
  world.host.shell.commands.set('cat a.in > out/a', ({ sh: line }) => {
    line('cat a.in > out/a')
    if (world.read('a.in') === 'first') world.write('a.in', 'moved')
    return undefined
  })
  await run(world, pair)
  world.edit('a.in', 'first')
  assert.equal((await run(world, pair)).started[0], 'a')
})

cache('forced runs run, and `cache: false` neither restores nor stores', async () => {
  const { world } = await thereAndBack(pair, 'first')
  assert.equal((await run(world, pair, { force: true, targets: ['a'] })).started, ['a'])
  world.edit('a.in', 'other')
  assert.equal((await run(world, pair, { cache: false })).started, ['a', 'b'])
  world.edit('a.in', 'unseen')
  await run(world, pair, { cache: false })
  world.edit('a.in', 'other')
  assert.equal((await run(world, pair)).outcomes, { a: 'restored', b: 'restored' })
  world.edit('a.in', 'unseen')
  assert.equal((await run(world, pair)).started, ['a', 'b'])
})

cache('discovered inputs: each set that was seen is found again, and no other', async () => {
  const graph = one({
    inputs: ['a.in'],
    outputs: ['o'],
    depfile: 'o.d',
    run: sh`cat a.in h.in > o && echo o: h.in > o.d`,
  })
  const world = new World({ 'a.in': 'a', 'h.in': '1' })
  await run(world, graph)
  for (const text of ['2', '3']) {
    world.edit('h.in', text)
    assert.equal((await run(world, graph)).started, ['one'])
  }
  for (const text of ['1', '3', '2']) {
    world.edit('h.in', text)
    assert.equal((await run(world, graph)).outcomes, { one: 'restored' })
    assert.is(world.read('o'), `a${text}`)
    assert.equal((await run(world, graph)).outcomes, { one: 'fresh' })
  }
  world.edit('h.in', '4')
  assert.equal((await run(world, graph)).started, ['one'])
})

cache('what runs behind a restored node comes out the same and stays fresh', async () => {
  const rough = task('rough', () => ({ inputs: ['a.in'], outputs: ['r'], run: sh`rough` }))
  const user = task('user', () => ({ needs: [rough()], outputs: ['u'], run: sh`cat r > u` }))
  const graph = defineGraph({ tasks: [rough, user] })
  const world = new World({ 'a.in': 'first' })
  world.host.shell.commands.set('rough', ({ sh: line }) => line('echo always > r') as 0)
  for (const text of ['other', 'first']) {
    await run(world, graph)
    world.edit('a.in', text)
  }
  assert.equal((await run(world, graph)).outcomes, { rough: 'restored', user: 'fresh' })
})

cache.run()
