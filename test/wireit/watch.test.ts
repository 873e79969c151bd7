// wireit's scenarios of its watch mode in our words.
import * as assert from 'uvu/assert'

import {
  defineGraph,
  type Graph,
  GraphError,
  identityOf,
  sh,
  type TaskSpec,
  task,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { Watching } from '../support/watching.ts'
import { FOLDER, World } from '../support/world.ts'

const watch = suite('wireit: watch')

const one = (spec: TaskSpec): Graph => defineGraph({ tasks: [task('a', () => spec)] })

/** A watch that has come to rest after its first run. */
async function watching(world: World, graph: Graph): Promise<Watching> {
  const made = new Watching(world, graph)
  await made.calm()
  made.told()
  return made
}

const edits: readonly (readonly [string, (world: World) => void, readonly string[]])[] = [
  ['an edit runs it', (world) => world.edit('in/x', '1'), ['a']],
  ['a new file runs it', (world) => world.edit('in/y', ''), ['a']],
  ['a file that goes runs it', (world) => world.remove('in/z'), ['a']],
  ['a dot file runs it', (world) => world.edit('in/.y', ''), ['a']],
  ['equal bytes run nothing', (world) => world.edit('in/x', '0'), []],
  ['what `!` took away runs nothing', (world) => world.edit('in/not/x', '1'), []],
  ['what was named again runs it', (world) => world.edit('in/not/but', '1'), ['a']],
  ['a lock file that is an input runs it', (world) => world.edit('package-lock.json', '1'), ['a']],
]
for (const [what, edit, expected] of edits)
  watch(what, async () => {
    const inputs = ['in/**', '!in/not/**', 'in/not/b*', 'package-lock.json?']
    const files = { 'in/x': '0', 'in/z': '', 'in/not/x': '0', 'in/not/but': '0' }
    const world = new World({ ...files, 'package-lock.json': '0' })
    const made = await watching(world, one({ inputs, run: sh`true` }))
    edit(world)
    await made.calm()
    assert.equal(made.started(), expected)
    await made.end()
  })

watch('an edit while it runs runs it again, with what is there then', async () => {
  const world = new World({ 'a.in': '0' })
  const seen: (string | undefined)[] = []
  world.host.shell.commands.set('look', () => {
    seen.push(world.read('a.in'))
    if (seen.length === 1) world.write('a.in', '1')
    return undefined
  })
  const made = await watching(world, one({ inputs: ['a.in'], run: sh`look` }))
  assert.equal(seen, ['0', '1'])
  await made.end()
})

watch('an edit of a need’s input runs both, also when it lies in another package', async () => {
  const b = task('b', () => ({
    inputs: ['packages/b/b.in'],
    outputs: ['packages/b/b.out'],
    run: sh`cat packages/b/b.in > packages/b/b.out`,
  }))
  const graph = defineGraph({ tasks: [task('a', () => ({ needs: [b()], run: sh`true` })), b] })
  const world = new World({ 'packages/b/b.in': '0' })
  const made = await watching(world, graph)
  world.edit('packages/b/b.in', '1')
  await made.calm()
  assert.equal(made.started(), ['b', 'a'])
  await made.end()
})

watch('two tasks that read the same file are one run', async () => {
  const spec = { inputs: ['a.in'], run: sh`true` }
  const b = task('b', () => spec)
  const graph = defineGraph({ tasks: [task('a', () => ({ ...spec, needs: [b()] })), b] })
  const world = new World({ 'a.in': '0' })
  const made = await watching(world, graph)
  world.edit('a.in', '1')
  await made.calm()
  assert.equal(
    made.told().filter((line) => !line.endsWith('started')),
    [...['b unchanged', 'a unchanged', 'idle']],
  )
  await made.end()
})

watch('a failure is no end, and is not run again before something changes', async () => {
  const world = new World({ 'code.txt': '' })
  const made = new Watching(world, one({ inputs: ['code.txt'], run: sh`look` }))
  world.host.shell.commands.set('look', () => (world.read('code.txt') === '' ? 1 : 0))
  await made.calm()
  assert.equal(made.told(), ['a started', 'a failed', 'idle'])
  await made.calm()
  assert.equal(made.told(), [])
  world.edit('code.txt', 'good')
  await made.calm()
  assert.equal(made.told(), ['a started', 'a changed', 'idle'])
  await made.end()
})

watch('a task that fails and yet writes what another reads is no loop', async () => {
  const b = task('b', () => ({
    inputs: ['b.in'],
    outputs: ['b.out'],
    run: sh`cat b.in > b.out && false`,
  }))
  const a = task('a', () => ({ needs: [b()], inputs: ['b.out'], run: sh`true` }))
  const world = new World({ 'b.in': '0' })
  const made = new Watching(world, defineGraph({ tasks: [a, b] }))
  await made.calm()
  assert.equal(made.told(), ['b started', 'b failed', 'a blocked', 'idle'])
  await made.end()
})

watch('a graph that changes is evaluated again, and recovers from a mistake', async () => {
  const world = new World({ graph: 'true' })
  const load = async () => {
    const path = `${FOLDER}/graph`
    const sources = new Map([[path, identityOf(world.host.disk.stat(path))]])
    const text = world.read('graph') as string
    const broken = new GraphError('graph:1: broken', { code: 'bad-graph' })
    return { graph: text === 'broken' ? broken : one({ run: sh(text) }), sources }
  }
  const made = new Watching(world, load)
  await made.calm()
  made.told()
  world.edit('graph', 'broken')
  await made.calm()
  assert.equal(made.told(), ['graph:1: broken', 'idle'])
  world.edit('graph', 'echo')
  await made.calm()
  assert.equal(made.told(), ['loaded', 'a started', 'a unchanged', 'idle'])
  await made.end()
})

watch('a task that says always: true runs with every run, and makes none', async () => {
  const always = task('always', () => ({ always: true, run: sh`true` }))
  const graph = defineGraph({
    tasks: [always, task('a', () => ({ inputs: ['a.in'], run: sh`true` }))],
  })
  const world = new World({ 'a.in': '0' })
  const made = new Watching(world, graph)
  await made.calm()
  assert.equal(made.started(), ['always', 'a'])
  await made.calm()
  assert.equal(made.started(), [])
  world.edit('a.in', '1')
  await made.calm()
  assert.equal(made.started(), ['always', 'a'])
  await made.end()
})

watch.run()
