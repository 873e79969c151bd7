import * as assert from 'uvu/assert'

import { argv, defineGraph, probe, sh, task, titled } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

const version = probe('version', { name: ['cc', 'ld'] }, ({ name }) => ({
  run: argv(name, '--version'),
}))
const build = task('build', () => ({
  needs: [version({ name: 'cc' })],
  outputs: ['o'],
  run: sh`echo built > o`,
}))
const graph = defineGraph({ tasks: [version, build] })

function machine(): World {
  const world = new World()
  world.program('cc', 'cc 1')
  world.program('ld', 'ld 1')
  return world
}

const ask = suite('probe')

ask('a probe is asked once, and its answer is its result', async () => {
  const world = machine()
  assert.equal((await world.run(graph)).started, ['version[cc]', 'version[ld]', 'build'])
  assert.equal((await world.run(graph)).started, [])
  assert.equal(world.host.shell.asked, ['cc --version', 'ld --version'])
  assert.is(world.host.disk.readText(`${STATE}/logs/version_cc.1.log`), '<cc 1>--version')
})

ask(
  'it is asked again when its program changed, and what needs it runs if the answer did',
  async () => {
    const world = machine()
    await world.run(graph)
    world.program('cc', 'cc 2')
    assert.equal((await world.run(graph)).started, ['version[cc]', 'build'])
  },
)

ask('the same answer of another program leaves what needs it fresh', async () => {
  const world = machine()
  world.host.shell.commands.set('cc --version', ({ print }) => print('cc 13.2\n') as undefined)
  await world.run(graph)
  world.program('cc', 'cc patched')
  assert.equal((await world.run(graph)).outcomes, {
    'version[cc]': 'unchanged',
    'version[ld]': 'fresh',
    build: 'fresh',
  })
})

ask('a probe needs no parameters', async () => {
  const world = machine()
  const plain = probe('plain', () => ({ run: argv('cc', '--version') }))
  const user = task('user', () => ({ needs: [plain()], run: sh`echo` }))
  const ran = await world.run(defineGraph({ tasks: [plain, user] }))
  assert.equal(ran.started, ['plain', 'user'])
})

ask('it is asked again when a declared variable or fact changed', async () => {
  const world = machine()
  const what = probe('what', {}, () => ({ env: ['TARGET'], facts: ['cpu'], run: sh`echo $TARGET` }))
  const asking = defineGraph({ tasks: [what] })
  await world.run(asking)
  world.host.env['TARGET'] = 'arm'
  assert.equal((await world.run(asking)).outcomes, { what: 'changed' })
  world.host.facts.set('cpu', 'cpu-2')
  assert.equal((await world.run(asking)).outcomes, { what: 'unchanged' })
})

ask('a probe that fails blocks what needs it, and says what it printed', async () => {
  const world = machine()
  world.host.shell.commands.set('cc --version', ({ print }) => {
    print('licence expired\n')
    return 1
  })
  const { outcomes, failures } = await world.run(graph, { targets: ['build'] })
  assert.equal(outcomes, { 'version[cc]': 'failed', build: 'blocked' })
  assert.is(failures['version[cc]']?.message, 'command failed with exit code 1: cc --version')
  assert.is(failures['version[cc]']?.tail, 'licence expired\n')
})

ask('a probe whose command has a title is named by it', async () => {
  const world = machine()
  world.host.shell.commands.set('cc --version', () => 2)
  const version = probe('version', {}, () => ({ run: titled('which cc', argv('cc', '--version')) }))
  const { failures } = await world.run(defineGraph({ tasks: [version] }))
  assert.is(failures['version']?.message, 'command failed with exit code 2: which cc')
})

ask('a probe that does not answer within half a minute is ended', async () => {
  const world = machine()
  const { promise, resolve } = Promise.withResolvers<void>()
  world.host.shell.commands.set('cc --version', () => {
    resolve()
    return new Promise(() => {})
  })
  const ended = world.run(graph, { targets: ['version[cc]'] })
  await promise
  world.host.clock.advance(30_000)
  const { outcomes, failures } = await ended
  assert.equal(outcomes, { 'version[cc]': 'timed-out' })
  assert.is(
    failures['version[cc]']?.message,
    'command took longer than its time limit of 30 s: cc --version',
  )
})

ask('a probe of a program that is not there fails', async () => {
  const world = new World()
  const { failures } = await world.run(graph, { targets: ['version[cc]'] })
  assert.is(failures['version[cc]']?.message, "the program 'cc' is not on PATH")
  assert.equal(world.host.shell.asked, [])
})

ask.run()
