import * as assert from 'uvu/assert'

import { defineGraph, type Graph, probe, sh, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

function only(spec: TaskSpec): Graph {
  return defineGraph({ tasks: [task('a', () => spec)] })
}

function person(): World {
  const world = new World()
  Object.assign(world.host.env, {
    CC: 'gcc',
    TOKEN: 'secret',
    LD_PRELOAD: 'x.so',
    EMPTY: '',
    https_proxy: 'http://proxy',
  })
  return world
}

const passed = {
  PATH: '/opt/bin:/bin',
  HOME: '/home/me',
  https_proxy: 'http://proxy',
  GRAPH_RUN_MARK: 'mark-1',
}

const environment = suite('environment')

environment('commands get a short list, the mark, and nothing that was not declared', async () => {
  const world = person()
  await world.run(only({ run: sh`true` }))
  assert.equal(world.host.shell.spawned[0]?.env, passed)
})

environment(
  'declared, passed and fixed variables reach the commands and the contracts',
  async () => {
    const world = person()
    const spec = {
      env: ['CC', 'CXX', 'EMPTY'],
      passEnv: ['TOKEN'],
      set: { LC_ALL: 'C', CC: 'clang' },
      run: sh`true`,
      contracts: [sh`echo`],
    }
    await world.run(only(spec))
    const expected = { ...passed, CC: 'clang', EMPTY: '', TOKEN: 'secret', LC_ALL: 'C' }
    assert.equal(
      world.host.shell.spawned.map(({ env }) => env),
      [expected, expected],
    )
  },
)

environment('a variable that is only passed decides nothing', async () => {
  const world = person()
  const graph = only({ passEnv: ['TOKEN'], run: sh`true` })
  await world.run(graph)
  world.host.env['TOKEN'] = 'other'
  assert.equal((await world.run(graph)).started, [])
})

environment('the value of a declared variable is what the commands see', async () => {
  const world = person()
  const graph = only({ env: ['CC'], outputs: ['cc.txt'], run: sh`echo $CC > cc.txt` })
  await world.run(graph)
  assert.is(world.read('cc.txt'), 'gcc\n')
})

environment('a probe gets what it declares', async () => {
  const world = person()
  const p = probe('p', {}, () => ({ env: ['CC'], run: sh`echo $CC $TOKEN` }))
  const q = task('q', () => ({ needs: [p()], run: sh`true` }))
  const graph = defineGraph({ tasks: [p, q] })
  await world.run(graph)
  assert.is(world.host.disk.readText('/w/.state/logs/p.1.log'), 'gcc \n')
  world.host.env['TOKEN'] = 'other'
  assert.equal((await world.run(graph)).started, [])
  world.host.env['CC'] = 'clang'
  assert.equal((await world.run(graph)).started, ['p', 'q'])
})

environment.run()
