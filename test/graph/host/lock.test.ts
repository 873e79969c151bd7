import { once } from 'node:events'
import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { GraphError } from '../../../graph/error.ts'
import { locks } from '../../../graph/host/lock.ts'
import type { LockOptions } from '../../../graph/host.ts'
import { LocksAhead } from '../../../graph/locks-ahead.ts'
import { suite } from '../../support/suite.ts'
import { dieHolding, place, start, tidy } from './lock-rig.ts'

const lock = suite('lock')
const options = { purpose: 'install llama', mark: 'mark-of-test', wait: false }
const listeners = process.listenerCount('SIGINT')
lock.after.each(tidy)

lock('it makes the folder and the file, for this person only, and leaves no record', async () => {
  const path = place('deep/folder/llama.lock')
  const held = await locks().acquire(path, options)
  assert.is(fs.statSync(join(path, '..')).mode & 0o777, 0o700)
  assert.is(fs.statSync(path).mode & 0o777, 0o600)
  assert.is(fs.statSync(`${path}.owner`).mode & 0o777, 0o600)
  assert.is(held.inheritedFrom, undefined)
  await held.release()
  await held.release()
  assert.equal(fs.readdirSync(join(path, '..')), ['llama.lock'])
})

lock('a held lock fails at once for one who does not wait, and names the holder', async () => {
  const path = place()
  const held = await locks().acquire(path, options)
  const error = await failure(path, options)
  await held.release()
  const start = `another run holds the lock '${path}' (process ${process.pid} on '${hostname()}', `
  assert.is(error.code, 'locked')
  assert.is(error.place, path)
  assert.ok(error.message.startsWith(`${start}since 20`), error.message)
  assert.ok(error.message.endsWith('Z: install llama)'), error.message)
  assert.is(
    error.hint,
    `run again when it has ended, or end process ${process.pid} on '${hostname()}'`,
  )
})

lock(
  'who holds it can be asked without taking it: nobody, the holder, and nobody after kill -9',
  async () => {
    const path = place()
    assert.is(await locks().holder(path), undefined)
    assert.equal(fs.readdirSync(join(path, '..')), [])
    const holder = await start(path)
    await holder.ask({ do: 'acquire', wait: false }, 'held')
    const before = fs.readdirSync(join(path, '..'))
    assert.is((await locks().holder(path))?.pid, holder.pid)
    assert.is((await locks().holder(path))?.purpose, 'test the lock')
    assert.equal(fs.readdirSync(join(path, '..')), before)
    await holder.ask({ do: 'release' }, 'released')
    assert.is(await locks().holder(path), undefined)
    await dieHolding(path)
    assert.is(await locks().holder(path), undefined)
  },
)

lock('one who waits is told once by whom, and gets it on release', async () => {
  const path = place()
  const holder = await start(path)
  const waiter = await start(path)
  await holder.ask({ do: 'acquire', wait: false }, 'held')
  const { owner } = await waiter.ask({ do: 'acquire', wait: true }, 'waiting')
  assert.is(owner?.pid, holder.pid)
  assert.is(owner?.purpose, 'test the lock')
  holder.order({ do: 'release' })
  const { inheritedFrom } = await waiter.next('held')
  assert.is(inheritedFrom, undefined)
  assert.is(waiter.count('waiting'), 1)
})

lock('waiting ends after the time that was given', async () => {
  const path = place()
  const held = await locks().acquire(path, options)
  const error = await failure(path, { ...options, wait: true, timeoutMs: 150 })
  await held.release()
  assert.is(error.code, 'locked')
})

lock('waiting ends when it is cancelled', async () => {
  const path = place()
  const held = await locks().acquire(path, options)
  const stop = new AbortController()
  const onWait = () => setImmediate(() => stop.abort())
  const error = await failure(path, { ...options, wait: true, signal: stop.signal, onWait })
  await held.release()
  assert.is(error.code, 'cancelled')
  assert.is(error.message, `cancelled while waiting for the lock '${path}'`)
})

for (const kind of ['flock', 'sqlite'] as const) {
  lock(`${kind}: after kill -9 it is free within a second, and the dead holder known`, async () => {
    const path = place()
    const holder = await start(path, kind)
    const waiter = await start(path, kind)
    await holder.ask({ do: 'acquire', wait: false }, 'held')
    await waiter.ask({ do: 'acquire', wait: true }, 'waiting')
    const killed = performance.now()
    holder.child.kill('SIGKILL')
    const { inheritedFrom } = await waiter.next('held')
    const ms = performance.now() - killed
    assert.ok(ms < 1000, `${ms} ms`)
    assert.is(inheritedFrom?.pid, holder.pid)
    assert.is(inheritedFrom?.mark, `mark-of-${holder.pid}`)
  })
}

lock('sqlite: where flock is missing one process holds it, and others do not', async () => {
  const path = place()
  const holder = await start(path, 'sqlite')
  await holder.ask({ do: 'acquire', wait: false }, 'held')
  const error = await failure(path, options, locks(false))
  assert.is(error.code, 'locked')
  await holder.ask({ do: 'release' }, 'released')
  const held = await locks(false).acquire(path, options)
  await held.release()
  assert.equal(fs.readdirSync(join(path, '..')).sort(), ['llama.lock', 'llama.lock.sqlite'])
  assert.is(fs.statSync(`${path}.sqlite`).mode & 0o777, 0o600)
})

for (const [kind, seconds] of [
  ['flock', 5],
  ['sqlite', 1.5],
] as const) {
  lock(`${kind}: 6 contend under random kills, and never two are inside`, async () => {
    const path = place()
    const until = performance.now() + seconds * 1000
    const lines = Array.from({ length: 6 }, async () => {
      let overlaps = 0
      let kills = 0
      // On a busy machine starting a process takes longer than all of the time.
      while (performance.now() < until || kills < 2) {
        const runner = await start(path, kind)
        runner.order({ do: 'enter', times: 1000, timeoutMs: 8000 })
        const timer = setTimeout(() => runner.child.kill('SIGKILL'), 150 + Math.random() * 500)
        await once(runner.child, 'exit')
        clearTimeout(timer)
        overlaps += runner.count('overlap')
        kills += 1
      }
      return { overlaps, kills }
    })
    const ends = await Promise.all(lines)
    assert.is(
      ends.reduce((sum, end) => sum + end.overlaps, 0),
      0,
    )
    assert.ok(ends.every((end) => end.kills >= 2))
    // What the last one left behind hinders nobody.
    const held = await locks(kind === 'flock' ? undefined : false).acquire(path, {
      ...options,
      wait: true,
      timeoutMs: 1000,
    })
    await held.release()
  })
}

lock('8 who find the lock of a dead holder never hold it two at a time', async () => {
  const path = place()
  const runners = await Promise.all(Array.from({ length: 8 }, () => start(path)))
  for (let round = 0; round < 10; round += 1) {
    await dieHolding(path)
    const ends = await Promise.all(
      runners.map((it) => it.ask({ do: 'enter', times: 1, timeoutMs: 200 }, 'done')),
    )
    assert.is(
      ends.reduce((sum, end) => sum + end.inherited, 0),
      1,
    )
    assert.ok(ends.reduce((sum, end) => sum + end.entered, 0) >= 1)
  }
  assert.is(
    runners.reduce((sum, it) => sum + it.count('overlap'), 0),
    0,
  )
})

lock('one that is given back unused leaves the next what a dead holder left', async () => {
  const path = place()
  await dieHolding(path)
  const unused = await locks().acquire(path, options)
  const mark = unused.inheritedFrom?.mark
  assert.ok(mark)
  await unused.giveBack()
  await unused.release()
  assert.is(await locks().holder(path), undefined)
  const ahead = new LocksAhead(locks())
  ahead.ask(path, options)
  await ahead.giveBack()
  const next = await locks().acquire(path, options)
  assert.is(next.inheritedFrom?.mark, mark)
  await next.release()
  const last = await locks().acquire(path, options)
  assert.is(last.inheritedFrom, undefined)
  await last.giveBack()
  assert.equal(fs.readdirSync(join(path, '..')), ['llama.lock'])
})

lock('the lock of another machine is respected, and taken over when it is stale', async () => {
  const path = place()
  takeElsewhere(path)
  const error = await failure(path, options)
  assert.is(error.code, 'locked')
  assert.ok(error.message.includes("on 'elsewhere', since 2026-01-02T03:04:05.678Z: build)"))
  fs.utimesSync(`${path}.held`, 0, 0)
  const held = await locks().acquire(path, options)
  assert.is(held.inheritedFrom?.host, 'elsewhere')
  await held.release()
})

lock('a holder that another machine robbed is told', async () => {
  const path = place()
  const held = await locks().acquire(path, options)
  fs.rmdirSync(`${path}.held`)
  takeElsewhere(path)
  // proper-lockfile looks every 2 s, and its timer does not keep a process alive.
  const alive = setTimeout(() => {}, 8000)
  await once(held.lost, 'abort')
  clearTimeout(alive)
  await held.release()
  assert.ok(fs.existsSync(`${path}.held`))
})

lock('one that was robbed and does not know yet leaves the lock of the robber', async () => {
  const path = place()
  const held = await locks().acquire(path, options)
  fs.rmdirSync(`${path}.held`)
  takeElsewhere(path)
  await held.release()
  assert.ok(fs.existsSync(`${path}.held`))
  assert.ok(fs.readFileSync(`${path}.owner`, 'utf8').includes('elsewhere'))
})

lock('links planted in the way are not followed', async () => {
  const path = place()
  const victim = place('victim')
  fs.writeFileSync(victim, 'precious')
  for (const name of ['.owner', '.owner.new']) fs.symlinkSync(victim, path + name)
  const held = await locks().acquire(path, options)
  assert.ok(fs.lstatSync(`${path}.owner`).isFile())
  await held.release()
  fs.rmSync(path)
  fs.symlinkSync(victim, path)
  const error = await failure(path, options)
  assert.is(error.code, 'state-unwritable')
  assert.is(error.errno, 'ELOOP')
  assert.is(fs.readFileSync(victim, 'utf8'), 'precious')
})

lock('a record that is damaged or hostile counts as none', async () => {
  const good = { pid: 1, host: 'h', bootId: 'b', since: 's', started: '1', purpose: 'p', mark: 'm' }
  const hostile = [
    '',
    '{"pid":1',
    'null',
    '[]',
    '['.repeat(100_000),
    JSON.stringify({ ...good, pid: -1 }),
    JSON.stringify({ ...good, mark: '' }),
    JSON.stringify({ ...good, host: { toString: 1 } }),
    JSON.stringify({ ...good, purpose: '\u001b[2J' }),
    JSON.stringify({ ...good, host: 'h'.repeat(5000) }),
  ]
  const path = place()
  for (const text of hostile) {
    fs.writeFileSync(`${path}.owner`, text)
    const held = await locks().acquire(path, options)
    assert.is(held.inheritedFrom, undefined, text.slice(0, 60))
    await held.release()
  }
  fs.writeFileSync(`${path}.owner`, JSON.stringify(good))
  const held = await locks().acquire(path, options)
  assert.is(held.inheritedFrom?.mark, 'm')
  await held.release()
})

lock('a place that cannot be written is named with its errno', async () => {
  const file = place('file')
  fs.writeFileSync(file, '')
  const error = await failure(join(file, 'llama.lock'), options)
  assert.is(error.code, 'state-unwritable')
  assert.is(error.errno, 'EEXIST')
  assert.is(error.place, file)
  assert.is(error.hint, `move away what is there: mv ${file} ${file}.away`)
  fs.symlinkSync('nowhere', `${file}.link`)
  const below = await failure(join(`${file}.link`, 'locks/llama.lock'), options)
  assert.equal(
    [below.message, below.errno],
    [`cannot make the folder '${file}.link': EEXIST`, 'EEXIST'],
  )
  fs.mkdirSync(join(`${file}.d`, 'llama.lock'), { recursive: true })
  const taken = await failure(join(`${file}.d`, 'llama.lock'), options)
  assert.is(taken.hint, `look at what is there: ls -la ${file}.d`)
})

lock('no listener for SIGINT stays behind', async () => {
  const held = await locks().acquire(place(), options)
  await held.release()
  assert.is(process.listenerCount('SIGINT'), listeners)
})

lock.run()

async function failure(path: string, given: LockOptions, from = locks()): Promise<GraphError> {
  const end: unknown = await from.acquire(path, given).catch((error) => error)
  assert.instance(end, GraphError)
  return end as GraphError
}

// As a process of another machine leaves it.
function takeElsewhere(path: string): void {
  fs.mkdirSync(`${path}.held`)
  // A time of its own: proper-lockfile knows its folder by the millisecond.
  const now = Date.now() / 1000
  fs.utimesSync(`${path}.held`, now - 1, now - 1)
  const owner = { pid: process.pid, host: 'elsewhere', since: '2026-01-02T03:04:05.678Z' }
  const record = { ...owner, bootId: 'b', started: '1', purpose: 'build', mark: 'far-away' }
  fs.writeFileSync(`${path}.owner`, JSON.stringify(record))
}
