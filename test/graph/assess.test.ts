import * as assert from 'uvu/assert'

import { assess, defineGraph, recall, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

// a -> b -> c; b reads what a makes.
const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` }))
const b = task('b', () => ({
  needs: [a()],
  inputs: ['a.out'],
  outputs: ['b.out'],
  run: sh`cat a.out > b.out`,
}))
const c = task('c', () => ({ needs: [b()], inputs: ['c.in'], run: sh`true` }))
const graph = defineGraph({ tasks: [a, b, c] })

const states = async (world: World): Promise<readonly string[]> =>
  Object.values(await world.assess(graph)).map(({ node, state }) => `${node.name} ${state}`)

const dry = suite('assess')

dry('before the first run everything is stale', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  assert.equal(await states(world), ['a stale', 'b stale', 'c stale'])
})

dry('it changes nothing on the disk', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  world.edit('a.in', 'A')
  const before = world.host.disk.tree('/')
  await world.assess(graph)
  assert.equal(world.host.disk.tree('/'), before)
  assert.equal(world.host.shell.spawned.length, 3)
})

dry('what needs a stale node may run: what the need produces decides', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  assert.equal(await states(world), ['a fresh', 'b fresh', 'c fresh'])
  world.edit('a.in', 'A')
  assert.equal(await states(world), ['a stale', 'b maybe', 'c maybe'])
  assert.equal((await world.reasons(graph))['b'], [{ kind: 'need-will-run', name: 'a' }])
})

dry('a node that is stale by itself is stale, whatever its needs do', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  world.edit('a.in', 'A')
  world.edit('c.in', 'C')
  assert.equal(await states(world), ['a stale', 'b maybe', 'c stale'])
})

dry('an input that a stale need will make is not missing; another one is', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  world.remove('a.out')
  assert.equal(await states(world), ['a stale', 'b maybe', 'c maybe'])
  await world.run(graph)
  world.remove('c.in')
  assert.equal(await world.reasons(graph), {
    c: [{ kind: 'input-missing', name: 'c', detail: "'c': no file matches the input 'c.in'" }],
  })
})

dry('a need without a record, or a damaged output of it, may come out as it was', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  world.edit('a.out', 'damaged')
  assert.equal(await states(world), ['a stale', 'b maybe', 'c maybe'])
  world.host.shell.commands.set('cat a.in > a.out', () => 1)
  await world.run(graph)
  assert.equal(await states(world), ['a stale', 'b maybe', 'c maybe'])
  world.host.shell.commands.delete('cat a.in > a.out')
  assert.equal((await world.run(graph)).started, ['a'])
})

dry('what is forced is stale', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  const memory = recall(world.session(graph))
  const found = await assess(graph.nodes, memory, { force: (node) => node.name === 'b' })
  assert.equal(
    found.map(({ state, reasons }) => [state, reasons[0]?.kind]),
    [
      ['fresh', undefined],
      ['stale', 'forced'],
      ['maybe', 'need-will-run'],
    ],
  )
})

dry('it needs no state folder', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.assess(graph)
  assert.is(world.host.disk.stat(STATE), undefined)
})

dry('it looks at files that were never digested in this process', async () => {
  const world = new World({ 'a.in': 'a', 'c.in': 'c' })
  await world.run(graph)
  for (const name of ['a.in', 'a.out', 'b.out', 'c.in']) world.host.disk.touch(`/w/${name}`)
  assert.equal(await states(world), ['a fresh', 'b fresh', 'c fresh'])
})

dry.run()
