// A graph as text and back.
import * as assert from 'uvu/assert'

import {
  argv,
  defineGraph,
  type Graph,
  packGraph,
  probe,
  root,
  sh,
  task,
  titled,
  unpackGraph,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const pack = suite('pack')

const tool = probe('tool', { name: ['cc'] }, ({ name }) => ({ run: argv(name, '--version') }))
const a = task('a', { m: ['x', 'y'] }, ({ m }) => ({
  title: `a of ${m}`,
  needs: [tool({ name: 'cc' })],
  inputs: ['a.in', root('elsewhere')('f')],
  outputs: [`${m}.out`],
  pool: 'one',
  set: { V: 'v' },
  run: sh`cat a.in > ${`${m}.out`}`,
  contracts: [titled('read it', argv('cat', `${m}.out`))],
}))
const b = task('b', () => ({ after: [a({ m: 'x' })], run: [sh`true`, sh`echo b`] }))
const graph = defineGraph({
  tasks: [tool, a, b],
  pools: { one: 1 },
  roots: { elsewhere: '/elsewhere' },
})

const back = (of: Graph): Graph => {
  const found = unpackGraph(packGraph(of))
  if (found === undefined) throw new Error('it did not come back')
  return found
}

pack('what comes back has the same nodes, edges, pools and roots', () => {
  const again = back(graph)
  const shown = ({ nodes, pools, roots }: Graph) => ({
    pools,
    roots,
    nodes: nodes.map(({ name, index, kind, task, values, commands, needs, after, spec }) => {
      const { run: _, needs: __, after: ___, ...rest } = spec
      const names = [needs, after].map((edges) => edges.map((node) => node.name))
      return { name, index, kind, task, values, commands, names, rest }
    }),
  })
  assert.equal(shown(again), JSON.parse(JSON.stringify(shown(graph))))
  assert.is(again.byName.get('a[x]'), again.nodes[again.byName.get('a[x]')?.index ?? -1])
})

pack('what the one has run is fresh for the other', async () => {
  const world = new World({ 'a.in': 'a' })
  world.host.disk.write('/elsewhere/f', 'f')
  world.program('cc', 'cc 1')
  world.host.shell.commands.set('cc --version', () => undefined)
  await world.run(graph)
  assert.equal((await world.run(back(graph))).started, [])
})

pack('any other text gives nothing', () => {
  for (const text of ['', 'null', '{}', '{"version":3,"nodes":[]}', '[1'])
    assert.is(unpackGraph(text), undefined)
})

pack.run()
