import * as assert from 'uvu/assert'

import {
  type CheckedSeal,
  checkSeal,
  defineGraph,
  type Graph,
  root,
  runGraph,
  sh,
  task,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, STATE, World } from '../support/world.ts'

const KEY = 'tasks.ts all'
const SEAL = { key: KEY, sources: [`${FOLDER}/tasks.ts`] }
const pkg = root('package')

function tasks() {
  const make = task('make', () => ({
    inputs: ['a.in', 'both.in', 'src/**/*.c', 'local.in?', pkg('data.in')],
    outputs: ['out/a', 'gen/**'],
    env: ['CC'],
    tools: ['cc', 'nvcc', 'script'],
    facts: ['cpu'],
    clean: false,
    run: sh`cat a.in > out/a`,
  }))
  const use = task('use', () => ({ needs: [make()], inputs: ['b.in', 'both.in'], run: sh`true` }))
  return [make, use]
}

function graph(): Graph {
  return defineGraph({ tasks: tasks(), roots: { package: '/package' } })
}

// Built, looked at again when nothing is young any more, and sealed.
async function sealed(): Promise<World> {
  const world = new World({ 'a.in': 'a', 'b.in': 'b', 'both.in': 'c', 'src/x/y.c': 'y' })
  world.write('tasks.ts', 'graph')
  world.write('gen/g', 'made by make')
  world.host.disk.write('/package/data.in', 'data')
  world.host.disk.write('/opt/cuda/bin/nvcc', 'cuda 1', 0o755)
  world.program('cc', 'cc 1')
  world.program('python', 'python 1')
  world.program('script', '#!/usr/bin/env python\n')
  world.program('nvcc', '#!/bin/sh\nexec /opt/cuda/bin/nvcc "$@"\n')
  world.host.env['CC'] = 'cc'
  world.pause()
  await world.run(graph())
  const { summary } = await world.run(graph(), { seal: SEAL })
  assert.is(summary.outcomes.fresh, 2)
  return world
}

const check = (world: World): CheckedSeal | undefined => checkSeal(STATE, KEY, world.host)

/** How many nodes it vouches for, when it vouches for all. */
const holds = (world: World): number | undefined => {
  const checked = check(world)
  return checked?.doubtful.size === 0 ? checked.count : undefined
}

/** Names of the nodes that it does not vouch for. */
const doubtful = (world: World): readonly string[] | undefined => {
  const { nodes } = graph()
  const checked = check(world)
  return checked && [...checked.doubtful].sort().map((index) => nodes[index]?.name ?? '?')
}

const seal = suite('seal')

seal('a look that found everything fresh is answered again from the seal', async () => {
  assert.is(holds(await sealed()), 2)
})

seal('files that were read many at once are sealed like any other', async () => {
  // Each by its name: the glob of the disk in memory asks for every file.
  const inputs = Array.from({ length: 100 }, (_, i) => `d/${i}.in`)
  const many = defineGraph({ tasks: [task('many', () => ({ inputs, run: sh`true` }))] })
  const world = new World()
  world.write('tasks.ts', 'graph')
  for (const name of inputs) world.write(name, name)
  world.pause()
  await world.run(many)
  world.host.disk.removeFile(`${STATE}/snapshot`)
  world.host.disk.readAtOnce.length = 0
  await world.run(many, { seal: SEAL })
  assert.equal([world.host.disk.readAtOnce, holds(world)], [[100], 1])
  world.host.disk.touch('/w/d/7.in')
  assert.is(holds(world), undefined)
})

seal('a run in which most nodes had to run writes none', async () => {
  const world = new World({ 'a.in': 'a', 'b.in': 'b', 'both.in': 'c', 'src/c.c': '' })
  world.write('tasks.ts', 'graph')
  world.host.disk.write('/package/data.in', 'data')
  world.write('gen/g', 'g')
  world.program('cc', 'cc 1')
  world.program('nvcc', 'nvcc 1')
  await world.run(graph(), { seal: SEAL })
  assert.is(holds(world), undefined)
})

seal('what was looked at too shortly after it changed is not sealed', async () => {
  const world = await sealed()
  world.pause()
  world.write('a.in', 'a')
  // The same bytes again, this instant: everything is fresh, but the next write may look the same.
  const { summary } = await world.run(graph(), { seal: SEAL })
  assert.is(summary.outcomes.fresh, 2)
  assert.is(holds(world), undefined)
})

const changes: Readonly<Record<string, (world: World) => void>> = {
  'an input': (world) => world.edit('a.in', 'A'),
  'an input of another node': (world) => world.edit('b.in', 'B'),
  'the mtime of an input alone': (world) => world.edit('a.in', 'a'),
  'an input in a root': (world) => {
    world.host.disk.write('/package/data.in', 'DATA')
    world.pause()
  },
  'a removed input': (world) => world.remove('a.in'),
  'a new match of a glob': (world) => world.edit('src/x/z.c', 'z'),
  'a new folder below a glob': (world) => world.edit('src/new/z.c', 'z'),
  'an optional input that came': (world) => world.edit('local.in', 'l'),
  'a changed output': (world) => world.edit('out/a', 'damage'),
  'a removed output': (world) => world.remove('out/a'),
  'a file among the outputs': (world) => world.edit('gen/more', 'm'),
  'the graph file': (world) => world.edit('tasks.ts', 'another graph'),
  'a program': (world) => world.program('cc', 'cc 2'),
  'what a wrapper calls': (world) => {
    world.host.disk.write('/opt/cuda/bin/nvcc', 'cuda 2', 0o755)
    world.pause()
  },
  'the interpreter of a script': (world) => world.program('python', 'python 2'),
  'a program that is gone': (world) => world.host.disk.removeFile('/opt/bin/cc'),
  'a declared variable': (world) => {
    world.host.env['CC'] = 'clang'
  },
  'a declared variable that is gone': (world) => {
    world.host.env['CC'] = undefined
  },
  'a fact': (world) => {
    world.host.facts.set('cpu', 'cpu-2')
  },
  'the journal': (world) => {
    world.host.disk.append(`${STATE}/journal`).write('another run was here\n')
  },
}

for (const [what, change] of Object.entries(changes))
  seal(`${what} breaks it`, async () => {
    const world = await sealed()
    change(world)
    assert.is(holds(world), undefined)
  })

const inDoubt: Readonly<Record<string, [(world: World) => void, readonly string[]]>> = {
  'an input': [(world) => world.edit('b.in', 'B'), ['use']],
  'a touched input': [(world) => world.edit('b.in', 'b'), ['use']],
  'an input of a need': [(world) => world.edit('a.in', 'A'), ['make']],
  'an output': [(world) => world.remove('out/a'), ['make']],
  'an input of both': [(world) => world.edit('both.in', 'B'), ['make', 'use']],
  nothing: [() => {}, []],
}

for (const [what, [change, names]] of Object.entries(inDoubt))
  seal(`in doubt is what depends on a changed file: ${what}`, async () => {
    const world = await sealed()
    change(world)
    assert.equal(doubtful(world), names)
  })

for (const what of ['the graph file', 'a program', 'what a wrapper calls', 'a fact', 'the journal'])
  seal(`${what} leaves it nothing to say`, async () => {
    const world = await sealed()
    changes[what]?.(world)
    assert.is(check(world), undefined)
  })

seal('only what is in doubt, and what stands on it, is looked at', async () => {
  const world = await sealed()
  world.edit('b.in', 'B')
  const { disk } = world.host
  const asked: string[] = []
  const stat = (path: string) => {
    asked.push(path)
    return disk.stat(path)
  }
  const host = { ...world.host, disk: Object.create(disk, { stat: { value: stat } }) }
  const options = { targets: [], cache: false, retry: true }
  const checked = check(world)
  const summary = await runGraph(
    { ...world.session(graph()), host },
    { ...options, seal: { ...SEAL, checked } },
  )
  assert.equal([summary.outcomes.fresh, summary.outcomes.unchanged], [1, 1])
  assert.ok(asked.includes(`${FOLDER}/b.in`))
  assert.not.ok(asked.includes(`${FOLDER}/a.in`))
})

seal('after a run it speaks for the nodes that did not run', async () => {
  const world = await sealed()
  world.edit('b.in', 'B')
  const first = await world.run(graph(), { seal: { ...SEAL, checked: check(world) } })
  assert.equal(first.started, ['use'])
  assert.equal(doubtful(world), ['use'])
  const second = await world.run(graph(), { seal: { ...SEAL, checked: check(world) } })
  assert.equal([second.started, holds(world)], [[], 2])
})

seal('a look at a damaged journal is not sealed', async () => {
  const world = await sealed()
  world.host.disk.append(`${STATE}/journal`).write('torn')
  const { summary } = await world.run(graph(), { seal: SEAL })
  assert.equal([summary.outcomes.fresh, check(world)], [2, undefined])
})

seal('what an older check said is not believed', async () => {
  const world = await sealed()
  world.edit('b.in', 'B')
  const checked = check(world)
  world.edit('a.in', 'A')
  const { started } = await world.run(graph(), { seal: { ...SEAL, checked } })
  assert.equal(started, ['make', 'use'])
})

seal('nor is it when the lock was long in coming', async () => {
  const world = await sealed()
  world.edit('b.in', 'B')
  const whenStale = async (): Promise<object> => {
    world.edit('a.in', 'A')
    return {}
  }
  const { started } = await world.run(graph(), {
    seal: { ...SEAL, checked: check(world) },
    whenStale,
  })
  assert.equal(started, ['make', 'use'])
  assert.is(check(world), undefined)
})

seal(
  'a graph that was edited after the check is not taken for the one that was sealed',
  async () => {
    const world = await sealed()
    world.edit('b.in', 'B')
    const checked = check(world)
    // At once: places in the graph are others now.
    world.write('tasks.ts', 'with one more')
    const first = task('first', () => ({ outputs: ['first'], run: sh`echo first > first` }))
    const more = defineGraph({ tasks: [first, ...tasks()], roots: { package: '/package' } })
    const { started } = await world.run(more, { seal: { ...SEAL, checked } })
    assert.equal([...started].sort(), ['first', 'use'])
  },
)

seal('of a file that moved between two looks of a run nothing is sealed', async () => {
  const world = await sealed()
  world.edit('local.in', 'here')
  await world.run(graph())
  world.host.disk.removeFile(`${STATE}/seal`)
  world.remove('local.in')
  // It is gone at the look before the lock, and there again at the one after it.
  const whenStale = async (): Promise<object> => {
    world.write('local.in', 'here')
    return {}
  }
  const { started } = await world.run(graph(), { seal: SEAL, whenStale })
  assert.equal(started, [])
  world.remove('local.in')
  assert.not.equal(doubtful(world), [])
  assert.equal((await world.run(graph(), { seal: { ...SEAL, checked: check(world) } })).started, [
    'make',
  ])
})

seal('damage to what was added to it leaves it nothing to say', async () => {
  const world = await sealed()
  world.edit('b.in', 'B')
  await world.run(graph(), { seal: { ...SEAL, checked: check(world) } })
  assert.equal(doubtful(world), ['use'])
  const path = `${STATE}/seal-amended`
  const whole = world.host.disk.readBytes(path) as Uint8Array
  for (let at = 0; at < whole.length; at++) {
    const damaged = new Uint8Array(whole)
    damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
    world.host.disk.write(path, damaged)
    assert.is(check(world), undefined, `flipped at ${at}`)
    world.host.disk.write(path, whole.slice(0, at))
    assert.is(check(world), undefined, `cut at ${at}`)
  }
})

seal('sources that changed while the graph was made of them are not sealed', async () => {
  const world = await sealed()
  world.edit('b.in', 'B')
  await world.run(graph())
  world.pause()
  const readMs = world.host.clock.fileNow()
  world.edit('tasks.ts', 'another graph')
  await world.run(graph(), { seal: { ...SEAL, readMs } })
  assert.is(check(world), undefined)
  await world.run(graph(), { seal: SEAL })
  assert.is(holds(world), 2)
})

seal('another start of the machine breaks it: what was not fsynced is read again', async () => {
  const world = await sealed()
  world.host.clock.boot = 'boot-2'
  assert.is(holds(world), undefined)
})

seal('other targets have another seal', async () => {
  const world = await sealed()
  assert.is(checkSeal(STATE, 'tasks.ts make', world.host), undefined)
})

seal('a program that comes earlier on PATH breaks it', async () => {
  const world = await sealed()
  world.host.disk.write('/opt/bin/sh', 'another sh', 0o755)
  assert.is(holds(world), undefined)
})

seal('a program on the PATH that a task sets breaks it, and one on ours does not', async () => {
  const use = task('use', () => ({ set: { PATH: 'own:/bin' }, tools: ['sh'], run: sh`true` }))
  const graph = defineGraph({ tasks: [use] })
  const world = new World({ 'tasks.ts': 'graph' })
  await world.run(graph)
  await world.run(graph, { seal: SEAL })
  assert.is(holds(world), 1)
  world.host.disk.write('/opt/bin/sh', 'another sh', 0o755)
  assert.is(holds(world), 1)
  world.host.disk.write(`${FOLDER}/own/sh`, 'their sh', 0o755)
  assert.is(holds(world), undefined)
})

seal(
  'cut at any length or with any byte flipped it is as if it were not there, or holds',
  async () => {
    const world = await sealed()
    const path = `${STATE}/seal`
    const whole = world.host.disk.readBytes(path) as Uint8Array
    for (let length = 0; length < whole.length; length += 7) {
      world.host.disk.write(path, whole.slice(0, length))
      assert.is(holds(world), undefined, `cut at ${length}`)
    }
    world.edit('a.in', 'A')
    for (let at = 0; at < whole.length; at++) {
      const damaged = new Uint8Array(whole)
      damaged[at] = (damaged[at] as number) ^ (1 << (at % 8))
      world.host.disk.write(path, damaged)
      assert.is(holds(world), undefined, `flipped at ${at}`)
    }
  },
)

seal('what proves fresh waits for no lock that another holds', async () => {
  const world = await sealed()
  const { locks } = world.host
  const held = await locks.acquire(`${STATE}/lock`, { purpose: 'another', mark: 'x', wait: false })
  world.edit('b.in', 'b')
  const { outcomes } = await world.run(graph(), { seal: { ...SEAL, checked: check(world) } })
  assert.equal(outcomes, { make: 'fresh', use: 'fresh' })
  await held.release()
})

seal('a forced run neither writes nor needs it', async () => {
  const world = await sealed()
  const { started } = await world.run(graph(), { seal: SEAL, force: true })
  assert.equal(started, ['make', 'use'])
})

seal.run()
