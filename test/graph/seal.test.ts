import * as assert from 'uvu/assert'

import { checkSeal, defineGraph, type Graph, root, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, STATE, World } from '../support/world.ts'

const KEY = 'tasks.ts all'
const SEAL = { key: KEY, sources: [`${FOLDER}/tasks.ts`] }
const pkg = root('package')

function graph(): Graph {
  const make = task('make', () => ({
    inputs: ['a.in', 'src/**/*.c', 'local.in?', pkg('data.in')],
    outputs: ['out/a', 'gen/**'],
    env: ['CC'],
    tools: ['cc', 'nvcc'],
    facts: ['cpu'],
    clean: false,
    run: sh`cat a.in > out/a`,
  }))
  const use = task('use', () => ({ needs: [make()], inputs: ['b.in'], run: sh`true` }))
  return defineGraph({ tasks: [make, use], roots: { package: '/package' } })
}

// Built, looked at again when nothing is young any more, and sealed.
async function sealed(): Promise<World> {
  const world = new World({ 'a.in': 'a', 'b.in': 'b', 'tasks.ts': 'graph', 'src/x/y.c': 'y' })
  world.write('gen/g', 'made by make')
  world.host.disk.write('/package/data.in', 'data')
  world.host.disk.write('/opt/cuda/bin/nvcc', 'cuda 1', 0o755)
  world.program('cc', 'cc 1')
  world.program('nvcc', '#!/bin/sh\nexec /opt/cuda/bin/nvcc "$@"\n')
  world.host.env['CC'] = 'cc'
  world.pause()
  await world.run(graph())
  const { summary } = await world.run(graph(), { seal: SEAL })
  assert.is(summary.outcomes.fresh, 2)
  return world
}

const holds = (world: World): number | undefined => checkSeal(STATE, KEY, world.host)

const seal = suite('seal')

seal('a look that found everything fresh is answered again from the seal', async () => {
  assert.is(holds(await sealed()), 2)
})

seal('a run that had work to do writes none', async () => {
  const world = new World({ 'a.in': 'a', 'b.in': 'b', 'src/c.c': '', 'tasks.ts': 'graph' })
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

seal('a forced run neither writes nor needs it', async () => {
  const world = await sealed()
  const { started } = await world.run(graph(), { seal: SEAL, force: true })
  assert.equal(started, ['make', 'use'])
})

seal.run()
