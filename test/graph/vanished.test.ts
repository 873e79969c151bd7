import * as assert from 'uvu/assert'

import {
  defineGraph,
  type Graph,
  type Node,
  type Reason,
  recall,
  sh,
  task,
} from '../../graph/index.ts'
import { changedParam } from '../../graph/vanished.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const NO_RECORD: Reason = { kind: 'no-record' }

function build(params: Readonly<Record<string, readonly string[]>>): Graph {
  const one = task('build', params, (values) => {
    const output = `out/${Object.values(values).join('-')}`
    return { outputs: [output], run: sh`echo ${output} > ${output}` }
  })
  return defineGraph({ tasks: [one] })
}

function param(name: string, old: string, now: string): Reason {
  return { kind: 'param-changed', name, old, new: now }
}

const vanished = suite('vanished')

vanished('another value of a parameter is the reason of the node in its place', async () => {
  const world = new World()
  await world.run(build({ device: ['cpu'], mode: ['debug', 'release'] }))
  const now = build({ device: ['cuda'], mode: ['debug', 'release'] })
  const expected = {
    'build[cuda,debug]': [param('device', 'cpu', 'cuda')],
    'build[cuda,release]': [param('device', 'cpu', 'cuda')],
  }
  assert.equal(await world.reasons(now), expected)
  assert.equal((await world.run(now)).reasons, expected)
})

vanished('a parameter that came or went is the reason', async () => {
  const world = new World()
  const few = build({ device: ['cpu'] })
  const more = build({ device: ['cpu'], mode: ['debug'] })
  await world.run(few)
  assert.equal(await world.reasons(more), {
    'build[cpu,debug]': [param('mode', 'absent', 'debug')],
  })
  world.host.disk.removeFile('/w/.state/journal')
  await world.run(more)
  assert.equal(await world.reasons(few), { 'build[cpu]': [param('mode', 'debug', 'absent')] })
})

vanished('a value beside those that are still there is a node that has not run', async () => {
  const world = new World()
  await world.run(build({ device: ['cpu'] }))
  const now = build({ device: ['cpu', 'cuda'] })
  assert.equal(await world.reasons(now), { 'build[cuda]': [NO_RECORD] })
})

vanished(
  'two parameters at once, another task, or the same values in another order are no reason',
  async () => {
    const world = new World()
    await world.run(build({ device: ['cpu'], mode: ['debug'] }))
    const two = build({ device: ['cuda'], mode: ['release'] })
    assert.equal(await world.reasons(two), { 'build[cuda,release]': [NO_RECORD] })
    const order = build({ mode: ['debug'], device: ['cpu'] })
    assert.equal(await world.reasons(order), { 'build[debug,cpu]': [NO_RECORD] })
    const other = task('other', { device: ['cuda'] }, () => ({ run: sh`true` }))
    assert.equal(await world.reasons(defineGraph({ tasks: [other] })), {
      'other[cuda]': [NO_RECORD],
    })
  },
)

vanished('of several that are gone the one that was done last counts', async () => {
  for (const devices of [
    ['cpu', 'metal'],
    ['metal', 'cpu'],
  ]) {
    const world = new World()
    for (const device of devices) await world.run(build({ device: [device] }))
    const now = build({ device: ['cuda'] })
    const last = devices.at(-1) as string
    assert.equal(await world.reasons(now), { 'build[cuda]': [param('device', last, 'cuda')] })
  }
})

vanished('a node that failed under its new value says that', async () => {
  const world = new World()
  await world.run(build({ device: ['cpu'] }))
  const failing = task('build', { device: ['cuda'] }, () => ({ run: sh`exit 3` }))
  const now = defineGraph({ tasks: [failing] })
  await world.run(now)
  assert.equal(
    (await world.reasons(now))['build[cuda]']?.map(({ kind }) => kind),
    ['failed-before'],
  )
})

vanished('a value that is back is the reason, not what the other one wrote meanwhile', async () => {
  const world = new World({ 'out/no': 'not of them' })
  const make = (device: string): Graph =>
    defineGraph({
      tasks: [
        task('build', { device: [device] }, () => ({
          outputs: ['app', 'out/*', '!out/no'],
          run: sh`echo ${device} > app && echo > out/${device}`,
        })),
      ],
    })
  await world.run(make('cpu'))
  await world.run(make('cuda'))
  const cpu = make('cpu')
  assert.equal(await world.reasons(cpu), { 'build[cpu]': [param('device', 'cuda', 'cpu')] })
  world.edit('app', 'damage')
  const kinds = (await world.reasons(cpu))['build[cpu]']?.map(({ kind }) => kind)
  assert.equal(kinds, ['param-changed', 'output-changed'])
  assert.equal(
    (await world.run(cpu)).reasons['build[cpu]']?.map(({ kind }) => kind),
    kinds,
  )
  world.edit('app', 'damage')
  assert.equal(
    (await world.reasons(cpu))['build[cpu]']?.map(({ kind }) => kind),
    ['output-changed'],
  )
})

vanished('one memory answers for a graph that was loaded again', async () => {
  const world = new World()
  await world.run(build({ device: ['cpu'], mode: ['debug'] }))
  const cuda = build({ device: ['cuda'], mode: ['debug'] })
  const { journal } = recall(world.session(cuda))
  const reasonIn = (graph: Graph) => graph.nodes.map((n) => changedParam(n, graph, journal.history))
  assert.equal(reasonIn(cuda), [param('device', 'cpu', 'cuda')])
  const both = build({ device: ['cpu', 'cuda'], mode: ['debug'] })
  assert.is(changedParam(cuda.nodes[0] as Node, both, journal.history), undefined)
  assert.equal(reasonIn(build({ device: ['cpu'], mode: ['release'] })), [
    param('mode', 'debug', 'release'),
  ])
})

vanished.run()
