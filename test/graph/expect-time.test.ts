// How long a run would take, as its schedule has it, with what nodes took the last time.
import * as assert from 'uvu/assert'

import {
  assess,
  defineGraph,
  type ExpectedTime,
  expectTime,
  foretell,
  type Graph,
  openCache,
  recall,
  sh,
  type TaskHandle,
  task,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { World } from '../support/world.ts'

const SECONDS: Readonly<Record<string, number>> = { a: 10, b: 4, c: 6, d: 1, e: 2 }

// a, b and c stand on nothing, d on a and b, e on c.
function letters(pool?: string): Graph {
  const one = (name: string, ...needs: readonly TaskHandle<Record<never, never>>[]) =>
    task(name, () => ({
      inputs: [`${name}.in`],
      outputs: [`${name}.out`],
      needs: needs.map((need) => need()),
      ...(pool === undefined ? {} : { pool }),
      run: sh`work ${name}`,
    }))
  const [a, b, c] = [one('a'), one('b'), one('c')]
  const tasks = [a, b, c, one('d', a, b), one('e', c)]
  return defineGraph({ tasks, ...(pool === undefined ? {} : { pools: { [pool]: 1 } }) })
}

function world(): World {
  const made = new World()
  for (const [name, seconds] of Object.entries(SECONDS)) {
    made.write(`${name}.in`, '1')
    made.host.shell.commands.set(`work ${name}`, () => {
      made.host.clock.advance(seconds * 1000)
      made.write(`${name}.out`, made.read(`${name}.in`) ?? '')
      return 0
    })
  }
  made.pause()
  return made
}

async function expected(made: World, graph: Graph, jobs: number): Promise<ExpectedTime> {
  const session = made.session(graph)
  const memory = recall(session)
  const assessed = await assess(graph.nodes, memory)
  const answers = await foretell(assessed, memory, { cache: openCache(session) })
  return expectTime(graph, assessed, memory, { answers, jobs })
}

// One after another, so that each takes what it takes.
const ran = async (graph: Graph): Promise<World> => {
  const made = world()
  await made.run(graph, { jobs: 1, cache: true })
  return made
}

const expecting = suite('expected time')

expecting('before the first run nothing is known, and every node is named', async () => {
  assert.equal(await expected(world(), letters(), 2), {
    ...{ jobs: 2, leastMs: 0, mostMs: 0 },
    unknown: ['a', 'b', 'c', 'd', 'e'],
  })
})

expecting('a group has no time of its own, known or not', async () => {
  const made = world()
  const one = task('one', () => ({ inputs: ['a.in'], run: sh`true` }))
  const group = task('group', () => ({ needs: [one()] }))
  const graph = defineGraph({ tasks: [one, group] })
  assert.equal((await expected(made, graph, 1)).unknown, ['one'])
})

expecting('when all is fresh it is nothing', async () => {
  const graph = letters()
  assert.equal(await expected(await ran(graph), graph, 2), {
    ...{ jobs: 2, leastMs: 0, mostMs: 0, unknown: [] },
  })
})

for (const [jobs, most] of [
  [1, 23],
  // a and c begin; b follows c, then e; d waits for a and b: 0-10 a, 0-6 c, 6-10 b, 10-11 d, 10-12 e.
  [2, 12],
  [3, 11],
  [8, 11],
] as const)
  expecting(`with ${jobs} at once all five take ${most} s`, async () => {
    const graph = letters()
    const made = await ran(graph)
    for (const name of Object.keys(SECONDS)) made.edit(`${name}.in`, '2')
    const { leastMs, mostMs, unknown } = await expected(made, graph, jobs)
    assert.equal([Math.round(leastMs), Math.round(mostMs), unknown], [most * 1000, most * 1000, []])
  })

expecting('the limit of a pool counts', async () => {
  const graph = letters('one')
  const made = await ran(graph)
  for (const name of Object.keys(SECONDS)) made.edit(`${name}.in`, '2')
  assert.is(Math.round((await expected(made, graph, 8)).mostMs), 23_000)
})

expecting('what may stay fresh is in the most and not in the least', async () => {
  const graph = letters()
  const made = await ran(graph)
  made.edit('c.in', '2')
  const { leastMs, mostMs } = await expected(made, graph, 2)
  assert.equal([Math.round(leastMs), Math.round(mostMs)], [6000, 8000])
})

expecting('what the cache has takes no time', async () => {
  const graph = letters()
  const made = await ran(graph)
  made.edit('a.in', '2')
  await made.run(graph, { cache: true })
  made.edit('a.in', '1')
  const { leastMs, mostMs, unknown } = await expected(made, graph, 2)
  assert.equal([leastMs, mostMs, unknown], [0, 0, []])
})

// a[1] takes 10 s, a[2] 20 s.
function counted(values: readonly [string, ...string[]]): Graph {
  const a = task('a', { n: values }, ({ n }) => ({ outputs: [`${n}.out`], run: sh`count ${n}` }))
  const b = task('b', () => ({ run: sh`other` }))
  return defineGraph({ tasks: [a, b] })
}

async function counting(): Promise<World> {
  const made = new World()
  for (const n of [1, 2])
    made.host.shell.commands.set(`count ${n}`, () => {
      made.host.clock.advance(n * 10_000)
      made.write(`${n}.out`, '')
      return 0
    })
  await made.run(counted(['1', '2']), { jobs: 1, targets: ['a'] })
  return made
}

expecting('a node with another value takes what those of its task took on average', async () => {
  const { leastMs, mostMs, unknown } = await expected(await counting(), counted(['3']), 1)
  assert.equal([Math.round(leastMs), Math.round(mostMs), unknown], [15_000, 15_000, ['b']])
})

expecting('the run plans with the same time', async () => {
  const made = await counting()
  made.host.shell.commands.set('count 3', () => 1)
  const { events } = await made.run(counted(['2', '3']), { targets: ['a'] })
  const planned = events.find((event) => event.type === 'planned')
  const times = planned?.type === 'planned' ? planned.nodes : []
  assert.equal(
    times.map(({ node, expectedMs }) => [node, Math.round(expectedMs ?? 0)]),
    [
      ['a[2]', 20_000],
      ['a[3]', 15_000],
    ],
  )
})

expecting('it is what the run then takes', async () => {
  const graph = letters()
  const made = await ran(graph)
  for (const name of Object.keys(SECONDS)) made.edit(`${name}.in`, '2')
  const { mostMs } = await expected(made, graph, 1)
  const start = made.host.clock.now()
  const { events } = await made.run(graph, { jobs: 1 })
  assert.is(Math.round((events.at(-1)?.at ?? 0) - start), Math.round(mostMs))
})

expecting.run()
