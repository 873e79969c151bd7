// Single nodes: what a run touches, and what it takes as it is.
import * as assert from 'uvu/assert'

import { defineGraph, type GraphError, type RunOptions, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const scope = suite('scope')

// in -> a -> b -> c; d needs a as well.
const a = task('a', () => ({ inputs: ['x.in'], outputs: ['a.out'], run: sh`cat x.in > a.out` }))
const b = task('b', () => ({ needs: [a()], outputs: ['b.out'], run: sh`cat a.out > b.out` }))
const c = task('c', () => ({ needs: [b()], outputs: ['c.out'], run: sh`cat b.out > c.out` }))
const d = task('d', () => ({ needs: [a()], outputs: ['d.out'], run: sh`cat a.out > d.out` }))
const graph = defineGraph({ tasks: [a, b, c, d] })

async function done(): Promise<World> {
  const world = new World({ 'x.in': '1' })
  await world.run(graph)
  return world
}

async function refused(world: World, options: Partial<RunOptions>): Promise<GraphError> {
  try {
    await world.run(graph, options)
  } catch (error) {
    return error as GraphError
  }
  throw new Error('it was not refused')
}

scope('only: the named node runs, and what it needs stays as it was made', async () => {
  const world = await done()
  world.edit('x.in', '2')
  world.remove('b.out')
  const { started, outcomes } = await world.run(graph, { targets: ['b'], only: true })
  assert.equal(started, ['b'])
  assert.equal(outcomes, { b: 'unchanged' })
  assert.is(world.read('b.out'), '1')
})

scope('only: a fresh node does not run', async () => {
  const world = await done()
  world.edit('x.in', '2')
  const { started, outcomes } = await world.run(graph, { targets: ['b'], only: true })
  assert.equal(started, [])
  assert.equal(outcomes, { b: 'fresh' })
})

scope('only: what it made of an old need is stale when the need has run', async () => {
  const world = await done()
  world.edit('x.in', '2')
  await world.run(graph, { targets: ['b'], only: true, force: true })
  const { outcomes } = await world.run(graph)
  assert.equal(outcomes, { a: 'changed', b: 'changed', c: 'changed', d: 'changed' })
  assert.is(world.read('c.out'), '2')
})

scope('only: a need that has never run is an error, and nothing is written', async () => {
  const world = new World({ 'x.in': '1' })
  const { code, message, hint } = await refused(world, { targets: ['b'], only: true })
  assert.is(code, 'need-missing')
  assert.is(message, "'a' is needed and has not run")
  assert.match(hint ?? '', '--only')
  assert.is(world.read('.state/journal'), undefined)
})

scope(
  'from: the node runs even if fresh, what stands on it as usual, the rest not at all',
  async () => {
    const world = await done()
    world.edit('x.in', '2')
    const { started, outcomes } = await world.run(graph, { from: 'b' })
    assert.equal(started, ['b'])
    assert.equal(outcomes, { b: 'unchanged', c: 'fresh' })
  },
)

scope('from and targets: what lies between', async () => {
  const world = await done()
  const { outcomes } = await world.run(graph, { from: 'a', targets: ['d'] })
  assert.equal(outcomes, { a: 'unchanged', d: 'fresh' })
})

scope('from: a target that does not stand on it is an error', async () => {
  const world = await done()
  const { message } = await refused(world, { from: 'b', targets: ['d'] })
  assert.is(message, "no target stands on 'b'")
})

scope.run()
