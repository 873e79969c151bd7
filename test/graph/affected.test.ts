// What a file reaches, what would run if it changed, and how nodes hang together.
import * as assert from 'uvu/assert'

import {
  affected,
  assess,
  defineGraph,
  dependents,
  type Graph,
  pathBetween,
  recall,
  sh,
  task,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, World } from '../support/world.ts'

const suiteOf = suite('affected')

// a.in -> a -> b -> c, and z beside them.
const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` }))
const b = task('b', () => ({ needs: [a()], outputs: ['b.out'], run: sh`cat a.out > b.out` }))
const c = task('c', () => ({ after: [b()], inputs: ['*.cin'], run: sh`true` }))
const z = task('z', () => ({ inputs: ['z.in'], run: sh`true` }))
const graph = defineGraph({ tasks: [a, b, c, z] })
const files = { 'a.in': 'a', 'x.cin': 'x', 'z.in': 'z' }

const node = (of: Graph, name: string) => {
  const found = of.byName.get(name)
  if (found === undefined) throw new Error(name)
  return found
}

function reached(world: World, ...names: string[]): Readonly<Record<string, unknown>> {
  const paths = new Set(names.map((name) => `${FOLDER}/${name}`))
  const rows = affected(graph, recall(world.session(graph)), paths)
  return Object.fromEntries(rows.map(({ node: { name }, because }) => [name, because]))
}

suiteOf('a file reaches the nodes that read it and all that stand on these', async () => {
  const world = new World(files)
  assert.equal(reached(world, 'a.in'), {
    a: { kind: 'input', path: `${FOLDER}/a.in` },
    b: { kind: 'need', name: 'a' },
  })
  assert.equal(Object.keys(reached(world, 'z.in')), ['z'])
  assert.equal(reached(world, 'nobody'), {})
})

suiteOf('a file that a node makes reaches it too', () => {
  const world = new World(files)
  assert.equal(reached(world, 'b.out'), { b: { kind: 'output', path: `${FOLDER}/b.out` } })
})

suiteOf('a folder reaches what reads or makes anything in it', () => {
  const world = new World({ 'src/deep/a.c': 'a', 'srcs/b.c': 'b' })
  const one = task('one', () => ({ inputs: ['src/**'], run: sh`true` }))
  const two = task('two', () => ({ inputs: ['srcs/*'], outputs: ['src.o'], run: sh`true` }))
  const own = defineGraph({ tasks: [one, two] })
  const rows = affected(own, recall(world.session(own)), new Set([`${FOLDER}/src`]))
  assert.equal(
    rows.map(({ node }) => node.name),
    ['one'],
  )
})

suiteOf('an input that is gone, and the program behind a node, reach it', async () => {
  const world = new World(files)
  await world.run(graph)
  world.remove('x.cin')
  assert.equal(reached(world, 'x.cin'), { c: { kind: 'input', path: `${FOLDER}/x.cin` } })
  const rows = affected(graph, recall(world.session(graph)), new Set(['/bin/sh']))
  assert.equal(
    rows.map(({ node, because }) => [node.name, because.kind]),
    [...graph.nodes].map(({ name }) => [name, 'tool']),
  )
})

suiteOf('a glob that matches nothing is no error here', () => {
  const world = new World({ 'a.in': 'a', 'z.in': 'z' })
  assert.equal(Object.keys(reached(world, 'z.in')), ['z'])
})

suiteOf('a discovered input reaches the node that discovered it', async () => {
  const world = new World({ 'c.c': 'int x;', 'h.h': '1' })
  const compile = task('compile', () => ({
    inputs: ['c.c'],
    outputs: ['c.o'],
    depfile: 'c.d',
    run: sh`compile`,
  }))
  const own = defineGraph({ tasks: [compile] })
  world.host.shell.commands.set('compile', () => {
    world.write('c.o', 'o')
    world.write('c.d', 'c.o: c.c h.h\n')
    return undefined
  })
  await world.run(own)
  const rows = affected(own, recall(world.session(own)), new Set([`${FOLDER}/h.h`]))
  assert.equal(
    rows.map(({ because }) => because),
    [{ kind: 'input', path: `${FOLDER}/h.h` }],
  )
})

suiteOf(
  'what-if: a file taken as changed makes its readers stale, and nothing is written',
  async () => {
    const world = new World(files)
    await world.run(graph)
    const memory = recall(world.session(graph), { pretended: new Set([`${FOLDER}/a.in`]) })
    const states = (await assess(graph.nodes, memory)).map(({ node: { name }, state }) => [
      name,
      state,
    ])
    // An edge that only orders makes nothing stale.
    assert.equal(states, [
      ['a', 'stale'],
      ['b', 'maybe'],
      ['c', 'fresh'],
      ['z', 'fresh'],
    ])
    assert.equal(Object.keys(await world.reasons(graph)), [])
  },
)

suiteOf('dependents and the path between two nodes follow needs and order', () => {
  const names = (nodes: readonly { name: string }[] | undefined) => nodes?.map(({ name }) => name)
  assert.equal(names(dependents(graph, node(graph, 'a'))), ['b', 'c'])
  assert.equal(names(pathBetween(graph, node(graph, 'a'), node(graph, 'c'))), ['a', 'b', 'c'])
  assert.equal(names(pathBetween(graph, node(graph, 'a'), node(graph, 'a'))), ['a'])
  assert.is(pathBetween(graph, node(graph, 'a'), node(graph, 'z')), undefined)
  assert.is(pathBetween(graph, node(graph, 'c'), node(graph, 'a')), undefined)
})

suiteOf.run()
