// What holds back nodes that could begin: the load of the machine, and tools that have all tokens.
import * as assert from 'uvu/assert'

import { defineGraph, type RunEvent, sh, task } from '../../graph/index.ts'
import { roomBelow } from '../../graph/throttle.ts'
import type { MemoryHost } from '../support/memory-host.ts'
import { suite } from '../support/suite.ts'
import { type Gate, gate, STATE, World } from '../support/world.ts'

// Makes `wait NAME` a command that waits until the test opens its gate.
function gates(world: World, ...names: string[]): Readonly<Record<string, Gate>> {
  const made = names.map((name) => {
    const one = gate()
    world.host.shell.commands.set(`wait ${name}`, async () => {
      await one.wait()
      return undefined
    })
    return [name, one] as const
  })
  return Object.fromEntries(made)
}

// Resolves when the run waits for the load.
function whenHeld(): { heard: Promise<RunEvent>; report: (event: RunEvent) => void } {
  const { promise, resolve } = Promise.withResolvers<RunEvent>()
  return { heard: promise, report: (event) => event.type === 'held-back' && resolve(event) }
}

const commands = (world: World): readonly string[] =>
  world.host.shell.spawned.map(({ text }) => text)

const NAMES = ['a', 'b', 'c'] as const
const three = defineGraph({
  tasks: [task('t', { name: NAMES }, ({ name }) => ({ run: sh`wait ${name}` }))],
})

const throttle = suite('throttle')

throttle('at most as many begin as the load leaves room for, and one where nothing runs', () => {
  const cases: readonly (readonly [
    maxLoad: number,
    load: number,
    running: number,
    room: number,
  ])[] = [
    [4, 0, 0, 4],
    [4, 0.3, 2, 4],
    [4, 3, 2, 1],
    [4, 3.99, 2, 1],
    [4, 4, 2, 0],
    [4, 4, 0, 1],
    [4, 90, 1, 0],
    [4, 90, 0, 1],
    [0.5, 0.2, 1, 1],
  ]
  for (const [maxLoad, load, running, room] of cases)
    assert.is(roomBelow(maxLoad, { load, running }), room, `${[maxLoad, load, running]}`)
})

throttle('under too high a load the nodes run one after another, and that is told', async () => {
  const world = new World()
  world.host.loadNow = 9.25
  const door = gates(world, ...NAMES)
  const held = whenHeld()
  const ended = world.run(three, { maxLoad: 4, ...held })
  const at = world.host.clock.now()
  assert.equal(await held.heard, { type: 'held-back', at, load: 9.25, maxLoad: 4 })
  assert.equal(commands(world), ['wait a'])
  // It is looked at again and again, and told once.
  for (let second = 0; second < 3; second++) {
    world.host.clock.advance(1000)
    await turns()
  }
  assert.equal(commands(world), ['wait a'])
  for (const name of NAMES) {
    await door[name]?.reached
    assert.is(commands(world).at(-1), `wait ${name}`)
    door[name]?.open()
  }
  const { events, summary } = await ended
  assert.is(summary.ok, true)
  assert.is(events.filter(({ type }) => type === 'held-back').length, 2)
})

throttle('when the load has fallen, as many begin as it has room for', async () => {
  const world = new World()
  world.host.loadNow = 4
  const door = gates(world, ...NAMES)
  const held = whenHeld()
  const ended = world.run(three, { maxLoad: 4, ...held })
  await held.heard
  assert.equal(commands(world), ['wait a'])
  world.host.loadNow = 2.5
  world.host.clock.advance(1000)
  await Promise.all([door['b']?.reached, door['c']?.reached])
  for (const name of NAMES) door[name]?.open()
  assert.is((await ended).summary.outcomes.changed, 3)
})

throttle('at the end of a run nobody waits to look at the load again', async () => {
  const world = new World()
  world.host.loadNow = 9
  let waiting = -1
  const report = (event: RunEvent): void => {
    if (event.type === 'done') waiting = world.host.clock.waiting
  }
  const names = task('t', { name: NAMES }, () => ({ run: sh`true` }))
  await world.run(defineGraph({ tasks: [names] }), { maxLoad: 4, report })
  assert.is(waiting, 0)
})

throttle(
  'a plain run asks for no load, makes no pipe, and its commands see no MAKEFLAGS',
  async () => {
    const world = new World()
    world.host.env['MAKEFLAGS'] = ' -j8 --jobserver-auth=3,4'
    world.host.load = () => unwanted()
    world.host.tokens = () => unwanted()
    const one = task('one', () => ({ run: sh`true` }))
    const { summary } = await world.run(defineGraph({ tasks: [one] }))
    assert.is(summary.ok, true)
    const [spawn] = world.host.shell.spawned
    assert.is(spawn?.tokens, undefined)
    assert.is('MAKEFLAGS' in (spawn?.env ?? {}), false)
  },
)

// A task whose tools take part in the jobserver.
const sharing = (name: string, more: object = {}) =>
  task(name, () => ({ jobserver: true, run: sh`wait ${name}`, ...more }))
const plain = (name: string, more: object = {}) =>
  task(name, () => ({ run: sh`wait ${name}`, ...more }))

// What a tool of a node does: takes all the tokens that it can get.
function takeAll(host: MemoryHost): number {
  const had = host.tokensLeft ?? 0
  host.tokensLeft = 0
  return had
}

throttle('a node that shares is told of the jobserver, and the others are not', async () => {
  const world = new World()
  world.host.env['MAKEFLAGS'] = ' -j8 --jobserver-auth=3,4'
  const graph = defineGraph({
    tasks: [
      task('own', () => ({ jobserver: true, run: sh`echo own` })),
      task('more', () => ({ jobserver: true, set: { MAKEFLAGS: 'k' }, run: sh`echo more` })),
      task('none', () => ({ run: sh`echo none` })),
    ],
  })
  assert.is((await world.run(graph, { jobs: 3, maxLoad: 2.5 })).summary.ok, true)
  const flags = '-j3 -l2.5 --jobserver-auth=fifo:/dev/fd/8 --jobserver-auth 8,9'
  const tokens = { path: `${STATE}/jobserver`, read: 8, write: 9 }
  const seen = new Map(world.host.shell.spawned.map((one) => [one.text, one]))
  assert.is(seen.get('echo own')?.env['MAKEFLAGS'], ` ${flags}`)
  assert.equal(seen.get('echo own')?.tokens, tokens)
  assert.is(seen.get('echo more')?.env['MAKEFLAGS'], `k ${flags}`)
  assert.is('MAKEFLAGS' in (seen.get('echo none')?.env ?? {}), false)
  assert.is(seen.get('echo none')?.tokens, undefined)
  assert.is(world.host.tokensLeft, undefined)
})

throttle('whether a node shares decides no result', async () => {
  const world = new World()
  const graph = (more: object) =>
    defineGraph({ tasks: [task('one', () => ({ run: sh`true`, ...more }))] })
  await world.run(graph({}))
  assert.equal((await world.run(graph({ jobserver: true }))).outcomes, { one: 'fresh' })
})

throttle('the tools have what the nodes leave: each that runs is one job', async () => {
  const world = new World()
  const { host } = world
  const door = gates(world, 'a', 'b', 'c', 'd')
  const graph = defineGraph({
    tasks: [
      sharing('a'),
      sharing('b'),
      plain('c'),
      plain('d', { needs: [{ task: 'c', values: {} }] }),
    ],
  })
  const ended = world.run(graph, { jobs: 5 })
  await Promise.all([door['a']?.reached, door['b']?.reached, door['c']?.reached])
  await turns()
  assert.is(host.tokensLeft, 2)
  door['c']?.open()
  await door['d']?.reached
  assert.is(host.tokensLeft, 2)
  door['d']?.open()
  await turns()
  assert.is(host.tokensLeft, 3)
  door['a']?.open()
  await turns()
  assert.is(host.tokensLeft, 4)
  door['b']?.open()
  assert.is((await ended).summary.ok, true)
})

throttle(
  'a node waits while the tools have all tokens, and takes the first that comes back',
  async () => {
    const world = new World()
    const { host } = world
    const door = gates(world, 'a', 'first', 'b', 'c')
    const needs = [{ task: 'first', values: {} }]
    const graph = defineGraph({
      tasks: [sharing('a'), plain('first'), plain('b', { needs }), plain('c', { needs })],
    })
    const ended = world.run(graph, { jobs: 3 })
    await Promise.all([door['a']?.reached, door['first']?.reached])
    await turns()
    assert.is(takeAll(host), 1)
    door['first']?.open()
    // The token of the node that has ended is the next one's; for the other there is none.
    await door['b']?.reached
    host.clock.advance(1000)
    await turns()
    assert.equal(commands(world), ['wait first', 'wait a', 'wait b'])
    host.tokensLeft = 1
    host.clock.advance(20)
    await door['c']?.reached
    assert.is(host.tokensLeft, 0)
    for (const name of ['a', 'b', 'c']) door[name]?.open()
    assert.is((await ended).summary.ok, true)
  },
)

throttle('tokens that died with a node are there again for the next', async () => {
  const world = new World()
  const { host } = world
  const door = gates(world, 'killed', 'next')
  const graph = defineGraph({
    tasks: [sharing('killed', { pool: 'one', timeoutMs: 5000 }), sharing('next', { pool: 'one' })],
    pools: { one: 1 },
  })
  const ended = world.run(graph, { jobs: 3, keepGoing: true })
  await door['killed']?.reached
  assert.is(takeAll(host), 2)
  host.clock.advance(5000)
  await door['next']?.reached
  assert.is(host.tokensLeft, 2)
  door['next']?.open()
  assert.equal((await ended).outcomes, { killed: 'timed-out', next: 'changed' })
})

throttle('where no FIFO can be made the node that needs one fails and says so', async () => {
  const world = new World()
  const refusal = { code: 'ENOTSUP', path: `${STATE}/jobserver` }
  world.host.tokens = () => Promise.reject(Object.assign(new Error('no FIFO here'), refusal))
  const one = task('one', () => ({ jobserver: true, run: sh`true` }))
  const { failures } = await world.run(defineGraph({ tasks: [one] }))
  assert.is(failures['one']?.message, `ENOTSUP '${STATE}/jobserver': no FIFO here`)
  assert.equal(commands(world), [])
})

throttle('a make that started the run decides how many nodes run at once', async () => {
  const world = new World()
  const { host } = world
  host.parentTokensLeft = 1
  const door = gates(world, ...NAMES)
  const ended = world.run(three)
  // One job came with the start, one from the pipe.
  await Promise.all([door['a']?.reached, door['b']?.reached])
  await turns()
  assert.equal(commands(world), ['wait a', 'wait b'])
  assert.is(host.parentTokensLeft, 0)
  door['a']?.open()
  await door['c']?.reached
  assert.is(host.parentTokensLeft, 0)
  door['b']?.open()
  await turns()
  assert.is(host.parentTokensLeft, 1)
  door['c']?.open()
  assert.is((await ended).summary.ok, true)
  assert.is(host.parentTokensLeft, 1)
})

throttle('make gets its tokens back from a run that fails or is stopped', async () => {
  for (const how of ['failed', 'stopped']) {
    const world = new World()
    world.host.parentTokensLeft = 5
    const door = gates(world, ...NAMES)
    const stop = new AbortController()
    const ended = world.run(three, { signal: stop.signal })
    await door['c']?.reached
    assert.is(world.host.parentTokensLeft, 3)
    if (how === 'stopped') stop.abort()
    else world.host.shell.killNow()
    assert.is((await ended).summary.ok, false)
    assert.is(world.host.parentTokensLeft, 5, how)
  }
})

throttle('the tools of a node get the tokens of that make', async () => {
  const world = new World()
  world.host.parentTokensLeft = 2
  const one = task('one', () => ({ jobserver: true, run: sh`true` }))
  assert.is((await world.run(defineGraph({ tasks: [one] }))).summary.ok, true)
  const [spawn] = world.host.shell.spawned
  assert.equal(spawn?.tokens, { path: '/proc/make', read: 8, write: 9 })
  assert.is(world.host.tokensLeft, undefined)
  assert.is(world.host.parentTokensLeft, 2)
})

throttle('who says --jobs is not bound by that make', async () => {
  const world = new World()
  world.host.parentTokensLeft = 0
  const door = gates(world, ...NAMES)
  const ended = world.run(three, { jobs: 3 })
  await Promise.all(NAMES.map((name) => door[name]?.reached))
  for (const name of NAMES) door[name]?.open()
  assert.is((await ended).summary.ok, true)
  assert.is(world.host.parentTokensLeft, 0)
})

throttle.run()

function unwanted(): never {
  throw new Error('nobody asked for it')
}

// All that can go on without the clock or a gate has gone on.
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
  await new Promise((resolve) => setImmediate(resolve))
}
