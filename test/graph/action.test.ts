import * as assert from 'uvu/assert'

import {
  argv,
  defineGraph,
  type Graph,
  type NodeFailure,
  type RunEvent,
  root,
  runGraph,
  sh,
  type TaskSpec,
  task,
  titled,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { JOURNAL, STATE, World } from '../support/world.ts'

const LOG = `${STATE}/logs/a.1.log`

// One node, called 'a'.
function only(spec: TaskSpec) {
  return defineGraph({ tasks: [task('a', () => spec)], roots: { package: '/package' } })
}

function failure(over: Partial<NodeFailure>): NodeFailure {
  // What printed nothing has no log in this machine.
  return { message: '', how: 'command', tail: '', log: over.tail ? LOG : '', ...over }
}

const action = suite('action')

action('a command that fails names its exit code, its line and what it printed', async () => {
  const world = new World()
  const ran = await world.run(only({ run: [sh`echo before`, sh`cat none.txt`, sh`echo after`] }))
  assert.equal(ran.outcomes, { a: 'failed' })
  assert.equal(
    ran.failures['a'],
    failure({
      message: 'command failed with exit code 1: cat none.txt',
      exitCode: 1,
      tail: 'before\ncat: none.txt: No such file or directory\n',
    }),
  )
  assert.equal(ran.summary.failures, [{ node: 'a', failure: ran.failures['a'] }])
  assert.is(ran.summary.ok, false)
  assert.is(ran.summary.cancelled, false)
})

action('a node that failed runs again, and the reason says what failed', async () => {
  const world = new World()
  const graph = only({ run: sh`false` })
  await world.run(graph)
  const { reasons } = await world.run(graph)
  assert.equal(reasons['a'], [
    { kind: 'failed-before', detail: 'command failed with exit code 1: false', log: LOG },
  ])
})

action('a failure of many lines is remembered as it was', async () => {
  const world = new World()
  const graph = only({ run: sh('false\necho \x1f \x1e \\n') })
  world.host.shell.commands.set('false\necho \x1f \x1e \\n', () => 1)
  await world.run(graph)
  assert.equal((await world.reasons(graph))['a'], [
    {
      kind: 'failed-before',
      detail: 'command failed with exit code 1: false\necho \x1f \x1e \\n',
      log: LOG,
    },
  ])
})

action('a long command is cut in the message', async () => {
  const world = new World()
  const line = `exit 3 ${'x'.repeat(400)}`
  const { failures } = await world.run(only({ run: sh(line) }))
  assert.is(failures['a']?.message, `command failed with exit code 3: ${line.slice(0, 300)}...`)
})

action('a command with a title is named by it, and runs as it is', async () => {
  const world = new World()
  world.program('fetch', 'fetch')
  const order = JSON.stringify({ wanted: 'none.txt' })
  world.host.shell.commands.set(`fetch '${order}'`, ({ print }) => {
    print('no such file\n')
    return 4
  })
  const graph = only({ run: titled('fetch none.txt', argv('fetch', order)) })
  assert.equal(
    (await world.run(graph)).failures['a'],
    failure({
      message: 'command failed with exit code 4: fetch none.txt',
      exitCode: 4,
      tail: 'no such file\n',
    }),
  )
  const checked = only({ run: sh`true`, contracts: [titled('check', sh`exit 5`)] })
  const { failures } = await world.run(checked)
  assert.is(failures['a']?.message, 'contract failed with exit code 5: check')
})

action('an exit code above 128 names the signal', async () => {
  const world = new World()
  for (const [code, signal] of [
    [137, 'SIGKILL'],
    [139, 'SIGSEGV'],
    [158, 'signal 30'],
  ] as const) {
    const { failures } = await world.run(only({ run: sh`exit ${code}` }))
    assert.is(failures['a']?.signal, signal)
    assert.is(failures['a']?.exitCode, code)
  }
})

action('a command that was killed, or could not start, says so', async () => {
  const world = new World()
  world.host.shell.commands.set('killed', () => ({ how: 'signalled', signal: 'SIGKILL' }))
  world.host.shell.commands.set('absent', () => ({
    how: 'not-started',
    errno: 'E2BIG',
    message: 'too long',
  }))
  const killed = await world.run(only({ run: sh`killed` }))
  assert.equal(
    killed.failures['a'],
    failure({ message: 'command was ended by SIGKILL: killed', signal: 'SIGKILL' }),
  )
  const absent = await world.run(only({ run: sh`absent` }))
  assert.equal(
    absent.failures['a'],
    failure({ message: 'command could not start (E2BIG): absent', errno: 'E2BIG' }),
  )
})

action('a contract that fails fails the node, after its commands', async () => {
  const world = new World()
  const graph = only({
    outputs: ['a.out'],
    run: sh`echo a > a.out`,
    contracts: [sh`cat a.out none.so`],
  })
  const { failures } = await world.run(graph)
  assert.equal(
    failures['a'],
    failure({
      how: 'contract',
      message: 'contract failed with exit code 1: cat a.out none.so',
      exitCode: 1,
      tail: 'a\ncat: none.so: No such file or directory\n',
    }),
  )
  world.edit('none.so', 'so')
  const again = await world.run(graph)
  assert.equal(again.outcomes, { a: 'changed' })
  assert.equal((await world.run(graph)).started, [])
})

action('an output that the commands did not write fails the node', async () => {
  const world = new World()
  const { failures } = await world.run(
    only({ outputs: ['lib/a.so'], run: sh`echo made > lib/b.so` }),
  )
  assert.equal(
    failures['a'],
    failure({
      how: 'output',
      message: "the commands ended well, but the output 'lib/a.so' is not there",
      hint: 'correct the path in outputs, or the command that should write it',
    }),
  )
})

action('an output glob that matches nothing fails the node', async () => {
  const world = new World()
  const { failures } = await world.run(only({ outputs: ['lib/*.so', '!lib/x.so'], run: sh`true` }))
  assert.is(
    failures['a']?.message,
    "the commands ended well, but no file matches the output 'lib/*.so'",
  )
})

action('a folder where an output should be fails the node', async () => {
  const world = new World({ 'a.out/x': 'x' })
  const { failures } = await world.run(only({ outputs: ['a.out'], run: sh`true` }))
  assert.is(failures['a']?.message, "'/w/a.out' is a folder, not a file")
  assert.is(failures['a']?.hint, "name its files, with '/**' behind it")
})

action('a program that is not on PATH fails the node before its commands', async () => {
  const world = new World()
  const graph = only({ tools: ['git'], run: [sh`echo begun`, argv('cmake', '-S', '.')] })
  const { failures } = await world.run(graph)
  assert.equal(
    failures['a'],
    failure({
      how: 'tool',
      message: "the program 'cmake' is not on PATH",
      errno: 'ENOENT',
      hint: 'install it, or put its folder on PATH',
    }),
  )
  assert.equal(world.host.shell.spawned, [])
})

action('a program that is not where it says fails the node before its commands', async () => {
  const ran = await new World().run(only({ run: argv('./gen', 'x') }))
  const hint = 'correct its path, which counts from the folder in which the commands run'
  const message = "there is no program './gen'"
  assert.equal(ran.failures['a'], failure({ message, how: 'tool', errno: 'ENOENT', hint }))
})

action('a program that the node makes itself need not be there before', async () => {
  const world = new World()
  const run = [sh`echo gen > out/gen`, argv('./out/gen')]
  const graph = only({ outputs: ['out/gen'], run })
  assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
  assert.equal((await world.run(graph)).outcomes, { a: 'fresh' })
})

action(
  'a program beside a working folder below a root is found there, and is part of the key',
  async () => {
    const world = new World()
    world.host.disk.write('/package/sub/gen', 'one', 0o755)
    world.pause()
    const graph = only({ cwd: root('package')('sub'), run: argv('./gen') })
    assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
    world.host.disk.write('/package/sub/gen', 'two', 0o755)
    world.pause()
    const ran = await world.run(graph)
    const told = JSON.stringify(ran.reasons['a'])
    assert.match(told, '"kind":"tool-changed","name":"{package}/sub/gen"')
  },
)

action('a program of the folder does not make a node stale when the folder moves', async () => {
  const world = new World()
  const { disk } = world.host
  disk.write('/w/gen', 'gen', 0o755)
  world.pause()
  const graph = only({ run: argv('./gen') })
  await world.run(graph)
  disk.write('/v/gen', 'gen', 0o755)
  disk.write('/v/.state/journal', disk.readText(JOURNAL) ?? '')
  world.pause()
  const session = { ...world.session(graph), folder: '/v', stateFolder: '/v/.state' }
  const started: string[] = []
  const report = (event: RunEvent): void =>
    void (event.type === 'started' && started.push(event.node))
  await runGraph(session, { targets: [], report })
  assert.equal(started, [])
})

action('a program that a need has just installed is found', async () => {
  const world = new World()
  const install = task('install', () => ({ run: sh`install` }))
  world.host.shell.commands.set('install', () => {
    world.host.disk.write('/opt/bin/gen', 'gen 1', 0o755)
    return undefined
  })
  const before = task('before', () => ({ tools: ['gen'], run: sh`true` }))
  const use = task('use', () => ({
    needs: [install()],
    outputs: ['x.out'],
    run: sh`gen > x.out`,
    tools: ['gen'],
  }))
  const graph = defineGraph({ tasks: [before, install, use] })
  const ran = await world.run(graph, { keepGoing: true })
  assert.equal(ran.outcomes, { before: 'failed', install: 'changed', use: 'changed' })
  assert.is(world.read('x.out'), '<gen 1>')
})

for (const input of ['none.c', 'none/**/*.c', './none.c', 'src/{none,nor}.c'])
  action(`the input '${input}' that finds no file fails the node, with a hint`, async () => {
    const world = new World({ 'src/x.c': 'x' })
    const graph = only({ inputs: [input, 'src/x.c'], run: sh`true` })
    const { failures } = await world.run(graph)
    assert.equal(
      failures['a'],
      failure({
        how: 'input',
        message: `'a': no file matches the input '${input}'`,
        hint: `correct it, or write '${input}?' if it may be absent`,
      }),
    )
    assert.equal(world.host.shell.spawned, [])
    const optional = only({ inputs: [`${input}?`, 'src/x.c'], run: sh`true` })
    assert.equal((await world.run(optional)).outcomes, { a: 'changed' })
  })

action('an input that is gone fails the node that was fresh', async () => {
  const world = new World({ 'a.in': 'a' })
  const graph = only({ inputs: ['a.in'], run: sh`true` })
  await world.run(graph)
  world.remove('a.in')
  const detail = "'a': no file matches the input 'a.in'"
  assert.equal(await world.reasons(graph), { a: [{ kind: 'input-missing', name: 'a', detail }] })
  const ran = await world.run(graph)
  assert.equal(ran.reasons['a'], [{ kind: 'input-missing', name: 'a', detail }])
  assert.is(ran.failures['a']?.message, detail)
  assert.is(ran.failures['a']?.hint, "correct it, or write 'a.in?' if it may be absent")
})

action('an input below a root is named with its root', async () => {
  const world = new World()
  const { failures } = await world.run(only({ inputs: [root('package')('x.c')], run: sh`true` }))
  assert.is(failures['a']?.message, "'a': no file matches the input '{package}/x.c'")
})

action('a folder among the inputs is refused', async () => {
  const world = new World({ 'src/x.c': 'x' })
  const { failures } = await world.run(only({ inputs: ['src'], run: sh`true` }))
  assert.is(failures['a']?.message, "'/w/src' is a folder, not a file")
  assert.is(failures['a']?.hint, "name its files, with '/**' behind it")
})

action('an input that cannot be read fails the node, whether it has a record or not', async () => {
  const world = new World({ 'a.in': 'a' })
  const graph = only({ inputs: ['a.in'], run: sh`true` })
  const fault = (operation: string, path: string): string | undefined =>
    operation === 'digest' && path === '/w/a.in' ? 'EACCES' : undefined
  world.host.disk.fault = fault
  const first = await world.run(graph)
  assert.is(first.failures['a']?.message, "cannot read '/w/a.in': EACCES")
  world.host.disk.fault = () => undefined
  await world.run(graph)
  world.edit('a.in', 'A')
  world.host.disk.fault = fault
  const second = await world.run(graph)
  assert.is(second.failures['a']?.message, "cannot read '/w/a.in': EACCES")
  assert.is(second.failures['a']?.how, 'input')
})

action('a folder that a glob cannot look into fails the node, and is named', async () => {
  const world = new World({ 'src/x.c': 'x' })
  world.host.disk.fault = (operation) => (operation === 'scandir' ? 'EACCES' : undefined)
  const { failures } = await world.run(only({ inputs: ['src/**'], run: sh`true` }))
  assert.is(failures['a']?.message, "cannot read '/w/src/x.c': EACCES")
  assert.is(failures['a']?.errno, 'EACCES')
  assert.is(failures['a']?.hint, 'make it readable: ls -ld /w/src/x.c')
})

action('a hint that is a command can be pasted, whatever a file is called', async () => {
  const world = new World({ "it's.c": 'x' })
  world.host.disk.fault = (_, path) => (path === "/w/it's.c" ? 'EACCES' : undefined)
  const { failures } = await world.run(only({ inputs: ["it's.c"], run: sh`true` }))
  assert.is(failures['a']?.hint, "make it readable: ls -ld '/w/it'\\''s.c'")
})

action('a word of a wrapper that nobody may look at is no program', async () => {
  const world = new World()
  world.program('cc', '#!/bin/sh\nHOME=/root/secret exec /bin/cat "$@"\n')
  const stat = world.host.disk.stat.bind(world.host.disk)
  world.host.disk.stat = (path) => {
    if (path === '/root/secret') throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    return stat(path)
  }
  assert.is((await world.run(only({ tools: ['cc'], run: sh`true` }))).summary.ok, true)
})

action('a fact that the machine does not know fails the node', async () => {
  const world = new World()
  const { failures } = await world.run(only({ facts: ['colour'], run: sh`true` }))
  assert.is(failures['a']?.message, "no fact of the machine is called 'colour'")
  assert.is(failures['a']?.hint, "there is 'cpu' and 'os'")
})

action('old outputs are removed before the commands run', async () => {
  const world = new World({ 'a.in': 'one' })
  const graph = only({ inputs: ['a.in'], outputs: ['gen/**'], run: sh`generate` })
  world.host.shell.commands.set('generate', ({ sh }) => {
    assert.equal(Object.keys(world.host.disk.tree('/w/gen')), [])
    return sh(`echo x > gen/${world.read('a.in')}`)
  })
  world.host.disk.makeFolder('/w/gen')
  await world.run(graph)
  world.edit('a.in', 'two')
  assert.is((await world.run(graph)).summary.ok, true)
  assert.equal(world.host.disk.tree('/w/gen'), { two: 'x\n' })
})

action('outputs of a task that says clean: false stay for its commands', async () => {
  const world = new World({ 'a.in': 'one' })
  const graph = only({
    inputs: ['a.in'],
    outputs: ['a.out'],
    clean: false,
    run: sh`cat a.in >> a.out`,
  })
  await world.run(graph)
  world.edit('a.in', 'two')
  await world.run(graph)
  assert.is(world.read('a.out'), 'onetwo')
})

action('a file of the person that a wrong output glob names is not removed', async () => {
  const world = new World({ 'src/x.c': 'mine' })
  const graph = only({ outputs: ['src/*'], run: sh`echo made > src/y.c && false` })
  await world.run(graph)
  await world.run(graph)
  assert.is(world.read('src/x.c'), 'mine')
})

action('the folders of outputs are made', async () => {
  const world = new World()
  const ran = await world.run(only({ outputs: ['deep/er/a.out'], run: sh`echo a > deep/er/a.out` }))
  assert.is(ran.summary.ok, true)
})

action('commands run in the folder that the task names', async () => {
  const world = new World({ 'src/a.in': 'a' })
  const pkg = root('package')
  world.host.disk.write('/package/inner/p.in', 'p')
  await world.run(only({ cwd: 'src', run: sh`cat a.in > a.out` }))
  assert.is(world.read('src/a.out'), 'a')
  await world.run(only({ cwd: pkg('inner'), run: sh`cat p.in > p.out` }))
  assert.is(world.host.disk.readText('/package/inner/p.out'), 'p')
})

for (const [what, text, spec] of [
  ['that somebody has written since', 'by hand', {}],
  ['that it reads now', 'one', { inputs: ['old.out'] }],
  ['that it may read now', 'one', { inputs: ['old.out?'] }],
] as const)
  action(`a former output ${what} is not removed`, async () => {
    const world = new World({ 'a.in': 'one' })
    await world.run(only({ outputs: ['old.out'], run: sh`cat a.in > old.out` }))
    world.edit('old.out', text)
    const graph = only({ ...spec, outputs: ['a.out'], run: sh`echo a > a.out` })
    assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
    assert.is(world.read('old.out'), text)
  })

for (const cache of [false, true])
  action(`what a person has written among the globs of a node stays, cache: ${cache}`, async () => {
    const world = new World({ 'a.in': 'one', 'gen/mine': 'mine' })
    const graph = only({ inputs: ['a.in'], outputs: ['gen/*'], run: sh`cat a.in > gen/a` })
    await world.run(graph, { cache })
    assert.equal((await world.run(graph, { cache })).started, [])
    world.edit('gen/mine', 'edited')
    assert.equal((await world.run(graph, { cache })).outcomes, { a: 'changed' })
    assert.is(world.read('gen/mine'), 'edited')
    world.edit('a.in', 'two')
    assert.equal((await world.run(graph, { cache })).outcomes, { a: 'changed' })
    assert.equal([world.read('gen/a'), world.read('gen/mine')], ['two', 'edited'])
    assert.equal((await world.run(graph, { cache })).started, [])
    world.edit('a.in', 'one')
    await world.run(graph, { cache })
    assert.equal([world.read('gen/a'), world.read('gen/mine')], ['one', 'edited'])
  })

action('a node that writes what it reads keeps its only copy', async () => {
  const world = new World({ 's/a.c': 'one', 's/b.c': 'b' })
  const graph = only({ inputs: ['s/*.c'], outputs: ['s/a.c'], run: sh`tidy` })
  world.host.shell.commands.set('tidy', () => undefined)
  await world.run(graph)
  world.edit('s/a.c', 'edited')
  await world.run(graph)
  assert.is(world.read('s/a.c'), 'edited')
})

// Each way to name `s/a.c` that is not the name that an output has.
const HERE = { roots: { here: '/w', linked: '/link' } }
for (const [how, input] of [
  ['below a root', root('here')('s/a.c')],
  ['behind a link', root('linked')('s/a.c')],
  ['with a point', root('')('./s//a.c')],
] as const)
  action(`a node that writes what it reads ${how} keeps its only copy`, async () => {
    const world = new World({ 's/a.c': 'one' })
    world.host.disk.makeLink('/link', '/w')
    const a = task('a', () => ({ inputs: [input], outputs: ['s/*.c'], run: sh`tidy` }))
    const graph = defineGraph({ tasks: [a], ...HERE })
    world.host.shell.commands.set('tidy', () => void world.edit('s/a.c', 'tidy'))
    await world.run(graph)
    assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
    assert.is(world.read('s/a.c'), 'tidy')
  })

action(
  'a node that writes what it reads keeps its only copy when another input is gone',
  async () => {
    const world = new World({ 's/a.c': 'one', 'conf/a': 'a' })
    const graph = only({ inputs: ['s/*', 'conf/*'], outputs: ['s/*.c'], run: sh`tidy` })
    world.host.shell.commands.set('tidy', () => void world.edit('s/a.c', 'tidy'))
    await world.run(graph)
    world.remove('conf/a')
    assert.equal((await world.run(graph)).outcomes, { a: 'failed' })
    assert.is(world.read('s/a.c'), 'tidy')
  },
)

const SPLIT = [sh`cat a.in > gen/a`, sh`split`]

for (const [what, exit] of [
  ['failed', { how: 'exited', code: 1 }],
  ['was ended', { how: 'cancelled' }],
] as const)
  action(`what a try that ${what} has left among its globs does not stay`, async () => {
    const world = new World({ 'a.in': 'one', 'gen/mine': 'mine' })
    const graph = only({ inputs: ['a.in'], outputs: ['gen/*'], run: SPLIT })
    const { commands } = world.host.shell
    commands.set('split', () => {
      world.write('gen/half', 'half')
      return exit
    })
    await world.run(graph)
    assert.is(world.read('gen/half'), 'half')
    world.edit('gen/other', 'by hand')
    commands.set('split', () => undefined)
    assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
    assert.equal([world.read('gen/half'), world.read('gen/a')], [undefined, 'one'])
    assert.equal([world.read('gen/mine'), world.read('gen/other')], ['mine', 'by hand'])
  })

action('what a run that was not recorded has made among its globs does not stay', async () => {
  const world = new World({ 'a.in': 'one', 'gen/keep/mine': 'mine' })
  const graph = only({ inputs: ['a.in'], outputs: ['gen/*'], run: SPLIT })
  const { commands } = world.host.shell
  commands.set('split', () => {
    world.write('gen/old', 'old')
    world.edit('a.in', 'two')
    return undefined
  })
  assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
  commands.set('split', () => undefined)
  assert.equal((await world.run(graph)).outcomes, { a: 'changed' })
  assert.equal([world.read('gen/old'), world.read('gen/a')], [undefined, 'two'])
})

action('a former output as it was made is removed', async () => {
  const world = new World({ 'gen/keep/mine': 'mine' })
  await world.run(
    only({ outputs: ['old.out', 'gen/*'], run: sh`echo a > old.out && echo b > gen/b` }),
  )
  await world.run(only({ outputs: ['a.out'], run: sh`echo a > a.out` }))
  assert.equal([world.read('old.out'), world.read('gen/b')], [undefined, undefined])
})

// `gen` is called `make` now; the task that had its outputs is gone, or makes something else, before it or after.
const other = task('gen', () => ({ outputs: ['o.out'], run: sh`echo o > o.out` }))
for (const [how, before, after] of [
  ['is gone', [], []],
  ['comes first', [other], []],
  ['comes last', [], [other]],
] as const)
  for (const cache of [true, false])
    action(
      `what a task left among globs that are another's now goes: it ${how}, ${cache}`,
      async () => {
        const world = new World({
          'a.in': 'a',
          'b.in': 'b',
          'gen/mine': 'mine',
          'gen/keep': 'keep',
        })
        const { commands } = world.host.shell
        commands.set('each', () => {
          for (const name of ['a', 'b'])
            if (world.read(`${name}.in`) !== undefined) world.write(`gen/${name}`, name)
          return undefined
        })
        const spec = { inputs: ['*.in'], outputs: ['gen/*'], run: sh`each` }
        const [gen, make] = [task('gen', () => spec), task('make', () => spec)]
        await world.run(defineGraph({ tasks: [gen] }), { cache })
        world.edit('gen/keep', 'by hand')
        world.remove('b.in')
        await world.run(defineGraph({ tasks: [...before, make, ...after] }), { cache })
        assert.equal([world.read('gen/a'), world.read('gen/b')], ['a', undefined])
        assert.equal([world.read('gen/mine'), world.read('gen/keep')], ['mine', 'by hand'])
      },
    )

action(
  'what a task left among globs that are now another one does not stand in the way of the cache',
  async () => {
    const world = new World({ 'a.in': 'one', 'gen/keep/mine': 'mine' })
    const { commands } = world.host.shell
    commands.set('make', () => world.write(`gen/${world.read('a.in')}`, 'made') as undefined)
    const spec = { inputs: ['a.in'], outputs: ['gen/*'], run: sh`make` }
    const [gen, make] = ['gen', 'make'].map((name) =>
      defineGraph({ tasks: [task(name, () => spec)] }),
    ) as [Graph, Graph]
    await world.run(gen, { cache: true })
    world.edit('a.in', 'two')
    await world.run(gen, { cache: true })
    world.edit('a.in', 'one')
    assert.equal((await world.run(make, { cache: true })).outcomes, { make: 'restored' })
    assert.equal([world.read('gen/one'), world.read('gen/two')], ['made', undefined])
  },
)

// A link that was left there would even be written through.
for (const isFirst of [true, false])
  action(`tasks that exchange their outputs find nothing of each other: ${isFirst}`, async () => {
    const world = new World()
    const make = (name: string, output: string) =>
      task(name, () => ({ outputs: [output], run: sh`echo ${name} >> ${output}` }))
    await world.run(defineGraph({ tasks: [make('a', 'x.out'), make('b', 'z.out')] }))
    const [a, b] = [make('a', 'z.out'), make('b', 'x.out')]
    await world.run(defineGraph({ tasks: isFirst ? [a, b] : [b, a] }))
    assert.equal([world.read('x.out'), world.read('z.out')], ['b\n', 'a\n'])
  })

for (const outputs of [['x.out'], ['*.out'], ['./x.out']])
  action(`a former output that another node makes now, as ${outputs}, is not removed`, async () => {
    const world = new World()
    await world.run(only({ outputs: ['x.out'], run: sh`echo x > x.out` }))
    const b = task('b', () => ({ outputs, run: sh`echo x > x.out` }))
    const a = task('a', () => ({ after: [b()], outputs: ['a.in'], run: sh`echo a > a.in` }))
    const graph = defineGraph({ tasks: [b, a] })
    assert.equal((await world.run(graph)).outcomes, { b: 'changed', a: 'changed' })
    assert.is(world.read('x.out'), 'x\n')
  })

action('the log of a try holds what its commands printed, and no older try', async () => {
  const world = new World()
  const graph = only({ run: [sh`echo one`, sh`echo two`] })
  await world.run(graph)
  await world.run(graph, { force: true })
  assert.is(world.host.disk.readText(LOG), 'one\ntwo\n')
})

action('no two nodes write into one log, whatever they are called', async () => {
  const world = new World()
  const run = sh`true`
  const bound = task('a', { p: ['x', '_x', 'x_y'], q: ['1', '_'] }, () => ({ run }))
  const long = 'l'.repeat(190)
  const names = ['a_x', 'a_x_1', 'a_x__', 'ä', 'ö', 'сборка', 'тесты', long, `${long}2`]
  const plain = names.map((name) => task(name, () => ({ run })))
  const ran = await world.run(defineGraph({ tasks: [bound, ...plain] }))
  const logs = ran.events.flatMap((event) => (event.type === 'started' ? [event.log] : []))
  assert.is(logs.length, 15)
  assert.is(new Set(logs).size, 15)
  assert.ok(logs.every((log) => Buffer.byteLength(log.slice(log.lastIndexOf('/') + 1)) < 256))
})

action('a variable that is called like something that every object has is not set', async () => {
  const world = new World()
  const names = ['constructor', 'toString', '__proto__']
  await world.run(only({ env: names, run: sh`true` }))
  assert.is(
    names.find((name) => Object.hasOwn(world.host.shell.spawned[0]?.env ?? {}, name)),
    undefined,
  )
})

action('an input that is edited while the node runs is not recorded as fresh', async () => {
  const world = new World({ 'a.in': 'one' })
  const graph = only({
    inputs: ['a.in'],
    outputs: ['a.out'],
    run: [sh`cat a.in > a.out`, sh`late`],
  })
  const late = (): undefined => world.write('a.in', 'two') as undefined
  world.host.shell.commands.set('late', late)
  const ran = await world.run(graph)
  assert.equal(ran.outcomes, { a: 'changed' })
  assert.equal(
    ran.events.filter((event) => event.type === 'input-moved').map((event) => event.name),
    ['a.in'],
  )
  world.host.shell.commands.delete('late')
  world.host.shell.commands.set('late', () => undefined)
  const again = await world.run(graph)
  assert.equal(again.reasons['a'], [
    { kind: 'unrecorded', detail: "the input 'a.in' changed while it ran", log: LOG },
  ])
  assert.is(world.read('a.out'), 'two')
  assert.equal((await world.run(graph)).started, [])
})

action(
  'an input of equal size that is edited in the same tick, while the node runs, too',
  async () => {
    const world = new World({ 'a.in': 'one' })
    const graph = only({
      inputs: ['a.in'],
      outputs: ['a.out'],
      run: [sh`cat a.in > a.out`, sh`late`],
    })
    world.host.shell.commands.set('late', () => undefined)
    world.write('a.in', 'two')
    world.host.shell.commands.set('late', () => world.write('a.in', 'six') as undefined)
    await world.run(graph)
    world.host.shell.commands.set('late', () => undefined)
    assert.equal((await world.run(graph)).started, ['a'])
    assert.is(world.read('a.out'), 'six')
  },
)

for (const [what, edit] of [
  ['written', (world: World, text: string) => world.edit('a.in', text)],
  [
    'replaced',
    (world: World, text: string) => {
      world.edit('b.in', text)
      world.host.disk.rename('/w/b.in', '/w/a.in')
    },
  ],
  [
    'linked',
    (world: World, text: string) => {
      world.write(`${text}.in`, text)
      world.host.disk.removeFile('/w/a.in')
      world.host.disk.makeLink('/w/a.in', `${text}.in`)
    },
  ],
] as const)
  action(`an input that is ${what} and ${what} back while the node runs is noticed`, async () => {
    const world = new World({ 'one.in': 'one' })
    edit(world, 'one')
    world.pause()
    const graph = only({
      inputs: ['a.in'],
      outputs: ['a.out'],
      run: [sh`early`, sh`cat a.in > a.out`, sh`late`],
    })
    const { commands } = world.host.shell
    commands.set('early', () => edit(world, 'two') as undefined)
    commands.set('late', () => edit(world, 'one') as undefined)
    await world.run(graph)
    assert.is(world.read('a.out'), 'two')
    commands.set('early', () => undefined)
    commands.set('late', () => undefined)
    assert.equal((await world.run(graph)).started, ['a'])
    assert.is(world.read('a.out'), 'one')
    assert.equal((await world.run(graph)).started, [])
  })

action(
  'an input whose time a command sets, and sets back to the millisecond, is no edit',
  async () => {
    const world = new World({ 'a.in': 'one' })
    const graph = only({ inputs: ['a.in'], run: sh`touch` })
    const { disk, shell } = world.host
    shell.commands.set('touch', () => {
      const { mtimeMs = 0 } = disk.stat('/w/a.in') ?? {}
      disk.setMtime('/w/a.in', mtimeMs + 5000)
      disk.setMtime('/w/a.in', Math.round(mtimeMs))
      return undefined
    })
    await world.run(graph)
    assert.equal((await world.run(graph)).started, [])
  },
)

action('a failure with an input that was another one meanwhile is not remembered', async () => {
  const world = new World({ 'a.in': 'one' })
  const graph = only({ inputs: ['a.in'], run: sh`switch` })
  const { commands } = world.host.shell
  commands.set('switch', () => {
    world.edit('a.in', 'two')
    world.edit('a.in', 'one')
    return { how: 'exited', code: 1 }
  })
  await world.run(graph, { retry: false })
  commands.set('switch', () => undefined)
  assert.equal((await world.run(graph, { retry: false })).outcomes, { a: 'changed' })
})

action('a task that writes its own inputs as they are runs once more, then is stable', async () => {
  const world = new World({ 'a.in': 'tidy', 'b.in': 'tidy' })
  const graph = only({ inputs: ['a.in', 'b.in'], run: sh`tidy` })
  world.host.shell.commands.set('tidy', () => {
    world.edit('a.in', 'tidy')
    world.edit('b.in', 'tidy')
    return undefined
  })
  assert.equal((await world.run(graph)).started, ['a'])
  assert.equal((await world.run(graph)).started, ['a'])
  assert.equal((await world.run(graph)).started, [])
})

for (const [what, edit, name] of [
  ['added to a glob', (world: World) => world.write('b.in', 'b'), 'b.in'],
  ['removed from a glob', (world: World) => world.host.disk.removeFile('/w/c.in'), 'c.in'],
] as const)
  action(`an input that is ${what} while the node runs is not recorded as fresh`, async () => {
    const world = new World({ 'a.in': 'a', 'c.in': 'c' })
    const graph = only({ inputs: ['*.in'], run: sh`edit` })
    world.host.shell.commands.set('edit', () => edit(world) as undefined)
    const ran = await world.run(graph)
    assert.equal(
      ran.events.filter((event) => event.type === 'input-moved').map((event) => event.name),
      [name],
    )
    world.host.shell.commands.set('edit', () => undefined)
    assert.equal((await world.run(graph)).started, ['a'])
    assert.equal((await world.run(graph)).started, [])
  })

action('a task that edits its own input runs twice more, then is stable', async () => {
  const world = new World({ 'a.in': 'untidy' })
  const graph = only({ inputs: ['a.in'], run: sh`echo tidy > a.in` })
  assert.equal((await world.run(graph)).started, ['a'])
  // Written again as it was: whether by the task alone, the next run tells.
  assert.equal((await world.run(graph)).started, ['a'])
  assert.equal((await world.run(graph)).started, ['a'])
  assert.equal((await world.run(graph)).started, [])
})

action('an edit in one run, and an edit taken back in the next, leave the node open', async () => {
  const world = new World({ 'a.in': 'one' })
  const graph = only({ inputs: ['a.in'], outputs: ['out'], run: sh`edit` })
  const edits = [['two'], ['three', 'two'], []]
  world.host.shell.commands.set('edit', () => {
    for (const [i, text] of (edits.shift() ?? []).entries()) {
      world.write('a.in', text)
      if (i === 0) world.write('out', text)
      world.pause()
    }
    world.write('out', world.read('a.in') ?? '')
  })
  for (const _ of [1, 2, 3]) assert.equal((await world.run(graph)).started, ['a'])
  assert.is(world.read('out'), 'two')
  assert.equal((await world.run(graph)).started, [])
})

action('a variable or fact that cannot change during a run is no trouble', async () => {
  const world = new World()
  const graph = only({ env: ['CC'], run: sh`true` })
  world.host.env['CC'] = 'gcc'
  await world.run(graph)
  assert.equal((await world.run(graph)).started, [])
})

action('a program that is replaced while the node runs makes it stale', async () => {
  const world = new World()
  world.program('cc', 'cc 1')
  const graph = only({ outputs: ['a.o'], run: [sh`late`, argv('cc')], tools: ['cc'] })
  world.host.shell.commands.set('late', () => {
    world.host.disk.replace('/opt/bin/cc', 'cc 2')
    return undefined
  })
  world.host.shell.commands.set('cc', ({ sh }) => sh('cc > a.o'))
  await world.run(graph)
  assert.equal((await world.run(graph)).started, ['a'])
})

action(
  'a program that was replaced after another node of the run was found fresh is noticed',
  async () => {
    const world = new World({ 'a.in': 'one' })
    world.program('cc', 'cc 1')
    const a = task('a', () => ({ inputs: ['a.in'], run: sh`late` }))
    const z = task('z', () => ({ outputs: ['z.out'], tools: ['cc'], run: sh`echo > z.out` }))
    const b = task('b', () => {
      return { after: [a()], inputs: ['a.in'], outputs: ['b.out'], run: argv('cc') }
    })
    const graph = defineGraph({ tasks: [a, z, b] })
    const { commands } = world.host.shell
    commands.set('late', () => undefined)
    commands.set('cc', ({ sh }) => sh('cat /opt/bin/cc > b.out'))
    await world.run(graph)
    world.edit('a.in', 'two')
    commands.set('late', () => world.program('cc', 'cc 2') as undefined)
    await world.run(graph, { jobs: 1 })
    world.program('cc', 'cc 1')
    assert.equal((await world.run(graph)).started, ['b'])
    assert.is(world.read('b.out'), 'cc 1')
  },
)

action(
  'an output of a need that is edited while the node runs is not recorded as fresh',
  async () => {
    const world = new World()
    const make = task('make', () => ({ outputs: ['x.out'], run: sh`echo x > x.out` }))
    const use = task('use', () => ({
      needs: [make()],
      outputs: ['y'],
      run: [sh`early`, sh`cat x.out > y`],
    }))
    const graph = defineGraph({ tasks: [make, use] })
    world.host.shell.commands.set('early', () => world.write('x.out', 'other') as undefined)
    const ran = await world.run(graph)
    assert.equal(
      ran.events.filter((event) => event.type === 'input-moved').map((event) => event.name),
      ['x.out'],
    )
    world.host.shell.commands.set('early', () => undefined)
    assert.equal((await world.run(graph)).started, ['make', 'use'])
    assert.is(world.read('y'), 'x\n')
    assert.equal((await world.run(graph)).started, [])
  },
)

action('a discovered input is an input of the next run', async () => {
  const world = new World({ 'a.c': 'c', 'a.h': 'h' })
  const graph = only({
    inputs: ['a.c'],
    outputs: ['a.o'],
    depfile: 'a.d',
    run: sh`echo a.o: a.c /w/a.h > a.d && cat a.c a.h > a.o`,
  })
  await world.run(graph)
  assert.equal((await world.run(graph)).started, [])
  world.edit('a.h', 'H')
  const ran = await world.run(graph)
  assert.equal(
    ran.reasons['a']?.map((reason) => [reason.kind, 'name' in reason && reason.name]),
    [['discovered-changed', 'a.h']],
  )
  assert.is(world.read('a.o'), 'cH')
  world.remove('a.h')
  assert.equal((await world.run(graph)).outcomes, { a: 'failed' })
})

action(
  'a discovered input that is edited while the node runs is not recorded as fresh',
  async () => {
    const world = new World({ 'a.h': 'one' })
    const graph = only({
      outputs: ['a.o'],
      depfile: 'a.d',
      run: [sh`echo a.o: a.h > a.d && cat a.h > a.o`, sh`late`],
    })
    world.host.shell.commands.set('late', () => {
      world.host.clock.advance(1000)
      return world.write('a.h', 'two') as undefined
    })
    await world.run(graph)
    world.host.shell.commands.set('late', () => undefined)
    assert.equal((await world.run(graph)).started, ['a'])
    assert.is(world.read('a.o'), 'two')
    assert.equal((await world.run(graph)).started, [])
    world.host.shell.commands.set('late', () => world.write('a.h', 'six') as undefined)
    world.edit('a.h', 'ten')
    assert.equal((await world.run(graph)).started, ['a'])
    world.host.shell.commands.set('late', () => undefined)
    assert.equal((await world.run(graph)).started, ['a'])
    assert.is(world.read('a.o'), 'six')
    assert.equal((await world.run(graph)).started, [])
  },
)

action(
  'a discovered input that the node itself writes runs it once more, then is stable',
  async () => {
    const world = new World()
    const graph = only({
      outputs: ['a.o'],
      depfile: 'a.d',
      run: sh`echo gen > gen.h && echo a.o: gen.h a.o > a.d && cat gen.h > a.o`,
    })
    await world.run(graph)
    await world.run(graph)
    assert.equal((await world.run(graph)).started, [])
  },
)

for (const [what, depfile, text, name] of [
  [
    'ninja from the folder of the command',
    'out/a.d',
    'a.o: #deps 1, deps mtime 1 (VALID)\n    a.h\n',
    'a.h',
  ],
  ['a compiler from the folder of the depfile', 'sub/a.d', 'a.o: b.h\n', 'sub/b.h'],
] as const)
  action(`a name by ${what} is found where there is such a file`, async () => {
    const world = new World({ [name]: 'h' })
    const graph = only({ depfile, run: sh`write` })
    world.host.shell.commands.set('write', () => world.write(depfile, text) as undefined)
    await world.run(graph)
    assert.equal((await world.run(graph)).started, [])
    world.edit(name, 'H')
    assert.equal((await world.run(graph)).started, ['a'])
  })

action('a depfile that the commands do not write is a failure that names it', async () => {
  const world = new World()
  const { failures } = await world.run(only({ depfile: 'none.d', run: sh`true` }))
  const { message, how, hint } = failures['a'] ?? {}
  assert.is(message, "the commands ended well, but the depfile 'none.d' is not there")
  assert.is(how, 'output')
  assert.is(hint, 'correct the path in depfile, or the command that should write it')
})

action(
  'a cwd that is no folder is told before anything runs, and is no refused permission',
  async () => {
    const world = new World()
    const { failures } = await world.run(only({ cwd: 'none', outputs: ['a.out'], run: sh`true` }))
    const { message, how, hint } = failures['a'] ?? {}
    assert.is(message, "its cwd '/w/none' is no folder")
    assert.is(how, 'system')
    assert.is(hint, 'correct the path in cwd, or need the node that makes it')
    assert.is(world.host.disk.readText('/w/.state/logs/a.1.log'), undefined)
  },
)

action('a need produced what it produced: outputs of work that took long are fsynced', async () => {
  const world = new World()
  const slow = only({ outputs: ['a.out'], run: [sh`slow`, sh`echo a > a.out`] })
  world.host.shell.commands.set('slow', () => world.host.clock.advance(500) as undefined)
  await world.run(slow)
  assert.equal(world.host.disk.flushed, ['/w/a.out', JOURNAL])
  const quick = only({ outputs: ['b.out'], run: sh`echo b > b.out` })
  await world.run(quick)
  assert.equal(world.host.disk.flushed, ['/w/a.out', JOURNAL, JOURNAL])
})

action('in a long run the journal is fsynced in groups, not only at the end', async () => {
  const world = new World()
  const one = task('one', () => ({ outputs: ['1'], run: [sh`slow`, sh`echo 1 > 1`] }))
  const two = task('two', () => ({ needs: [one()], outputs: ['2'], run: sh`echo 2 > 2` }))
  world.host.shell.commands.set('slow', () => world.host.clock.advance(2000) as undefined)
  await world.run(defineGraph({ tasks: [one, two] }))
  const journal = world.host.disk.flushed.filter((path) => path === JOURNAL)
  assert.is(journal.length, 2)
})

for (const [what, operation, path] of [
  ['a log that cannot be removed', 'unlink', LOG],
  ['an output folder that cannot be made', 'mkdir', '/w/lib'],
  ['an fsync that fails', 'fsync', '/w/lib/a.out'],
] as const)
  action(`${what} fails the node and names the path`, async () => {
    const world = new World()
    world.host.disk.write(LOG, 'old')
    world.host.disk.fault = (did, at) => (did === operation && at === path ? 'EROFS' : undefined)
    const graph = only({ outputs: ['lib/a.out'], run: [sh`slow`, sh`echo a > lib/a.out`] })
    world.host.shell.commands.set('slow', () => world.host.clock.advance(500) as undefined)
    const { failures } = await world.run(graph)
    assert.is(failures['a']?.how, 'system')
    assert.is(failures['a']?.errno, 'EROFS')
    assert.is(failures['a']?.message, `EROFS: ${operation} '${path}'`)
    assert.is(failures['a']?.hint, undefined)
  })

action('what lies in the way of an output is named, with how to look at it', async () => {
  const world = new World()
  world.host.disk.fault = (did, at) => (at === '/w/lib' && did === 'mkdir' ? 'EEXIST' : undefined)
  const { failures } = await world.run(only({ outputs: ['lib/a.out'], run: sh`true` }))
  assert.is(failures['a']?.message, "EEXIST: mkdir '/w/lib'")
  assert.is(failures['a']?.hint, 'look what lies there: ls -ld /w/lib')
})

action('a mistake of the code is not a failed node', async () => {
  const world = new World()
  world.host.shell.commands.set('odd', () => {
    throw new Error('BUG: odd')
  })
  try {
    await world.run(only({ run: sh`odd` }))
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'BUG: odd')
  }
  assert.is(world.host.locks.isHeld(`${STATE}/lock`), false)
})

action.run()
