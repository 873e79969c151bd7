import * as assert from 'uvu/assert'

import { defineGraph, type Graph, GraphError, identityOf, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { Watching } from '../support/watching.ts'
import { FOLDER, gate, World } from '../support/world.ts'

const watch = suite('watch')

const copy = (name: string, more: object = {}) =>
  task(name, () => ({
    inputs: [`src/${name}.c`],
    outputs: [`out/${name}`],
    run: sh(`cat src/${name}.c > out/${name}`),
    ...more,
  }))

// a and b stand alone, c stands on a.
function small(): { world: World; graph: Graph } {
  const world = new World({ 'src/a.c': 'a', 'src/b.c': 'b', 'src/c.c': 'c' })
  const [a, b] = [copy('a'), copy('b')]
  const c = copy('c', { needs: [a()] })
  return { world, graph: defineGraph({ tasks: [a, b, c] }) }
}

// The command of a node waits until the test opens its gate; every start waits at a gate of its own.
function gated(world: World, name: string) {
  const gates = [gate(), gate(), gate(), gate(), gate(), gate(), gate(), gate()]
  let starts = 0
  world.host.shell.commands.set(`cat src/${name}.c > out/${name}`, async ({ sh: run }) => {
    const text = world.read(`src/${name}.c`)
    await gates[starts++]?.wait()
    run(`echo ${text} > out/${name}`)
    return undefined
  })
  return gates
}

watch('at first everything that is stale runs, then it waits', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  assert.equal(watching.started(), ['a', 'b', 'c'])
  const { last } = watching
  assert.equal(last?.type === 'idle' && [last.nodes, last.folders, last.held], [3, 5, []])
  await watching.end()
})

watch(
  'an edit runs what reads the file and what stands on it, without the clock moving much',
  async () => {
    const { world, graph } = small()
    const watching = new Watching(world, graph)
    await watching.calm()
    watching.started()
    world.write('src/a.c', 'edited')
    world.host.clock.advance(3)
    await watching.flush()
    assert.equal(watching.told(), ['a started', 'a changed', 'c started', 'c unchanged', 'idle'])
    await watching.calm()
    assert.equal(watching.started(), [])
    await watching.end()
  },
)

watch('200 saves are one run', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  watching.started()
  for (let i = 0; i < 200; i++) {
    world.write(`src/${'abc'[i % 3]}.c`, `edit ${i}`)
    world.write(`src/other${i}.c`, '')
    world.host.clock.advance(1)
    await watching.flush()
  }
  await watching.calm()
  assert.equal(watching.started(), ['a', 'b', 'c'])
  assert.is(world.read('out/c'), 'edit 197')
  await watching.end()
})

function everything(): { world: World; graph: Graph } {
  const world = new World({ 'src/a.c': 'a' })
  const all = task('all', () => ({
    inputs: ['src/**/*.c'],
    outputs: ['out/all'],
    run: sh`echo all > out/all`,
  }))
  return { world, graph: defineGraph({ tasks: [all] }) }
}

for (const [what, name] of [
  ['a burst with pauses in it', (i: number) => `src/${i}.c`],
  ['a folder that fills slowly', () => 'src/new/same.c'],
] as const)
  watch(`${what} is one run`, async () => {
    const { world, graph } = everything()
    const watching = new Watching(world, graph)
    await watching.calm()
    watching.started()
    for (let i = 0; i < 40; i++) {
      world.write(name(i), `${i}`)
      if (i > 5 || what.includes('folder')) world.host.clock.advance(20)
      await watching.flush()
    }
    await watching.calm()
    assert.equal(watching.started(), ['all'])
    await watching.end()
  })

watch('its own writes, and a touch that changes no byte, run nothing', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  watching.started()
  world.pause()
  world.host.disk.touch(`${FOLDER}/src/a.c`)
  world.write('out/b', world.read('out/b') as string)
  await watching.calm()
  assert.equal(watching.told(), [])
  await watching.end()
})

watch('an output that vanishes is made again', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  watching.started()
  world.host.disk.removeFile(`${FOLDER}/out/b`)
  await watching.calm()
  assert.equal(watching.told(), ['b started', 'b unchanged', 'idle'])
  await watching.end()
})

watch('what failed is not run again before something of it changes', async () => {
  const { world, graph } = small()
  world.write('src/a.c', 'bad')
  world.host.shell.commands.set('cat src/a.c > out/a', ({ sh: run }) =>
    world.read('src/a.c') === 'bad' ? 1 : run('cat src/a.c > out/a'),
  )
  const watching = new Watching(world, graph, { keepGoing: true })
  await watching.calm()
  const held = watching.last?.type === 'idle' && watching.last.held
  assert.equal(held, ['a', 'c'])
  const failed = ['a started', 'b started', 'a failed', 'c blocked', 'b changed', 'idle']
  assert.equal(watching.told(), failed)
  world.host.disk.touch(`${FOLDER}/src/a.c`)
  world.write('src/nobody.c', '')
  await watching.calm()
  assert.equal(watching.started(), [])
  world.edit('src/a.c', 'good')
  await watching.calm()
  assert.equal(watching.told(), ['a started', 'a changed', 'c started', 'c changed', 'idle'])
  await watching.end()
})

watch('an edit of a running node ends it and starts it again, and the others go on', async () => {
  const { world, graph } = small()
  const [a, b] = [gated(world, 'a'), gated(world, 'b')]
  const watching = new Watching(world, graph)
  await watching.calm()
  assert.equal(watching.told(), ['a started', 'b started'])
  world.edit('src/a.c', 'second')
  await watching.calm()
  assert.equal(watching.told(), ['reopened', 'a cancelled', 'a started'])
  a[1]?.open()
  await watching.calm()
  assert.equal(watching.told(), ['a changed', 'c started', 'c changed'])
  b[0]?.open()
  await watching.calm()
  assert.equal(watching.told(), ['b changed', 'idle'])
  assert.is(world.read('out/a'), 'second\n')
  await watching.end()
})

watch('an edit of a running node before anybody listens is seen when somebody does', async () => {
  const { world, graph } = small()
  const a = gated(world, 'a')
  const listening = Promise.withResolvers<void>()
  world.host.watcher.ready = listening.promise
  const watching = new Watching(world, graph)
  await watching.calm()
  assert.equal(watching.told().slice(0, 1), ['a started'])
  world.edit('src/a.c', 'second')
  await watching.calm()
  listening.resolve()
  await watching.calm()
  assert.equal(watching.told().slice(0, 3), ['reopened', 'a cancelled', 'a started'])
  a[1]?.open()
  await watching.calm()
  assert.is(world.read('out/a'), 'second\n')
  await watching.end()
})

watch(
  'an edit of what a running node stands on ends that node, too, and nothing else',
  async () => {
    const { world, graph } = small()
    const [b, c] = [gated(world, 'b'), gated(world, 'c')]
    const watching = new Watching(world, graph)
    await watching.calm()
    assert.equal(watching.told(), ['a started', 'b started', 'a changed', 'c started'])
    world.edit('src/a.c', 'second')
    await watching.calm()
    assert.equal(watching.told(), [
      'reopened',
      'a started',
      'c cancelled',
      'a changed',
      'c started',
    ])
    c[1]?.open()
    b[0]?.open()
    await watching.calm()
    assert.equal(watching.told(), ['c changed', 'b changed', 'idle'])
    await watching.end()
  },
)

watch('an edit that nobody was told of is seen with the next hint', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  watching.started()
  world.host.watcher.isDeaf = (path) => !path.endsWith('b.c')
  world.write('src/a.c', 'unheard')
  await watching.calm()
  assert.equal(watching.started(), [])
  world.write('src/b.c', 'heard')
  await watching.calm()
  assert.equal(watching.started(), ['a', 'b', 'c'])
  await watching.end()
})

watch('where nobody is told of anything it looks by itself after a while', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  watching.started()
  world.host.watcher.isDeaf = () => true
  world.edit('src/a.c', 'unheard')
  world.host.clock.advance(10_000)
  await watching.calm()
  assert.equal(watching.started(), ['a', 'c'])
  await watching.end()
})

watch('an edit in the last moment of a run is run again', async () => {
  const { world, graph } = small()
  const [first, ...others] = gated(world, 'a')
  const watching = new Watching(world, graph)
  await watching.flush()
  await first?.reached
  world.write('src/a.c', 'late')
  for (const one of [first, ...others]) one?.open()
  await watching.calm()
  assert.is(world.read('out/a'), 'late\n')
  assert.equal(watching.started().filter((node) => node === 'a').length, 2)
  await watching.end()
})

watch(
  'a file that comes into a folder of a glob, and a folder with files, are new inputs',
  async () => {
    const world = new World({ 'src/a.c': 'a' })
    const all = task('all', () => ({
      inputs: ['src/**/*.c'],
      outputs: ['out/all'],
      run: sh`echo all > out/all`,
    }))
    const watching = new Watching(world, defineGraph({ tasks: [all] }))
    await watching.calm()
    assert.equal(watching.started(), ['all'])
    world.write('src/b.c', 'b')
    await watching.calm()
    assert.equal(watching.started(), ['all'])
    world.write('src/deep/er/c.c', 'c')
    await watching.calm()
    assert.equal(watching.started(), ['all'])
    world.edit('src/deep/er/c.c', 'edited')
    await watching.calm()
    assert.equal(watching.started(), ['all'])
    world.host.disk.remove(`${FOLDER}/src/deep`)
    await watching.calm()
    assert.equal(watching.started(), ['all'])
    assert.not.ok(world.host.watcher.folders.has(`${FOLDER}/src/deep`))
    await watching.end()
  },
)

watch('a missing input is waited for', async () => {
  const world = new World({ 'src/a.c': 'a' })
  const node = task('node', () => ({ inputs: ['gen/x.h', 'src/a.c'], run: sh`true` }))
  const watching = new Watching(world, defineGraph({ tasks: [node] }))
  await watching.calm()
  assert.equal(watching.told(), ['node started', 'node failed', 'idle'])
  world.write('gen/x.h', '')
  await watching.calm()
  assert.equal(watching.told(), ['node started', 'node changed', 'idle'])
  await watching.end()
})

watch('another compiler on PATH is a change', async () => {
  const world = new World({ 'src/a.c': 'a' })
  world.host.disk.write('/bin/cc', 'cc 1', 0o755)
  const node = copy('a', { tools: ['cc'] })
  const watching = new Watching(world, defineGraph({ tasks: [node] }))
  await watching.calm()
  watching.started()
  world.program('other', '')
  await watching.calm()
  assert.equal(watching.told(), [])
  world.program('cc', 'cc 2')
  await watching.calm()
  assert.equal(watching.started(), ['a'])
  await watching.end()
})

watch('who writes its own input each time is run a few times and then left', async () => {
  const world = new World({ 'src/a.c': 'a' })
  let stamp = 0
  world.host.shell.commands.set('stamp', ({ sh: run }) => run(`echo ${stamp++} > src/a.c`))
  const node = task('node', () => ({ inputs: ['src/*.c'], run: sh`stamp` }))
  const watching = new Watching(world, defineGraph({ tasks: [node] }))
  for (let i = 0; i < 5; i++) await watching.calm()
  assert.equal(watching.told(), [
    ...Array.from({ length: 5 }, () => ['node started', 'node changed']).flat(),
    'restless',
    'idle',
  ])
  for (let i = 0; i < 20; i++) await watching.calm()
  assert.equal(watching.started(), [])
  world.edit('src/a.c', 'by hand')
  await watching.calm()
  assert.is(watching.started()[0], 'node')
  await watching.end()
})

watch('who writes its own input in the middle of a long run is not ended for ever', async () => {
  const world = new World({ 'src/a.c': 'a' })
  let stamp = 0
  const gates = [gate(), gate(), gate(), gate()]
  world.host.shell.commands.set('stamp', async ({ sh: run }) => {
    run(`echo ${stamp++} > src/a.c`)
    await gates[stamp - 1]?.wait()
    return undefined
  })
  const node = task('node', () => ({ inputs: ['src/*.c'], run: sh`stamp` }))
  const watching = new Watching(world, defineGraph({ tasks: [node] }))
  for (let i = 0; i < 3; i++) await watching.calm()
  assert.is(watching.started().length, 3)
  await watching.end()
})

for (const inputs of [[], ['out/a']])
  watch(
    `a node that changes what another made and reads ${inputs[0] ?? 'nothing'} makes no loop`,
    async () => {
      const world = new World({ 'src/a.c': 'a' })
      const gen = copy('a')
      const format = task('format', () => ({
        needs: [gen()],
        inputs,
        outputs: ['stamp'],
        run: sh`echo formatted >> out/a && echo ok > stamp`,
      }))
      const watching = new Watching(world, defineGraph({ tasks: [gen, format] }))
      for (let i = 0; i < 20; i++) await watching.calm()
      assert.is(watching.started().length, 10)
      world.edit('src/a.c', 'again')
      for (let i = 0; i < 20; i++) await watching.calm()
      assert.equal(watching.started(), ['a', 'format', 'a', 'format'])
      await watching.end()
    },
  )

watch(
  'a folder that cannot be watched is told once, and everything is looked at each second',
  async () => {
    const { world, graph } = small()
    world.host.watcher.fault = (folder) => (folder.endsWith('src') ? 'ENOSPC' : undefined)
    const watching = new Watching(world, graph)
    await watching.calm()
    const told = watching.told()
    assert.is(told.filter((what) => what === 'polling').length, 1)
    world.edit('src/a.c', 'unheard')
    await watching.calm()
    assert.equal(watching.started(), ['a', 'c'])
    world.write('src/b.c', 'unheard, too')
    await watching.calm()
    assert.equal(watching.told(), ['b started', 'b changed', 'idle'])
    await watching.end()
  },
)

watch('a graph that changes is evaluated again; a broken one is told and waited for', async () => {
  const { world } = small()
  world.write('graph', 'a')
  const load = async () => {
    const path = `${FOLDER}/graph`
    const sources = new Map([[path, identityOf(world.host.disk.stat(path))]])
    const names = (world.read('graph') as string).split(' ')
    if (names.includes('broken'))
      return { graph: new GraphError('graph:1: broken', { code: 'bad-graph' }), sources }
    return { graph: defineGraph({ tasks: names.map((name) => copy(name)) }), sources }
  }
  const watching = new Watching(world, load)
  await watching.calm()
  assert.equal(watching.started(), ['a'])
  world.edit('graph', 'a b')
  await watching.calm()
  assert.equal(watching.told(), ['loaded', 'b started', 'b changed', 'idle'])
  world.edit('graph', 'broken')
  await watching.calm()
  assert.equal(watching.told(), ['graph:1: broken', 'idle'])
  world.edit('src/a.c', 'edited meanwhile')
  await watching.calm()
  assert.equal(watching.started(), [])
  world.edit('graph', 'a b c')
  await watching.calm()
  assert.equal(watching.told(), [
    'loaded',
    'a started',
    'c started',
    'a changed',
    'c changed',
    'idle',
  ])
  await watching.end()
})

watch('a graph that is evaluated from no files may be broken twice, and then whole', async () => {
  const { world, graph } = small()
  const broken = new GraphError('no compiler', { code: 'bad-graph' })
  const graphs = [graph, broken, broken, graph]
  const load = async () => ({ graph: graphs.shift() as Graph | GraphError, sources: new Map() })
  const watching = new Watching(world, load)
  await watching.calm()
  watching.started()
  for (const told of [
    ['no compiler', 'idle'],
    ['no compiler', 'idle'],
    ['loaded', 'idle'],
  ]) {
    watching.watch.rerun()
    await watching.calm()
    assert.equal(watching.told(), told)
  }
  await watching.end()
})

watch('a graph that is broken at the start is an error', async () => {
  const { world } = small()
  const error = new GraphError('broken', { code: 'bad-graph' })
  const watching = new Watching(world, async () => ({ graph: error, sources: new Map() }))
  await watching.calm()
  try {
    await watching.end()
    assert.unreachable()
  } catch (thrown) {
    assert.is(thrown, error)
  }
})

watch('a rerun runs what failed again, force runs the targets', async () => {
  const { world, graph } = small()
  let isDown = true
  world.host.shell.commands.set('cat src/a.c > out/a', ({ sh: run }) =>
    isDown ? 1 : run('cat src/a.c > out/a'),
  )
  const watching = new Watching(world, graph, { targets: ['c'], keepGoing: true })
  await watching.calm()
  assert.equal(watching.started(), ['a'])
  isDown = false
  watching.watch.rerun()
  await watching.calm()
  assert.equal(watching.started(), ['a', 'c'])
  watching.watch.force()
  await watching.calm()
  assert.equal(watching.started(), ['c'])
  await watching.end()
})

watch('what another process has run is not run again', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  watching.started()
  world.host.watcher.isDeaf = () => true
  world.edit('src/a.c', 'edited')
  await world.run(graph)
  world.host.clock.advance(10_000)
  await watching.calm()
  assert.equal(watching.started(), [])
  await watching.end()
})

watch('at the end what runs is ended, the lock is free and nothing is watched', async () => {
  const { world, graph } = small()
  gated(world, 'a')
  const watching = new Watching(world, graph)
  await watching.flush()
  assert.is(world.host.locks.isHeld('/w/.state/lock'), true)
  await watching.end()
  assert.equal(watching.told(), [
    'a started',
    'b started',
    'b changed',
    'c cancelled',
    'a cancelled',
  ])
  assert.is(world.host.locks.isHeld('/w/.state/lock'), false)
  assert.is(world.host.watcher.folders.size, 0)
  assert.is(world.host.shell.closed, 1)
  assert.is(world.host.clock.waiting, 0)
})

watch('a hint that comes to nothing gives the lock back', async () => {
  const { world, graph } = small()
  const watching = new Watching(world, graph)
  await watching.calm()
  world.host.disk.touch(`${FOLDER}/src/a.c`)
  assert.is(world.host.locks.isHeld('/w/.state/lock'), true)
  await watching.calm()
  assert.is(world.host.locks.isHeld('/w/.state/lock'), false)
  await watching.end()
})

watch.run()
