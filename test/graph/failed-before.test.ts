// A failure that would come again is answered with its log; whatever may be otherwise next time runs.
import * as assert from 'uvu/assert'

import { defineGraph, type Exit, type Graph, sh, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { JOURNAL, type Ran, STATE, World } from '../support/world.ts'

const test = (more: Partial<TaskSpec> = {}): Graph => {
  const one = task('test', () => ({ inputs: ['a.in'], run: sh`check`, ...more }))
  const after = task('after', () => ({ needs: [one()], run: sh`true` }))
  return defineGraph({ tasks: [one, after] })
}

/** A world in which `check` prints what it read and ends so. */
function checking(exit: number | Exit): World {
  const world = new World({ 'a.in': 'first' })
  world.host.shell.commands.set('check', ({ print }) => {
    print(`read ${world.read('a.in')}\n`)
    return exit
  })
  return world
}

const run = (world: World, graph: Graph, options = {}): Promise<Ran> =>
  world.run(graph, { retry: false, cache: true, ...options })

const before = suite('failed before')

before(
  'it is answered at once, with message, log, exit code and class, and blocks the same',
  async () => {
    const world = checking(3)
    const first = await run(world, test(), { onFailure: () => ({ class: 'build' }) })
    const at = world.host.clock.now()
    const again = await run(world, test())
    assert.equal(again.started, [])
    assert.equal(again.outcomes, { test: 'failed', after: 'blocked' })
    const { before: when = 0, ...failure } = again.failures['test'] ?? {}
    assert.equal(failure, first.failures['test'])
    assert.equal(failure, {
      message: 'command failed with exit code 3: check',
      how: 'command',
      exitCode: 3,
      class: 'build',
      tail: 'read first\n',
      log: `${STATE}/logs/test.1.log`,
    })
    assert.ok(when > at - 10_000 && when <= at)
    assert.is(again.summary.ok, false)
    assert.is(again.reasons['test']?.[0]?.kind, 'failed-before')
  },
)

before('with `retry`, and when it is forced, it runs', async () => {
  const world = checking(1)
  await run(world, test())
  assert.equal((await run(world, test(), { retry: true })).started, ['test'])
  assert.equal((await run(world, test(), { force: true, targets: ['test'] })).started, ['test'])
  assert.equal((await run(world, test())).started, [])
})

before(
  'another key runs, and the key of before runs again: only the last failure is known',
  async () => {
    const world = checking(1)
    await run(world, test())
    world.edit('a.in', 'second')
    assert.equal((await run(world, test())).failures['test']?.tail, 'read second\n')
    assert.equal((await run(world, test())).started, [])
    world.edit('a.in', 'first')
    assert.equal((await run(world, test())).started, ['test'])
    assert.equal((await run(world, test({ env: ['V'], set: { V: '1' } }))).started, ['test'])
  },
)

const EXITS: readonly Exit[] = [
  { how: 'signalled', signal: 'SIGKILL' },
  { how: 'exited', code: 137 },
  { how: 'exited', code: 127 },
  { how: 'exited', code: 126 },
  { how: 'timed-out' },
  { how: 'not-started', errno: 'EAGAIN', message: '' },
]
for (const exit of EXITS)
  before(`${JSON.stringify(exit)} says nothing of the next time: it runs`, async () => {
    const world = checking(exit)
    await run(world, test())
    assert.equal((await run(world, test())).started, ['test'])
  })

const SPECS: Readonly<Record<string, Partial<TaskSpec>>> = {
  'keeps its folder': { clean: false },
  'discovers inputs': { depfile: 'a.d' },
}
for (const [what, spec] of Object.entries(SPECS))
  before(`a node that ${what} runs: its key does not hold all`, async () => {
    const world = checking(1)
    await run(world, test(spec))
    assert.equal((await run(world, test(spec))).started, ['test'])
  })

before('what the caller says may go well next time runs', async () => {
  const world = checking(1)
  await run(world, test(), { onFailure: () => ({ class: 'network', isLasting: false }) })
  assert.equal((await run(world, test())).started, ['test'])
})

before('an input that moved while it ran, or an edited output of a need: it runs', async () => {
  const world = new World({ 'a.in': 'first' })
  let edit = (): void => world.write('a.in', 'second')
  world.host.shell.commands.set('check', () => {
    edit()
    return 1
  })
  await run(world, test())
  assert.equal((await run(world, test())).started, ['test'])

  const make = task('make', () => ({ outputs: ['o'], run: sh`echo o > o` }))
  const graph = defineGraph({
    tasks: [make, task('test', () => ({ needs: [make()], run: sh`check` }))],
  })
  edit = () => world.write('o', 'edited')
  await run(world, graph)
  edit = () => {}
  world.write('o', 'o\n')
  world.pause()
  assert.equal((await run(world, graph)).started, ['test'])
})

before('a key under which it went well once decides nothing: it runs, or is restored', async () => {
  const world = new World({ 'a.in': 'first' })
  let code = 0
  world.host.shell.commands.set('check', () => code)
  await run(world, test())
  code = 1
  await run(world, test(), { force: true })
  assert.equal((await run(world, test())).outcomes['test'], 'restored')
})

before('a missing output and a missing input are looked for again', async () => {
  const world = new World({ 'a.in': 'first' })
  const graph = test({ outputs: ['o'], run: sh`true` })
  await run(world, graph)
  assert.equal((await run(world, graph)).started, ['test'])
})

before('it survives a journal that is written anew, and a torn line makes it run', async () => {
  const world = checking(1)
  await run(world, test())
  const { disk } = world.host
  const lines = (disk.readText(JOURNAL) ?? '').trimEnd().split('\n')
  disk.write(JOURNAL, `${lines.join('\n')}\n${`${'0'.repeat(8)} old\n`.repeat(3000)}`)
  assert.equal((await run(world, test())).started, [])
  const text = disk.readText(JOURNAL) ?? ''
  assert.ok(text.length < 3000)
  assert.equal((await run(world, test())).failures['test']?.exitCode, 1)
  const failed = text.split('\n').findLast((line) => line.includes(' F\x1f')) ?? ''
  disk.write(JOURNAL, text.replace(failed, failed.slice(0, -2)))
  assert.equal((await run(world, test())).started, ['test'])
})

before.run()
