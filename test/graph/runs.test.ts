// What is remembered of runs, and how a past one is named.
import * as assert from 'uvu/assert'

import {
  argv,
  defineGraph,
  type GraphError,
  listRuns,
  parseRun,
  readRun,
  sh,
  task,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

const runs = suite('runs')

const a = task('a', () => ({
  inputs: ['a.in'],
  outputs: ['a.out'],
  run: sh`cat a.in > a.out`,
}))
const graph = defineGraph({ tasks: [a] })

function thrown(call: () => unknown): GraphError {
  try {
    call()
  } catch (error) {
    return error as GraphError
  }
  throw new Error('it threw nothing')
}

runs('a run is remembered by its events; what was only shown on the way is not', async () => {
  const world = new World({ 'a.in': 'a' })
  const { events, summary } = await world.run(graph, { follow: true })
  const { header, events: stored } = readRun(world.session(graph), 'last')
  assert.is(header.id, summary.run)
  assert.is(header.version, 1)
  assert.equal(header.targets, [])
  const kept = events.filter(({ type }) => type !== 'output' && type !== 'progress')
  assert.equal(stored, JSON.parse(JSON.stringify(kept)))
  assert.is(stored.at(-1)?.type, 'done')
})

runs('what a run has begun is on the disk while its command goes on', async () => {
  const slow = task('slow', () => ({ inputs: ['a.in'], run: argv('slow') }))
  const world = new World({ 'a.in': 'a' })
  world.program('slow', '')
  let seen: string | undefined
  world.host.shell.commands.set('slow', () => {
    world.host.clock.advance(250)
    seen = readRun(world.session(graph), 'last').events.at(-1)?.type
    return 0
  })
  await world.run(defineGraph({ tasks: [slow] }))
  assert.is(seen, 'started')
})

runs('a run with nothing to do leaves no record', async () => {
  const world = new World({ 'a.in': 'a' })
  await world.run(graph)
  const { summary } = await world.run(graph)
  assert.is(summary.run, undefined)
  assert.is(listRuns(world.session(graph)).length, 1)
})

runs('a past run is named by its id, the beginning of one, or how far back it lies', async () => {
  const world = new World({ 'a.in': '0' })
  const ids: string[] = []
  for (const text of ['1', '2', '3']) {
    world.edit('a.in', text)
    ids.push((await world.run(graph)).summary.run as string)
  }
  const session = world.session(graph)
  assert.equal(listRuns(session), ids)
  const idOf = (named: string): string => readRun(session, named).header.id
  assert.equal(['last', 'last~1', 'last~2'].map(idOf), [ids[2], ids[1], ids[0]])
  assert.is(idOf(ids[1] as string), ids[1])
  assert.is(idOf((ids[1] as string).slice(0, -1)), ids[1])
})

runs('a whole id names its run, also where a second run began in the same millisecond', () => {
  const world = new World()
  for (const id of ['20260101-000000-000', '20260101-000000-000.1'])
    world.host.disk.write(
      `${STATE}/runs/${id}.ndjson`,
      `{"type":"run","version":1,"id":"${id}","at":1,"targets":[]}\n`,
    )
  const session = world.session(graph)
  const idOf = (named: string): string => readRun(session, named).header.id
  for (const id of listRuns(session)) assert.is(idOf(id), id)
  assert.is(thrown(() => readRun(session, '20260101')).code, 'unknown-run')
})

runs('a folder of runs that cannot be listed costs the record and not the run', async () => {
  const world = new World({ 'a.in': 'a' })
  world.host.disk.fault = (operation, path) =>
    operation !== 'mkdir' && path.startsWith(`${STATE}/runs`) ? 'EACCES' : undefined
  const { outcomes } = await world.run(graph)
  assert.equal(outcomes, { a: 'changed' })
})

runs('a run that is not there is an error that names the newest', async () => {
  const world = new World({ 'a.in': '1' })
  const session = world.session(graph)
  assert.is(thrown(() => readRun(session, 'last')).message, 'no run is remembered here')
  const first = (await world.run(graph)).summary.run
  const { code, message, hint } = thrown(() => readRun(session, 'last~1'))
  assert.is(code, 'unknown-run')
  assert.is(message, "no run is called 'last~1'")
  assert.is(hint, `the newest is '${first}', which 'last' means too`)
  world.edit('a.in', '2')
  await world.run(graph)
  assert.match(thrown(() => readRun(session, '')).hint ?? '', 'it fits ')
})

runs('a torn or foreign line is left out, a file without a header is no run', () => {
  const header = '{"type":"run","version":1,"id":"x","at":1,"targets":[]}'
  const done = '{"type":"waiting","at":2,"lock":"l"}'
  assert.equal(parseRun(`${header}\n${done}\n{"type":"fini`)?.events, [JSON.parse(done)])
  assert.equal(parseRun(`${header}\nnull\n[1]\n7\n`)?.events, [])
  for (const text of ['', `${done}\n`, header.replace('"version":1', '"version":2')])
    assert.is(parseRun(text), undefined)
})

runs('a hundred runs are kept', async () => {
  const world = new World({ 'a.in': '0' })
  for (let i = 0; i < 3; i++) {
    world.edit('a.in', `${i} again`)
    await world.run(graph)
  }
  const { disk } = world.host
  for (let i = 0; i < 100; i++)
    disk.write(`${STATE}/runs/19990101-000000-${String(i).padStart(3, '0')}.ndjson`, 'old\n')
  world.edit('a.in', 'new')
  const { summary } = await world.run(graph)
  const ids = listRuns(world.session(graph))
  assert.is(ids.length, 100)
  assert.is(ids.at(-1), summary.run)
  assert.is(ids[0], '19990101-000000-004')
})

runs('a disk that takes no record of the run does not stop it', async () => {
  const world = new World({ 'a.in': 'a' })
  world.host.disk.fault = (operation, path) =>
    operation === 'append' && path.startsWith(`${STATE}/runs`) ? 'ENOSPC' : undefined
  const { summary } = await world.run(graph)
  assert.is(summary.ok, true)
  assert.is(world.read('a.out'), 'a')
})

runs.run()
