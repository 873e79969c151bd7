// wireit's scenarios of cleaning in our words: which old outputs are gone when the commands begin.
import * as assert from 'uvu/assert'

import { defineGraph, type Graph, sh, type TaskSpec, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, World } from '../support/world.ts'

const cleaning = suite('wireit: cleaning')

/**
 * A world in which a compiler makes `out/NAME` of each `in/NAME`, and what lay below `out` each time it
 * began. It never removes anything.
 */
function compiling(files: Readonly<Record<string, string>>): {
  readonly world: World
  readonly found: string[]
} {
  const world = new World(files)
  const found: string[] = []
  const outputs = (): string[] => Object.keys(world.host.disk.tree(`${FOLDER}/out`)).sort()
  world.host.disk.makeFolder(`${FOLDER}/out`)
  world.host.shell.commands.set('compile', () => {
    found.push(outputs().join(' '))
    for (const [name, text] of Object.entries(world.host.disk.tree(`${FOLDER}/in`)))
      world.write(`out/${name}`, text)
    return undefined
  })
  return { world, found }
}

const compile = (spec: TaskSpec = {}): Graph =>
  defineGraph({
    tasks: [
      task('a', () => ({ inputs: ['in/**'], outputs: ['out/**'], run: sh`compile`, ...spec })),
    ],
  })

for (const spec of [{}, { clean: true }])
  cleaning(`what it made before is gone: ${JSON.stringify(spec)}`, async () => {
    const { world, found } = compiling({ 'in/x': '0', 'in/sub/y': '0' })
    await world.run(compile(spec))
    world.remove('in/sub/y')
    await world.run(compile(spec))
    assert.equal(found, ['', ''])
    assert.is(world.read('out/sub/y'), undefined)
    assert.is(world.read('out/x'), '0')
  })

cleaning('clean: false leaves everything to the commands', async () => {
  const { world, found } = compiling({ 'in/x': '0' })
  await world.run(compile({ clean: false }))
  world.edit('in/x', '1')
  await world.run(compile({ clean: false }))
  assert.equal(found, ['', 'x'])
})

cleaning(
  'only what an output pattern names is gone, and what a later one names again',
  async () => {
    const outputs = ['out/**', '!out/sub/**', 'out/sub/back*']
    const { world, found } = compiling({ 'in/x': '0', 'in/sub/y': '0', 'in/sub/back.txt': '0' })
    await world.run(compile({ outputs }))
    world.edit('in/x', '1')
    await world.run(compile({ outputs }))
    assert.equal(found, ['', 'sub/y'])
  },
)

cleaning('a file that it did not make stays, and is told: wireit deletes it', async () => {
  const { world, found } = compiling({ 'in/x': '0' })
  await world.run(compile())
  world.edit('out/mine', 'precious')
  assert.equal((await world.reasons(compile()))['a'], [
    { kind: 'output-added', name: 'out/mine', old: 'absent', new: '' },
  ])
  await world.run(compile())
  assert.equal(found, ['', 'mine'])
})

cleaning('of a link among the outputs the link goes, and not what it leads to', async () => {
  const { world, found } = compiling({ 'in/x': '0', 'target/file': 'stays' })
  world.host.shell.commands.set('link', ({ sh: run }) => run('ln ../target out/link'))
  const graph = compile({ run: [sh`compile`, sh`link`] })
  await world.run(graph)
  assert.is(world.host.disk.readLink(`${FOLDER}/out/link`), '../target')
  world.edit('in/x', '1')
  await world.run(graph)
  assert.equal(found, ['', ''])
  assert.is(world.read('target/file'), 'stays')
})

cleaning('folders stay, because a command may count on them', async () => {
  const { world } = compiling({ 'in/sub/y': '0', 'in/x': '0' })
  await world.run(compile())
  world.remove('in/sub/y')
  await world.run(compile())
  assert.is(world.host.disk.stat(`${FOLDER}/out/sub`)?.kind, 'folder')
})

for (const path of ['../out', '/out', 'out/../../x/**'])
  cleaning(`outputs stay below the folder of the graph: ${path}`, () => {
    assert.throws(() => compile({ outputs: [path] }), /lies outside the graph's folder/)
  })

cleaning("clean: 'input-removed' cleans only when an input is gone", async () => {
  const { world, found } = compiling({ 'in/a': '0' })
  const graph = compile({ clean: 'input-removed' })
  await world.run(graph)
  world.edit('in/b', '0')
  await world.run(graph)
  world.edit('in/a', '1')
  await world.run(graph)
  assert.equal(found, ['', 'a', 'a b'])
  world.remove('in/a')
  await world.run(graph)
  assert.equal(found.at(-1), '')
  // One goes and one comes: their number is the same.
  world.remove('in/b')
  world.edit('in/c', '0')
  await world.run(graph)
  assert.equal(found.at(-1), '')
  assert.equal(Object.keys(world.host.disk.tree(`${FOLDER}/out`)), ['c'])
})

cleaning("clean: 'input-removed' cleans after a failure, which forgot the inputs", async () => {
  const { world, found } = compiling({ 'in/a': '0', 'in/b': '0' })
  const graph = compile({ clean: 'input-removed', run: [sh`compile`, sh`cat fail.txt`] })
  world.write('fail.txt', '')
  await world.run(graph)
  world.remove('fail.txt')
  world.remove('in/a')
  assert.is((await world.run(graph)).outcomes['a'], 'failed')
  world.edit('fail.txt', '')
  await world.run(graph)
  assert.equal(found, ['', '', ''])
})

cleaning(
  "clean: 'input-removed' cleans for no need, not even one that runs each time",
  async () => {
    const { world, found } = compiling({ 'in/a': '0' })
    const before = task('before', () => ({ always: true, run: sh`true` }))
    const a = task('a', () => ({
      needs: [before()],
      inputs: ['in/**'],
      outputs: ['out/**'],
      clean: 'input-removed' as const,
      run: sh`compile`,
    }))
    const graph = defineGraph({ tasks: [before, a] })
    await world.run(graph)
    world.edit('in/a', '1')
    await world.run(graph)
    assert.equal(found, ['', 'a'])
  },
)

cleaning.run()
