// wireit's scenarios of freshness in our words: when a task runs again, and when it does not.
import * as assert from 'uvu/assert'

import { defineGraph, type Graph, root, sh, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, World } from '../support/world.ts'

const fresh = suite('wireit: freshness')

const one = (spec: TaskSpec): Graph => defineGraph({ tasks: [task('a', () => spec)] })
const A = { inputs: ['in/**'], run: sh`true` }

/** A world in which the graph has just run. */
async function after(graph: Graph, files: Readonly<Record<string, string>>): Promise<World> {
  const world = new World(files)
  assert.is((await world.run(graph)).summary.ok, true)
  return world
}

fresh('a fresh task is skipped, and a changed input runs it', async () => {
  const world = await after(one(A), { 'in/x': '0' })
  assert.equal((await world.run(one(A))).started, [])
  world.edit('in/x', '1')
  assert.equal((await world.run(one(A))).started, ['a'])
})

fresh('a changed mtime is no change', async () => {
  const world = await after(one(A), { 'in/x': '0' })
  world.host.disk.touch(`${FOLDER}/in/x`)
  assert.equal((await world.run(one(A))).started, [])
})

fresh('a folder is named with **, and all below it counts; named alone it is refused', async () => {
  const world = await after(one(A), { 'in/deep/er/x': '0' })
  world.edit('in/deep/er/x', '1')
  assert.equal((await world.run(one(A))).started, ['a'])
  const { failures } = await world.run(one({ inputs: ['in'], run: sh`true` }))
  assert.equal(failures['a']?.hint, "name its files, with '/**' behind it")
})

fresh('a link among the inputs counts by what it leads to', async () => {
  const world = new World({ 'target/x': '0', 'in/y': '' })
  world.host.disk.link(`${FOLDER}/in/link`, '../target/x')
  await world.run(one(A))
  assert.equal((await world.run(one(A))).started, [])
  world.edit('target/x', '1')
  assert.equal((await world.run(one(A))).started, ['a'])
})

fresh('a link to a folder counts by where it leads, and not by what lies there', async () => {
  const world = new World({ 'target/x': '0', 'other/x': '0' })
  world.host.disk.link(`${FOLDER}/in/link`, '../target')
  assert.is((await world.run(one(A))).summary.ok, true)
  world.edit('target/x', '1')
  assert.equal((await world.run(one(A))).started, [])
  world.host.disk.link(`${FOLDER}/in/link`, '../other')
  world.pause()
  assert.equal((await world.run(one(A))).started, ['a'])
})

fresh('a link to nothing, as an editor leaves it, is no input of a glob', async () => {
  const world = await after(one(A), { 'in/x': '0' })
  world.pause()
  world.host.disk.link(`${FOLDER}/in/.#x`, 'somebody@host.1234')
  world.pause()
  const { summary, started } = await world.run(one(A))
  assert.equal([summary.ok, started], [true, []])
  const named = one({ inputs: ['in/.#x'], run: sh`true` })
  assert.match((await world.run(named)).failures['a']?.message ?? '', /no file matches the input/)
})

fresh('what `!` took away counts again where a later pattern names it', async () => {
  const graph = one({ inputs: ['in/**', '!in/sub/**', 'in/sub/back*'], run: sh`true` })
  const world = await after(graph, { 'in/x': '0', 'in/sub/y': '0', 'in/sub/back.txt': '0' })
  world.edit('in/sub/y', '1')
  assert.equal((await world.run(graph)).started, [])
  world.edit('in/sub/back.txt', '1')
  assert.equal((await world.run(graph)).started, ['a'])
  assert.throws(
    () => one({ inputs: ['!in/sub/**', 'in/**'], run: sh`true` }),
    /'a': "!in\/sub\/\*\*" takes nothing away/,
  )
})

fresh('dot files match, and a new one among the files of a glob is a change', async () => {
  const world = await after(one(A), { 'in/x': '0' })
  world.edit('in/.hidden', '')
  assert.equal((await world.run(one(A))).reasons['a']?.[0]?.kind, 'input-added')
})

fresh('what a run itself remembers is no input, however wide the pattern', async () => {
  for (const inputs of [['**'], ['*/*'], ['.state/**', 'in/x']]) {
    const graph = one({ inputs: inputs.map((pattern) => `${pattern}?`), run: sh`true` })
    const world = await after(graph, { 'in/x': '0' })
    assert.equal((await world.run(graph)).started, [], `${inputs}`)
  }
})

fresh('an empty folder among the inputs is no change', async () => {
  const world = await after(one(A), { 'in/x': '0' })
  world.pause()
  world.host.disk.makeFolder(`${FOLDER}/in/empty`)
  world.pause()
  assert.equal((await world.run(one(A))).started, [])
})

fresh('a task without inputs is fresh once it has run', async () => {
  const graph = one({ run: sh`true` })
  const world = await after(graph, {})
  assert.equal((await world.run(graph)).started, [])
})

fresh('a task whose inputs nobody can name says always: true and runs each time', async () => {
  const graph = one({ always: true, outputs: ['out'], run: sh`cat in/x > out` })
  const world = await after(graph, { 'in/x': '0' })
  assert.equal(await world.reasons(graph), { a: [{ kind: 'always' }] })
  const again = await world.run(graph, { cache: true })
  assert.equal(again.outcomes, { a: 'unchanged' })
  assert.equal((await world.run(graph, { cache: true })).outcomes, { a: 'unchanged' })
})

fresh('who needs a task that runs each time runs only when it made something else', async () => {
  const always = task('always', () => ({
    always: true,
    outputs: ['out'],
    run: sh`cat in/x > out`,
  }))
  const user = task('user', () => ({ needs: [always()], run: sh`true` }))
  const graph = defineGraph({ tasks: [always, user] })
  const world = await after(graph, { 'in/x': '0' })
  assert.equal((await world.run(graph)).started, ['always'])
  world.edit('in/x', '1')
  assert.equal((await world.run(graph)).started, ['always', 'user'])
})

fresh('a task that runs each time and fails, runs the next time', async () => {
  const graph = one({ always: true, run: sh`cat in/x` })
  const world = new World()
  // Also where the failure is remembered, because it did not yet say so.
  await world.run(one({ run: sh`cat in/x` }), { retry: false })
  assert.equal((await world.run(graph, { retry: false })).started, ['a'])
  world.edit('in/x', '')
  assert.equal((await world.run(graph, { retry: false })).outcomes, { a: 'changed' })
})

fresh('an input that nothing matches is an error, unless it ends in ?', async () => {
  for (const [inputs, outcome] of [
    [['in/x'], 'failed'],
    [['in/*.c'], 'failed'],
    [['in/x?', 'in/*.c?'], 'changed'],
  ] as const)
    assert.equal((await new World().run(one({ inputs, run: sh`true` }))).outcomes, { a: outcome })
})

fresh('two tasks may read the same file', async () => {
  const b = task('b', () => ({ inputs: ['in/x'], run: sh`true` }))
  const graph = defineGraph({ tasks: [task('a', () => A), b] })
  const world = await after(graph, { 'in/x': '0' })
  world.edit('in/x', '1')
  assert.equal((await world.run(graph)).started, ['a', 'b'])
})

fresh('a failure leaves it stale, also after the input is as it was', async () => {
  const run = sh`cat a.in > a.out && cat hidden.in`
  const graph = one({ inputs: ['a.in'], outputs: ['a.out'], run })
  const world = await after(graph, { 'a.in': '0', 'hidden.in': '' })
  world.edit('a.in', '1')
  world.remove('hidden.in')
  assert.equal((await world.run(graph)).outcomes, { a: 'failed' })
  world.edit('a.in', '0')
  world.write('hidden.in', '')
  assert.equal((await world.run(graph)).started, ['a'])
})

const echo = sh`echo x > o.x`
const changes: readonly (readonly [TaskSpec, TaskSpec])[] = [
  [{ run: echo }, { run: sh`echo y > o.x` }],
  [
    { outputs: ['o.x'], run: echo },
    { outputs: ['o.*'], run: echo },
  ],
  [{ run: echo }, { clean: false, run: echo }],
  [
    { clean: false, run: echo },
    { clean: 'input-removed', run: echo },
  ],
]
const KINDS = ['command-changed', 'output-spec-changed', 'clean-changed', 'clean-changed']
for (const [i, [before, now]] of changes.entries())
  fresh(`another declaration runs it: ${KINDS[i]} (${i + 1})`, async () => {
    const world = await after(one(before), {})
    const kinds = (await world.reasons(one(now)))['a']?.map(({ kind }) => kind)
    assert.equal([...new Set(kinds)], [KINDS[i]])
    assert.equal((await world.run(one(now))).started, ['a'])
  })

fresh('the order of inputs, of needs and of tasks is no change', async () => {
  const b = task('b', () => ({ inputs: ['in/x'], run: sh`true` }))
  const c = task('c', () => ({ inputs: ['in/y'], run: sh`true` }))
  const a = (isTurned: boolean) =>
    task('a', () => ({
      inputs: isTurned ? ['in/y', 'in/x'] : ['in/x', 'in/y'],
      needs: isTurned ? [c(), b()] : [b(), c()],
      run: sh`true`,
    }))
  const world = await after(defineGraph({ tasks: [a(false), b, c] }), { 'in/x': '', 'in/y': '' })
  assert.equal((await world.run(defineGraph({ tasks: [c, b, a(true)] }))).started, [])
})

fresh('a lock file counts where it is named: here, above, or under any other name', async () => {
  const above = root('workspace')
  const graph = defineGraph({
    tasks: [
      task('plain', () => ({ run: sh`true` })),
      task('own', () => ({ inputs: ['package-lock.json?', 'custom.lock'], run: sh`true` })),
      task('above', () => ({ inputs: [above('package-lock.json')], run: sh`true` })),
    ],
    roots: { workspace: '/repo' },
  })
  const world = new World({ 'package-lock.json': '0', 'custom.lock': '0' })
  world.host.disk.write('/repo/package-lock.json', '0')
  await world.run(graph)
  world.edit('package-lock.json', '1')
  assert.equal((await world.run(graph)).started, ['own'])
  world.edit('custom.lock', '1')
  assert.equal((await world.run(graph)).started, ['own'])
  world.edit('/../repo/package-lock.json', '1')
  assert.equal((await world.run(graph)).started, ['above'])
})

fresh('an input outside the folder lies below a root; a plain path there is refused', async () => {
  const sdk = root('sdk')
  const graph = defineGraph({
    tasks: [task('a', () => ({ inputs: [sdk('*.h')], run: sh`true` }))],
    roots: { sdk: '/sdk' },
  })
  const world = new World()
  world.host.disk.write('/sdk/a.h', '0')
  await world.run(graph)
  world.edit('/../sdk/a.h', '1')
  assert.equal((await world.run(graph)).started, ['a'])
  for (const path of ['../x', '/x'])
    assert.throws(() => one({ inputs: [path], run: sh`true` }), /lies outside the graph's folder/)
})

fresh('an output that somebody changed, removed or added runs it again', async () => {
  const graph = one({ inputs: ['a.in'], outputs: ['out/*'], run: sh`cat a.in > out/x` })
  const world = new World({ 'a.in': 'right', 'out/x': '' })
  await world.run(graph)
  const edits = [
    () => world.edit('out/x', 'wrong'),
    () => world.remove('out/x'),
    () => world.edit('out/y', 'mine'),
  ]
  for (const edit of edits) {
    edit()
    assert.equal((await world.run(graph)).started, ['a'])
    assert.is(world.read('out/x'), 'right')
  }
})

fresh(
  'another value of a declared variable runs it, one that is not declared does not',
  async () => {
    const graph = one({ env: ['MODE'], run: sh`true` })
    const world = new World()
    world.host.env['MODE'] = 'debug'
    await world.run(graph)
    world.host.env['OTHER'] = 'x'
    assert.equal((await world.run(graph)).started, [])
    world.host.env['MODE'] = 'release'
    assert.equal((await world.run(graph)).started, ['a'])
  },
)

fresh('another program behind a command runs it, which wireit does not see', async () => {
  const graph = one({ tools: ['cc'], run: sh`cc` })
  const world = new World()
  world.program('cc', 'cc 1')
  await world.run(graph)
  world.program('cc', 'cc 2')
  assert.equal((await world.run(graph)).started, ['a'])
})

fresh(
  'an input that is edited while the task runs leaves it stale, and nothing wrong in the cache',
  async () => {
    const graph = one({ inputs: ['a.in'], outputs: ['out'], run: sh`cat a.in > out` })
    const world = new World({ 'a.in': 'old' })
    world.host.shell.commands.set('cat a.in > out', ({ sh: run }) => {
      run('cat a.in > out')
      if (world.read('a.in') === 'old') world.write('a.in', 'new')
      return undefined
    })
    await world.run(graph, { cache: true })
    assert.equal((await world.run(graph, { cache: true })).outcomes, { a: 'changed' })
    assert.is(world.read('out'), 'new')
  },
)

fresh.run()
