// wireit's scenarios of dependencies in our words: what a change below means for what stands on it.
import * as assert from 'uvu/assert'

import { defineGraph, sh, type TaskHandle, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const cascade = suite('wireit: cascade')

type Plain = TaskHandle<Record<never, never>>
const make = (name: string, spec: Partial<TaskSpec> = {}): Plain =>
  task(name, () => ({
    inputs: [`${name}.in`],
    outputs: [`${name}.out`],
    run: sh(`cat ${name}.in > ${name}.out`),
    ...spec,
  }))

cascade('what needs a task that made something else runs, and only that', async () => {
  const b = make('b')
  const graph = defineGraph({ tasks: [make('a', { needs: [b()] }), b] })
  const world = new World({ 'a.in': '0', 'b.in': '0' })
  assert.equal((await world.run(graph)).started, ['b', 'a'])
  world.edit('b.in', '1')
  assert.equal((await world.run(graph)).started, ['b', 'a'])
  world.edit('a.in', '1')
  assert.equal((await world.run(graph)).started, ['a'])
  assert.equal((await world.run(graph)).started, [])
})

cascade('what needs a task that ran and made the same stays fresh: wireit runs it', async () => {
  const b = make('b', { outputs: ['b.out'], run: sh`echo same > b.out` })
  const graph = defineGraph({ tasks: [make('a', { needs: [b()] }), b] })
  const world = new World({ 'a.in': '0', 'b.in': '0' })
  await world.run(graph)
  world.edit('b.in', '1')
  assert.equal((await world.run(graph)).outcomes, { b: 'unchanged', a: 'fresh' })
})

cascade('a task that declares no outputs made nothing: what needs it stays fresh', async () => {
  const b = task('b', () => ({ inputs: ['b.in'], run: sh`true` }))
  const graph = defineGraph({ tasks: [make('a', { needs: [b()] }), b] })
  const world = new World({ 'a.in': '0', 'b.in': '0' })
  await world.run(graph)
  world.edit('b.in', '1')
  assert.equal((await world.run(graph)).started, ['b'])
})

cascade('`after` orders and no more: what the other made does not count', async () => {
  const b = make('b')
  const graph = defineGraph({ tasks: [make('a', { after: [b()] }), b] })
  const world = new World({ 'a.in': '0', 'b.in': '0' })
  assert.equal((await world.run(graph)).started, ['b', 'a'])
  world.edit('b.in', '1')
  assert.equal((await world.run(graph)).started, ['b'])
})

cascade('of another task’s outputs only those count that are named, with `after`', async () => {
  const build = task('build', () => ({
    inputs: ['code.ts', 'types.ts'],
    outputs: ['lib/**'],
    run: sh`echo x > lib/code.d.ts && cat code.ts > lib/code.js && cat types.ts > lib/code.d.ts`,
  }))
  const bundle = task('bundle', () => ({
    after: [build()],
    inputs: ['lib/**/*.js'],
    outputs: ['bundle.js'],
    run: sh`cat lib/code.js > bundle.js`,
  }))
  const graph = defineGraph({ tasks: [build, bundle] })
  const world = new World({ 'code.ts': '0', 'types.ts': '0' })
  world.host.disk.makeFolder('/w/lib')
  assert.equal((await world.run(graph)).started, ['build', 'bundle'])
  world.edit('types.ts', '1')
  // Only what it makes will tell.
  assert.equal((await world.reasons(graph))['bundle'], [{ kind: 'need-will-run', name: 'build' }])
  assert.equal((await world.run(graph)).started, ['build'])
  world.edit('code.ts', '1')
  assert.equal((await world.run(graph)).started, ['build', 'bundle'])
  world.remove('lib/code.js')
  assert.equal((await world.reasons(graph))['bundle'], [{ kind: 'need-will-run', name: 'build' }])
  assert.equal((await world.run(graph)).started, ['build'])
})

cascade(
  'a task without commands is a name for others: it runs them and nothing itself',
  async () => {
    const [b, c] = [make('b'), make('c')]
    const all = task('all', () => ({ needs: [b(), c()] }))
    const graph = defineGraph({ tasks: [all, b, c] })
    const world = new World({ 'b.in': '0', 'c.in': '0' })
    await world.run(graph, { targets: ['all'] })
    assert.equal(world.host.shell.spawned.length, 2)
    assert.equal((await world.run(graph, { targets: ['all'] })).outcomes, {
      ...{ b: 'fresh', c: 'fresh', all: 'fresh' },
    })
  },
)

cascade('through a task without commands, what it needs and reads counts', async () => {
  const b = make('b')
  const config = task('config', () => ({ inputs: ['tsconfig.json'], needs: [b()] }))
  const user = make('user', { needs: [config()] })
  const graph = defineGraph({ tasks: [b, config, user] })
  const world = new World({ 'b.in': '0', 'user.in': '0', 'tsconfig.json': '0' })
  const run = () => world.run(graph, { cache: true })
  await run()
  world.edit('tsconfig.json', '1')
  const { started, reasons } = await run()
  assert.equal(started, ['config', 'user'])
  assert.equal(reasons['user']?.[0]?.kind, 'need-changed')
  world.edit('b.in', '1')
  assert.equal((await run()).started, ['b', 'config', 'user'])
  world.edit('b.in', '0')
  assert.equal((await run()).outcomes, { b: 'restored', config: 'changed', user: 'restored' })
  assert.equal((await run()).started, [])
})

cascade('a task without commands has no outputs, and names something', () => {
  const refused = /'a' has nothing to run/
  assert.throws(() => defineGraph({ tasks: [task('a', () => ({}))] }), refused)
  assert.throws(() => defineGraph({ tasks: [task('a', () => ({ inputs: [] }))] }), refused)
  const spec: TaskSpec = { inputs: ['x'], outputs: ['y'] }
  assert.throws(() => defineGraph({ tasks: [task('a', () => spec)] }), refused)
})

cascade('packages of one repository are parameters or functions of one graph', async () => {
  const build = task('build', { pkg: ['foo', 'bar'] }, ({ pkg }) => ({
    needs: pkg === 'foo' ? [build({ pkg: 'bar' })] : [],
    inputs: [`packages/${pkg}/src.c`],
    outputs: [`packages/${pkg}/lib.a`],
    cwd: `packages/${pkg}`,
    run: sh`cat src.c ${pkg === 'foo' ? ['../bar/lib.a'] : []} > lib.a`,
  })) as TaskHandle<{ readonly pkg: readonly ['foo', 'bar'] }>
  const graph = defineGraph({ tasks: [build] })
  const world = new World({ 'packages/foo/src.c': 'f', 'packages/bar/src.c': 'b' })
  await world.run(graph)
  assert.is(world.read('packages/foo/lib.a'), 'fb')
  world.edit('packages/bar/src.c', 'B')
  assert.equal((await world.run(graph)).started, ['build[bar]', 'build[foo]'])
})

cascade('a diamond runs its base once', async () => {
  const d = make('d')
  const [b, c] = [make('b', { needs: [d()] }), make('c', { needs: [d()] })]
  const graph = defineGraph({ tasks: [make('a', { needs: [b(), c()] }), b, c, d] })
  const world = new World({ 'a.in': '', 'b.in': '', 'c.in': '', 'd.in': '' })
  assert.equal((await world.run(graph)).started, ['d', 'b', 'c', 'a'])
})

cascade('a graph with 2^64 paths is decided and recorded like any other', async () => {
  const steps: Plain[] = [make('s0', { inputs: ['in'], run: sh`cat in > s0.out` })]
  for (let i = 1; i <= 64; i++) {
    const below = steps.slice(-2)
    const side = task(`t${i}`, () => ({ needs: below.map((one) => one()), run: sh`true` }))
    const needs = [...below, side].map((one) => one())
    steps.push(
      side,
      task(`s${i}`, () => ({ needs, run: sh`true` })),
    )
  }
  const graph = defineGraph({ tasks: steps })
  const world = new World({ in: '0' })
  assert.is((await world.run(graph)).started.length, 129)
  assert.is((await world.run(graph)).summary.outcomes.fresh, 129)
})

cascade.run()
