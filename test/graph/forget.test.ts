import * as assert from 'uvu/assert'

import { forgetNodes, recordedOutputs } from '../../graph/forget.ts'
import { defineGraph, select, sh, task } from '../../graph/index.ts'
import { refused } from '../support/refused.ts'
import { suite } from '../support/suite.ts'
import { JOURNAL, STATE, World } from '../support/world.ts'

const a = task('a', () => ({
  outputs: ['a.out', 'gen/*'],
  run: sh`echo a > a.out && echo b > gen/b`,
}))
const c = task('c', () => ({ needs: [a()], outputs: ['c.out'], run: sh`cat a.out > c.out` }))
const graph = defineGraph({ tasks: [a, c] })

async function ran(): Promise<World> {
  const world = new World({ 'gen/keep/mine': 'mine' })
  await world.run(graph)
  return world
}

const forget = suite('forget')

forget('it removes what the nodes are known to have made, and their records', async () => {
  const world = await ran()
  const nodes = select(graph, ['a'])
  const made = ['a.out', 'gen/b']
  assert.equal(recordedOutputs(world.session(graph), nodes), made)
  assert.equal(await forgetNodes(world.session(graph), nodes, { wait: false }), made)
  assert.is(world.read('a.out'), undefined)
  assert.is(world.read('gen/keep/mine'), 'mine')
  assert.is(world.read('c.out'), 'a\n')
  assert.equal((await world.reasons(graph))['a'], [{ kind: 'no-record' }])
  assert.equal((await world.run(graph)).outcomes, { a: 'changed', c: 'fresh' })
})

forget('a former output that somebody has written since stays', async () => {
  const world = await ran()
  world.edit('a.out', 'by hand')
  const now = task('a', () => ({ outputs: ['gen/*'], run: sh`echo b > gen/b` }))
  const only = defineGraph({ tasks: [now] })
  assert.equal(await forgetNodes(world.session(only), only.nodes, { wait: false }), ['gen/b'])
  assert.is(world.read('a.out'), 'by hand')
})

forget('nodes that never ran have nothing to forget', async () => {
  const world = new World()
  assert.equal(await forgetNodes(world.session(graph), graph.nodes, { wait: false }), [])
})

forget('it does not touch what a run holds', async () => {
  const world = await ran()
  const { mark, locks } = world.host
  const lock = await locks.acquire(`${STATE}/lock`, { purpose: 'run', mark, wait: false })
  const error = await refused(forgetNodes(world.session(graph), graph.nodes, { wait: false }))
  assert.is(error.code, 'locked')
  assert.is(world.read('a.out'), 'a\n')
  await lock.release()
})

forget('a state folder that cannot be written is named, and nothing is removed', async () => {
  const world = await ran()
  world.host.disk.fault = (operation, path) =>
    operation === 'append' && path === JOURNAL ? 'EROFS' : undefined
  const error = await refused(forgetNodes(world.session(graph), graph.nodes, { wait: false }))
  assert.is(error.code, 'state-unwritable')
  assert.is(world.read('a.out'), 'a\n')
  assert.is(world.host.locks.isHeld(`${STATE}/lock`), false)
})

forget('what an engine that was killed left running is ended first', async () => {
  const world = await ran()
  const dead = { pid: 9, host: 'memory', since: '', purpose: 'run', mark: 'dead-mark' }
  world.host.locks.inheritedFrom = dead
  await forgetNodes(world.session(graph), graph.nodes, { wait: false })
  assert.equal(world.host.shell.ended, ['dead-mark'])
})

forget.run()
