import * as assert from 'uvu/assert'

import {
  defineGraph,
  type NodeFailure,
  probe,
  type RunEvent,
  runGraph,
  sh,
  task,
} from '../../graph/index.ts'
import { refused } from '../support/refused.ts'
import { suite } from '../support/suite.ts'
import { type Gate, gate, JOURNAL, SNAPSHOT, STATE, World } from '../support/world.ts'

// Makes `wait NAME` a command that waits until the test opens its gate.
function gates(world: World, ...names: string[]): Readonly<Record<string, Gate>> {
  return Object.fromEntries(
    names.map((name) => {
      const one = gate()
      world.host.shell.commands.set(`wait ${name}`, async () => {
        await one.wait()
        return undefined
      })
      return [name, one]
    }),
  )
}

// Resolves when an event of that type was reported.
function listen(type: RunEvent['type']): {
  heard: Promise<RunEvent>
  report: (e: RunEvent) => void
} {
  const { promise, resolve } = Promise.withResolvers<RunEvent>()
  return { heard: promise, report: (event) => event.type === type && resolve(event) }
}

const running = (world: World): readonly string[] =>
  world.host.shell.spawned.map(({ text }) => text)

const run = suite('run')

run('it tells exactly what happens, in order', async () => {
  const world = new World({ 'a.in': 'a' })
  const a = task('a', () => ({
    title: 'make a',
    inputs: ['a.in'],
    outputs: ['a.out'],
    run: sh`cat a.in > a.out`,
  }))
  const b = task('b', () => ({ needs: [a()], run: sh`work` }))
  world.host.shell.commands.set('work', () => world.host.clock.advance(250) as undefined)
  const graph = defineGraph({ tasks: [a, b] })
  const at = world.host.clock.now()
  const counts = { restored: 0, failed: 0, 'timed-out': 0, cancelled: 0, blocked: 0 }
  const { events } = await world.run(graph)
  assert.equal(events.slice(0, -1), [
    {
      type: 'planned',
      at,
      nodes: [
        { node: 'a', title: 'make a', needs: [], expectedMs: undefined },
        { node: 'b', title: 'b', needs: ['a'], expectedMs: undefined },
      ],
    },
    { type: 'stale', at, node: 'a', reasons: [{ kind: 'no-record' }] },
    { type: 'started', at, node: 'a', attempt: 1, log: `${STATE}/logs/a.1.log` },
    { type: 'finished', at, node: 'a', outcome: 'changed', ms: 0 },
    { type: 'stale', at, node: 'b', reasons: [{ kind: 'no-record' }] },
    { type: 'started', at, node: 'b', attempt: 1, log: `${STATE}/logs/b.1.log` },
    { type: 'finished', at: at + 250, node: 'b', outcome: 'changed', ms: 250 },
  ])
  const done = events.at(-1)
  assert.is(done?.type, 'done')
  const outcomes = { fresh: 0, changed: 2, unchanged: 0, ...counts }
  assert.equal(done?.type === 'done' && done.summary, {
    ok: true,
    outcomes,
    ms: 250,
    failures: [],
    cancelled: false,
    run: '20231114-221325-123',
  })
  const again = await world.run(graph)
  assert.equal(
    again.events.map((event) => [event.type, 'node' in event ? event.node : '']),
    [
      ['planned', ''],
      ['finished', 'a'],
      ['finished', 'b'],
      ['done', ''],
    ],
  )
  const planned = again.events[0]
  assert.is(planned?.type === 'planned' && planned.nodes[1]?.expectedMs, 250)
})

run('the run of a graph without nodes is done', async () => {
  const world = new World()
  const { summary, events } = await world.run(defineGraph({ tasks: [] }))
  assert.is(summary.ok, true)
  assert.equal(
    events.map((event) => event.type),
    ['planned', 'done'],
  )
})

run(
  'a run in which everything is fresh takes no lock, starts nothing and writes nothing',
  async () => {
    const world = new World({ 'a.in': 'a' })
    const graph = defineGraph({
      tasks: [
        task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` })),
      ],
    })
    await world.run(graph)
    await world.run(graph)
    const before = world.host.disk.tree(STATE)
    const { digested } = world.host.disk
    digested.length = 0
    world.host.disk.fault = (operation) => (operation === 'read' ? undefined : 'EROFS')
    world.host.locks.acquire = () => Promise.reject(new Error('the lock was asked for'))
    assert.equal((await world.run(graph)).outcomes, { a: 'fresh' })
    assert.equal(world.host.disk.tree(STATE), before)
    assert.equal(digested, [])
  },
)

run('only the targets and what they stand on run', async () => {
  const world = new World()
  const a = task('a', { v: ['1', '2'] }, () => ({ run: sh`true` }))
  const b = task('b', () => ({ needs: [a({ v: '1' })], run: sh`true` }))
  const c = task('c', () => ({ run: sh`true` }))
  const graph = defineGraph({ tasks: [a, b, c] })
  assert.equal((await world.run(graph, { targets: ['b'] })).started, ['a[1]', 'b'])
  assert.equal((await world.run(graph, { targets: ['a'] })).started, ['a[2]'])
})

run('an unknown target runs nothing', async () => {
  const world = new World()
  const graph = defineGraph({ tasks: [task('build', () => ({ run: sh`true` }))] })
  const error = await refused(world.run(graph, { targets: ['biuld'] }))
  assert.is(error.code, 'unknown-node')
  assert.is(error.hint, "did you mean 'build'?")
  assert.equal(running(world), [])
})

run('force runs the targets and not what they need', async () => {
  const world = new World()
  const a = task('a', () => ({ outputs: ['a.out'], run: sh`echo a > a.out` }))
  const b = task('b', () => ({ needs: [a()], outputs: ['b.out'], run: sh`echo b > b.out` }))
  const graph = defineGraph({ tasks: [a, b] })
  await world.run(graph)
  const { outcomes, reasons } = await world.run(graph, { targets: ['b'], force: true })
  assert.equal(outcomes, { a: 'fresh', b: 'unchanged' })
  assert.equal(reasons, { b: [{ kind: 'forced' }] })
})

run('the nodes with the longest way to the end run first', async () => {
  const world = new World()
  const took = (name: string, ms: number): void => {
    world.host.shell.commands.set(name, () => world.host.clock.advance(ms) as undefined)
  }
  took('short', 10)
  took('long', 900)
  took('middle', 500)
  const short = task('short', () => ({ run: sh`short` }))
  const middle = task('middle', () => ({ run: sh`middle` }))
  const first = task('first', () => ({ run: sh`short` }))
  const long = task('long', () => ({ needs: [first()], run: sh`long` }))
  const graph = defineGraph({ tasks: [short, middle, first, long] })
  // Without records each counts the same: the chain is longer, the others go as declared.
  const unknown = await world.run(graph, { jobs: 1 })
  assert.equal(unknown.started, ['first', 'short', 'middle', 'long'])
  const known = await world.run(graph, { jobs: 1, force: true })
  assert.equal(known.started, ['first', 'long', 'middle', 'short'])
})

run('no more nodes run at once than jobs allow', async () => {
  const world = new World()
  const door = gates(world, 'a', 'b', 'c')
  const name = ['a', 'b', 'c'] as const
  const t = task('t', { name }, ({ name }) => ({ run: sh`wait ${name}` }))
  const ended = world.run(defineGraph({ tasks: [t] }), { jobs: 2 })
  await Promise.all([door['a']?.reached, door['b']?.reached])
  assert.equal(running(world), ['wait a', 'wait b'])
  door['b']?.open()
  await door['c']?.reached
  assert.equal(running(world), ['wait a', 'wait b', 'wait c'])
  door['a']?.open()
  door['c']?.open()
  assert.is((await ended).summary.outcomes.changed, 3)
})

run('as many nodes run at once as the machine has cores, and never none', async () => {
  const world = new World()
  const names = ['a', 'b', 'c', 'd', 'e']
  const door = gates(world, ...names)
  const t = task('t', { name: names }, ({ name }) => ({ run: sh`wait ${name}` }))
  const graph = defineGraph({ tasks: [t] })
  const ended = world.run(graph)
  await door['d']?.reached
  assert.is(running(world).length, 4)
  for (const one of Object.values(door)) one.open()
  await ended
  for (const jobs of [0, -1])
    assert.is((await world.run(graph, { jobs, force: true })).summary.ok, true)
})

run('nodes of one pool share its limit, and others pass them', async () => {
  const world = new World()
  const door = gates(world, 'a', 'b', 'c')
  const pooled = task('pooled', { name: ['a', 'b'] }, ({ name }) => ({
    pool: 'compiler',
    run: sh`wait ${name}`,
  }))
  const free = task('free', () => ({ run: sh`wait c` }))
  const graph = defineGraph({ tasks: [pooled, free], pools: { compiler: 1 } })
  const ended = world.run(graph, { jobs: 3 })
  await door['c']?.reached
  assert.equal(running(world), ['wait a', 'wait c'])
  door['a']?.open()
  await door['b']?.reached
  door['b']?.open()
  door['c']?.open()
  assert.is((await ended).summary.ok, true)
})

run('an edge that only orders holds a node back until the other is done', async () => {
  const world = new World()
  const door = gates(world, 'a', 'b')
  const a = task('a', () => ({ run: sh`wait a` }))
  const b = task('b', () => ({ after: [a()], run: sh`wait b` }))
  const ended = world.run(defineGraph({ tasks: [b, a] }))
  await door['a']?.reached
  assert.equal(running(world), ['wait a'])
  door['a']?.open()
  door['b']?.open()
  assert.equal((await ended).started, ['a', 'b'])
})

run('after the first failure nothing more begins, and what runs is let end', async () => {
  const world = new World()
  const door = gates(world, 'slow')
  const bad = task('bad', () => ({ run: sh`false` }))
  const slow = task('slow', () => ({ run: sh`wait slow` }))
  const user = task('user', () => ({ needs: [bad()], run: sh`true` }))
  const later = task('later', () => ({ needs: [slow()], run: sh`true` }))
  const failed = listen('finished')
  const ended = world.run(defineGraph({ tasks: [bad, slow, user, later] }), failed)
  await Promise.all([door['slow']?.reached, failed.heard])
  door['slow']?.open()
  const { outcomes, summary } = await ended
  assert.equal(outcomes, { bad: 'failed', user: 'blocked', later: 'cancelled', slow: 'changed' })
  assert.is(summary.ok, false)
  assert.is(summary.cancelled, false)
})

run('keep going runs all that does not need what failed', async () => {
  const world = new World()
  const bad = task('bad', () => ({ run: sh`false` }))
  const user = task('user', () => ({ needs: [bad()], run: sh`true` }))
  const users = task('users', () => ({ after: [user()], run: sh`true` }))
  const other = task('other', () => ({ run: sh`true` }))
  const worse = task('worse', () => ({ inputs: ['none.c'], run: sh`true` }))
  const graph = defineGraph({ tasks: [bad, user, users, other, worse] })
  const { outcomes, summary, events } = await world.run(graph, { keepGoing: true, jobs: 1 })
  assert.equal(outcomes, {
    bad: 'failed',
    user: 'blocked',
    users: 'blocked',
    other: 'changed',
    worse: 'failed',
  })
  assert.equal(
    summary.failures.map(({ node }) => node),
    ['bad', 'worse'],
  )
  const blocked = events.filter((event) => event.type === 'finished' && event.blockedBy)
  assert.equal(
    blocked.map((event) => event.type === 'finished' && [event.node, event.blockedBy]),
    [
      ['user', 'bad'],
      ['users', 'bad'],
    ],
  )
})

run('an input that is missing when its node comes to its turn blocks what needs it', async () => {
  const world = new World({ 'a.in': 'a' })
  const a = task('a', () => ({ inputs: ['a.in'], run: sh`true` }))
  const b = task('b', () => ({ needs: [a()], run: sh`true` }))
  const c = task('c', () => ({ run: sh`true` }))
  const graph = defineGraph({ tasks: [a, b, c] })
  await world.run(graph)
  world.remove('a.in')
  const stopped = await world.run(graph)
  assert.equal(stopped.outcomes, { a: 'failed', b: 'blocked', c: 'fresh' })
  assert.equal(stopped.started, [])
})

run(
  'a try that failed is tried again when the caller says so, after the wait it names',
  async () => {
    const world = new World()
    const graph = defineGraph({ tasks: [task('fetch', () => ({ run: sh`flaky` }))] })
    let tries = 0
    world.host.shell.commands.set('flaky', ({ print }) => {
      print(`try ${++tries}\n`)
      return tries < 3 ? 6 : undefined
    })
    const asked: [string, string, number][] = []
    const onFailure = (node: { name: string }, failure: NodeFailure, attempt: number) => {
      asked.push([node.name, failure.tail, attempt])
      return { class: 'network', retryAfterMs: 1000 * attempt }
    }
    const waits: number[] = []
    const triesBefore: number[] = []
    const report = (event: RunEvent): void => {
      if (event.type !== 'retrying') return
      waits.push(event.afterMs)
      assert.is(event.failure.class, 'network')
      setImmediate(() => {
        world.host.clock.advance(event.afterMs - 1)
        setImmediate(() => {
          triesBefore.push(tries)
          world.host.clock.advance(1)
        })
      })
    }
    const { outcomes, events } = await world.run(graph, { onFailure, report })
    assert.equal(outcomes, { fetch: 'changed' })
    assert.equal(asked, [
      ['fetch', 'try 1\n', 1],
      ['fetch', 'try 2\n', 2],
    ])
    assert.equal(waits, [1000, 2000])
    assert.equal(triesBefore, [1, 2])
    assert.equal(
      events.map((event) => (event.type === 'started' ? event.log : '')).filter(Boolean),
      [1, 2, 3].map((attempt) => `${STATE}/logs/fetch.${attempt}.log`),
    )
    assert.equal((await world.run(graph)).started, [])
  },
)

run('a try that failed for good carries the class that the caller gave', async () => {
  const world = new World()
  const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`false` }))] })
  const { failures } = await world.run(graph, { onFailure: () => ({ class: 'build' }) })
  assert.is(failures['a']?.class, 'build')
})

run('a command that takes longer than its limit is ended', async () => {
  const world = new World()
  const door = gates(world, 'ever')
  const a = task('a', () => ({ timeoutMs: 5000, run: [sh`first`, sh`wait ever`] }))
  const b = task('b', () => ({ needs: [a()], run: sh`true` }))
  world.host.shell.commands.set('first', () => world.host.clock.advance(3000) as undefined)
  const ended = world.run(defineGraph({ tasks: [a, b] }))
  await door['ever']?.reached
  assert.is(world.host.shell.spawned[1]?.timeoutMs, 2000)
  world.host.clock.advance(2000)
  const { outcomes, failures, summary } = await ended
  assert.equal(outcomes, { a: 'timed-out', b: 'blocked' })
  assert.is(failures['a']?.message, 'command took longer than its time limit of 5 s: wait ever')
  assert.is(summary.ok, false)
})

run('cancelling ends what runs and begins nothing more', async () => {
  const world = new World()
  const door = gates(world, 'a')
  const a = task('a', () => ({ outputs: ['a.out'], run: [sh`echo half > a.out`, sh`wait a`] }))
  const b = task('b', () => ({ needs: [a()], run: sh`true` }))
  const c = task('c', () => ({ run: sh`true` }))
  const graph = defineGraph({ tasks: [a, b, c] })
  const stop = new AbortController()
  const ended = world.run(graph, { signal: stop.signal, jobs: 1 })
  await door['a']?.reached
  stop.abort()
  const { outcomes, summary } = await ended
  assert.equal(outcomes, { b: 'cancelled', c: 'cancelled', a: 'cancelled' })
  assert.is(summary.cancelled, true)
  assert.is(summary.ok, false)
  assert.is(world.host.locks.isHeld(`${STATE}/lock`), false)
  const reasons = await world.reasons(graph)
  assert.equal(reasons['a'], [{ kind: 'interrupted' }])
  assert.equal(reasons['c'], [{ kind: 'no-record' }])
})

run('cancelling while a try waits to be repeated ends the wait', async () => {
  const world = new World()
  const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`false` }))] })
  const stop = new AbortController()
  const retrying = listen('retrying')
  const onFailure = () => ({ retryAfterMs: 60_000 })
  const ended = world.run(graph, { signal: stop.signal, onFailure, ...retrying })
  await retrying.heard
  stop.abort()
  assert.equal((await ended).outcomes, { a: 'cancelled' })
  assert.is(world.host.clock.waiting, 0)
  assert.equal(running(world), ['false'])
})

run('cancelling while a probe asks ends it', async () => {
  const world = new World()
  const door = gates(world, 'probe')
  const graph = defineGraph({ tasks: [probe('p', {}, () => ({ run: sh`wait probe` }))] })
  const stop = new AbortController()
  const ended = world.run(graph, { signal: stop.signal })
  await door['probe']?.reached
  stop.abort()
  assert.equal((await ended).outcomes, { p: 'cancelled' })
})

run('a lock that is lost cancels the run', async () => {
  const world = new World()
  const door = gates(world, 'a')
  const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`wait a` }))] })
  const ended = world.run(graph)
  await door['a']?.reached
  world.host.locks.lose(`${STATE}/lock`)
  assert.equal((await ended).outcomes, { a: 'cancelled' })
})

run('a run that comes second waits, says for whom, and runs nothing that is done', async () => {
  const world = new World()
  const door = gates(world, 'a')
  const a = task('a', () => ({ run: sh`wait a` }))
  const b = task('b', () => ({ needs: [a()], run: sh`true` }))
  const graph = defineGraph({ tasks: [a, b] })
  const first = world.run(graph, { targets: ['b'] })
  await door['a']?.reached
  const waiting = listen('waiting')
  const second = world.run(graph, waiting)
  const event = await waiting.heard
  assert.is(event.type === 'waiting' && event.lock, `${STATE}/lock`)
  assert.is(event.type === 'waiting' && event.owner?.purpose, 'run b')
  door['a']?.open()
  assert.equal((await first).outcomes, { a: 'changed', b: 'changed' })
  assert.equal((await second).outcomes, { a: 'fresh', b: 'fresh' })
  assert.equal(running(world), ['wait a', 'true'])
})

run('a run that comes second and may not wait fails at once', async () => {
  const world = new World()
  const door = gates(world, 'a')
  const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`wait a` }))] })
  const first = world.run(graph)
  await door['a']?.reached
  const error = await refused(world.run(graph, { wait: false }))
  assert.is(error.code, 'locked')
  door['a']?.open()
  await first
})

run('a run that waits for the lock gives up after its limit, or when it is cancelled', async () => {
  const world = new World()
  const door = gates(world, 'a')
  const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`wait a` }))] })
  const first = world.run(graph)
  await door['a']?.reached
  const stop = new AbortController()
  const one = listen('waiting')
  const limited = refused(world.run(graph, { lockTimeoutMs: 3000, ...one }))
  await one.heard
  const two = listen('waiting')
  const cancelled = refused(world.run(graph, { signal: stop.signal, ...two }))
  await two.heard
  world.host.clock.advance(3000)
  assert.is((await limited).code, 'locked')
  stop.abort()
  assert.is((await cancelled).code, 'cancelled')
  door['a']?.open()
  assert.is((await first).summary.ok, true)
})

run('what a dead run left running is ended first', async () => {
  const world = new World()
  const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`true` }))] })
  const owner = { pid: 7, host: 'memory', since: '', purpose: 'run all', mark: 'mark-of-the-dead' }
  world.host.locks.inheritedFrom = owner
  await world.run(graph)
  assert.equal(world.host.shell.ended, ['mark-of-the-dead'])
  assert.is(world.host.shell.closed, 1)
})

for (const errno of ['EACCES', 'EROFS', 'ENOSPC'])
  run(`a state folder that refuses with ${errno} is named, and nothing runs`, async () => {
    const world = new World()
    const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`true` }))] })
    world.host.disk.fault = (operation, path) =>
      operation === 'mkdir' && path.startsWith(STATE) ? errno : undefined
    const error = await refused(world.run(graph))
    assert.is(error.code, 'state-unwritable')
    assert.is(error.errno, errno)
    assert.is(error.message, `cannot write the state folder '${STATE}': ${errno}`)
    assert.is(error.hint, `make it writable: ls -ld ${STATE}`)
    assert.equal(running(world), [])
  })

run('a disk that is full under the journal ends what runs, and names the journal', async () => {
  const world = new World()
  const door = gates(world, 'slow')
  const quick = task('quick', () => ({ run: sh`fill` }))
  const slow = task('slow', () => ({ run: sh`wait slow` }))
  const graph = defineGraph({ tasks: [slow, quick] })
  world.host.shell.commands.set('fill', async () => {
    await door['slow']?.reached
    world.host.disk.fault = (operation, path) =>
      operation === 'write' && path === JOURNAL ? 'ENOSPC' : undefined
    return undefined
  })
  const error = await refused(world.run(graph))
  assert.is(error.code, 'state-unwritable')
  assert.is(error.errno, 'ENOSPC')
  assert.is(error.message, `cannot write the journal '${JOURNAL}': ENOSPC`)
  assert.is(world.host.locks.isHeld(`${STATE}/lock`), false)
  world.host.disk.fault = () => undefined
  assert.equal(await world.reasons(graph), {
    slow: [{ kind: 'interrupted' }],
    quick: [{ kind: 'interrupted' }],
  })
})

run('a snapshot that cannot be saved costs nothing but time', async () => {
  const world = new World({ 'a.in': 'a' })
  const graph = defineGraph({ tasks: [task('a', () => ({ inputs: ['a.in'], run: sh`true` }))] })
  world.host.disk.fault = (operation, path) =>
    operation === 'rename' && path === SNAPSHOT ? 'EROFS' : undefined
  assert.is((await world.run(graph)).summary.ok, true)
  assert.equal((await world.run(graph)).outcomes, { a: 'fresh' })
  assert.is(world.host.disk.stat(SNAPSHOT), undefined)
})

run(
  'a run that a command of a run starts does not wait for the one that waits for it',
  async () => {
    const world = new World()
    const a = task('a', () => ({ run: sh`run b` }))
    const b = task('b', () => ({ run: sh`true` }))
    const graph = defineGraph({ tasks: [a, b] })
    const { host } = world
    let told: { code: string; message: string } | undefined
    host.shell.commands.set('run b', async ({ env }) => {
      const session = {
        ...world.session(graph),
        host: { ...host, env },
      }
      const { code, message } = await refused(runGraph(session, { targets: ['b'] }))
      told = { code, message }
      return undefined
    })
    assert.equal((await world.run(graph)).outcomes, { a: 'changed', b: 'changed' })
    const message = `the run that holds the lock '${STATE}/lock' has started this one, and waits for it`
    assert.equal(told, { code: 'locked', message })
  },
)

run('who cannot get ready for a run leaves no lock behind', async () => {
  const world = new World({ a: 'a' })
  const graph = defineGraph({
    tasks: [task('a', () => ({ inputs: ['a'], outputs: ['b'], run: sh`cat a > b` }))],
  })
  const whenStale = () => Promise.reject(new Error('no terminal'))
  const failed = await world.run(graph, { whenStale }).catch((error: Error) => error)
  assert.is((failed as Error).message, 'no terminal')
  assert.is((await world.run(graph, { wait: false })).summary.ok, true)
})

run.run()
