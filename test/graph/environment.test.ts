import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'

import { PASSED } from '../../graph/environment.ts'
import { defineGraph, type Graph, MARK, probe, sh, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

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

environment(
  'without strictness commands see everything, and a strict run makes all of it again',
  async () => {
    const world = person()
    const show = task('show', () => ({ outputs: ['s.txt'], run: sh`echo $TOKEN > s.txt` }))
    const use = task('use', () => ({
      needs: [show()],
      outputs: ['u.txt'],
      run: sh`cat s.txt > u.txt`,
    }))
    const graph = defineGraph({ tasks: [show, use] })
    const open = await world.run(graph, { strictEnv: false, cache: true, retry: false })
    assert.equal(open.outcomes, { show: 'changed', use: 'changed' })
    assert.is(world.read('u.txt'), 'secret\n')
    assert.equal(world.host.shell.spawned[0]?.env, { ...world.host.env, ...passed })
    const unrecorded = (name: string) => ({
      kind: 'unrecorded',
      detail: 'it saw the whole environment, which is in no key',
      log: `${STATE}/logs/${name}.1.log`,
    })
    assert.equal((await world.reasons(graph))['show'], [unrecorded('show')])
    const strict = await world.run(graph, { cache: true })
    assert.equal(strict.outcomes, { show: 'changed', use: 'changed' })
    assert.is(world.read('u.txt'), '\n')
    assert.equal((await world.run(graph)).started, [])
  },
)

environment('without strictness nothing is restored, and no failure is remembered', async () => {
  const world = person()
  const graph = only({ inputs: ['a.in'], outputs: ['o'], run: sh`check > o` })
  let exit = 0
  world.host.shell.commands.set('check > o', () => {
    world.write('o', 'o')
    return exit
  })
  for (const text of ['one', 'two']) {
    world.edit('a.in', text)
    await world.run(graph, { cache: true })
  }
  world.edit('a.in', 'one')
  const options = { strictEnv: false, cache: true, retry: false } as const
  assert.equal((await world.run(graph, options)).outcomes, { a: 'unchanged' })
  exit = 3
  world.edit('a.in', 'three')
  assert.equal((await world.run(graph, options)).outcomes, { a: 'failed' })
  assert.equal((await world.run(graph, { cache: true, retry: false })).started, ['a'])
  // Now the strict run's failure is; and without strictness it is asked again.
  assert.equal((await world.run(graph, { cache: true, retry: false })).started, [])
  assert.equal((await world.run(graph, options)).started, ['a'])
})

environment('the reference names every variable that reaches all commands', () => {
  const text = readFileSync(new URL('../../docs/graphs.md', import.meta.url), 'utf8')
  const [, section = ''] = text.split('### Environment\n')
  const [list = ''] = section.split('\n#')
  for (const name of [...PASSED, MARK]) assert.match(list, `\`${name.toUpperCase()}\``)
})

environment.run()
