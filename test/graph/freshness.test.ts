import * as assert from 'uvu/assert'

import { digestText } from '../../graph/digest.ts'
import {
  argv,
  defineGraph,
  type Graph,
  type Reason,
  root,
  sh,
  type TaskSpec,
  task,
  titled,
} from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, World } from '../support/world.ts'

// `/opt/cuda/bin/nvcc` is looked for in its first line only.
const BESIDE = '#!/bin/sh\nexec "$(dirname "$0")/../lib/real"\n'
const LONG = `#!/usr/bin/env python\n/opt/cuda/bin/nvcc${' '.repeat(70_000)}`
const file = (text: string): string => `f${digestText(text)}`
const program = (text: string): string => `x${digestText(text)}`

// 'subject' between what it needs, what needs it, and what has nothing to do with it.
function around(spec: TaskSpec, needText = 'base'): Graph {
  const base = task('base', () => ({ outputs: ['base.out'], run: sh`echo ${needText} > base.out` }))
  const subject = task('subject', () => ({ ...spec, needs: [base()] }))
  const user = task('user', () => ({ needs: [subject()], run: sh`true` }))
  const beside = task('beside', () => ({ inputs: ['beside.in'], run: sh`cat beside.in` }))
  return defineGraph({ tasks: [base, subject, user, beside], roots: { package: '/package' } })
}

function files(): World {
  const world = new World({ 'a.in': 'a', 'b.in': 'b', 'src/x.c': 'x', 'beside.in': 'beside' })
  world.write('sub/deep/z.c', 'z')
  world.write('sub/x.c', 'x')
  world.host.disk.write('/package/data.in', 'data')
  world.host.disk.write('/opt/cuda/bin/nvcc', 'cuda 1', 0o755)
  world.program('cc', 'cc 1')
  world.program('echo a', 'one program')
  world.program('python', 'python 1')
  world.program('script', '#!/usr/bin/env -S python -I\nimport x\n')
  world.program('direct', '#!/opt/cuda/bin/nvcc\n')
  world.program('long', LONG)
  world.program('beside', BESIDE)
  world.host.disk.write('/opt/lib/real', 'real 1', 0o755)
  world.host.disk.write('/w/tools/cc', 'own cc 1', 0o755)
  world.program('nvcc', '#!/bin/sh\nexec /opt/cuda/bin/nvcc "$@"\n')
  return world
}

const pkg = root('package')
const fresh = suite('freshness')

fresh('a node without a record is stale', async () => {
  const world = files()
  const graph = around({ run: sh`true` })
  assert.equal((await world.reasons(graph))['subject'], [{ kind: 'no-record' }])
})

fresh('a node that ran is fresh', async () => {
  const world = files()
  const graph = around({ inputs: ['a.in'], outputs: ['s.out'], run: sh`cat a.in base.out > s.out` })
  const first = await world.run(graph)
  assert.equal(first.started, ['base', 'beside', 'subject', 'user'])
  const second = await world.run(graph)
  assert.equal(second.started, [])
  assert.is(second.summary.outcomes.fresh, 4)
  assert.is(second.summary.ok, true)
})

interface Change {
  readonly what: string
  readonly spec: TaskSpec
  /** What is changed on the machine. */
  readonly edit?: (world: World) => void
  /** What is changed in the declaration. */
  readonly into?: TaskSpec
  readonly reasons: readonly Reason[]
  /** What it produces is then something else. */
  readonly isOtherResult?: true
}

const changes: readonly Change[] = [
  {
    what: 'a changed byte of an input',
    spec: { inputs: ['a.in'], run: sh`true` },
    edit: (world) => world.write('a.in', 'A'),
    reasons: [{ kind: 'input-changed', name: 'a.in', old: file('a'), new: file('A') }],
  },
  {
    what: 'an input made executable',
    spec: { inputs: ['a.in'], run: sh`true` },
    edit: (world) => world.host.disk.chmod(`${FOLDER}/a.in`, 0o755),
    reasons: [{ kind: 'input-changed', name: 'a.in', old: file('a'), new: program('a') }],
  },
  {
    what: 'an input that is now a link to other bytes',
    spec: { inputs: ['a.in'], run: sh`true` },
    edit: (world) => world.host.disk.link(`${FOLDER}/a.in`, 'b.in'),
    reasons: [{ kind: 'input-changed', name: 'a.in', old: file('a'), new: file('b') }],
  },
  {
    what: 'a file that a glob finds anew',
    spec: { inputs: ['src/**/*.c'], run: sh`true` },
    edit: (world) => world.write('src/new/y.c', 'y'),
    reasons: [{ kind: 'input-added', name: 'src/new/y.c', old: 'absent', new: file('y') }],
  },
  {
    what: 'a file that a glob finds no more',
    spec: { inputs: ['sub/**', 'src/**'], run: sh`true` },
    edit: (world) => world.host.disk.removeFile(`${FOLDER}/sub/deep/z.c`),
    into: { inputs: ['sub/**?', 'src/**'], run: sh`true` },
    reasons: [{ kind: 'input-removed', name: 'sub/deep/z.c', old: file('z'), new: 'absent' }],
  },
  {
    what: 'a changed file of a glob',
    spec: { inputs: ['*.in', '!beside.in'], run: sh`true` },
    edit: (world) => world.write('b.in', 'B'),
    reasons: [{ kind: 'input-changed', name: 'b.in', old: file('b'), new: file('B') }],
  },
  {
    what: 'a file of a glob that got another name',
    spec: { inputs: ['src/**'], run: sh`true` },
    edit: ({ host }) => host.disk.rename('/w/src/x.c', '/w/src/y.c'),
    reasons: [{ kind: 'input-renamed', name: 'src/y.c', old: 'src/x.c', new: 'src/y.c' }],
  },
  {
    what: 'an optional input that came',
    spec: { inputs: ['a.in', 'local.in?'], run: sh`true` },
    edit: (world) => world.write('local.in', 'here'),
    reasons: [{ kind: 'input-added', name: 'local.in', old: 'absent', new: file('here') }],
  },
  {
    what: 'an optional input that went',
    spec: { inputs: ['b.in?'], run: sh`true` },
    edit: (world) => world.host.disk.removeFile(`${FOLDER}/b.in`),
    reasons: [{ kind: 'input-removed', name: 'b.in', old: file('b'), new: 'absent' }],
  },
  {
    what: 'a file beside those that odd spellings take away',
    spec: {
      inputs: ['./**/*.c', '!.//src/**', '!./sub/./deep/', '!no/'],
      run: sh`true`,
    },
    edit: (world) => {
      world.write('src/y.c', 'y')
      world.write('sub/deep/y.c', 'y')
      world.write('sub/y.c', 'y')
    },
    reasons: [{ kind: 'input-added', name: 'sub/y.c', old: 'absent', new: file('y') }],
  },
  {
    what: 'a changed input below a root',
    spec: { inputs: [pkg('data.in')], run: sh`true` },
    edit: (world) => world.host.disk.write('/package/data.in', 'DATA'),
    reasons: [
      { kind: 'input-changed', name: '{package}/data.in', old: file('data'), new: file('DATA') },
    ],
  },
  {
    what: 'a file that a glob below a root finds anew',
    spec: { inputs: [pkg('*.in')], run: sh`true` },
    edit: (world) => world.host.disk.write('/package/more.in', 'more'),
    reasons: [{ kind: 'input-added', name: '{package}/more.in', old: 'absent', new: file('more') }],
  },
  {
    what: 'a changed word of a command',
    spec: { run: argv('echo', 'one') },
    into: { run: argv('echo', 'two') },
    reasons: [
      {
        kind: 'command-changed',
        name: '1',
        old: 'argv ["echo","one"]',
        new: 'argv ["echo","two"]',
      },
    ],
  },
  {
    what: 'a first word of a command, which is a program too',
    spec: { run: argv('cc', 'one') },
    into: { run: argv('echo a', 'one') },
    reasons: [
      {
        kind: 'command-changed',
        name: '1',
        old: 'argv ["cc","one"]',
        new: 'argv ["echo a","one"]',
      },
    ],
  },
  {
    what: 'a command that a shell reads now',
    spec: { run: argv('true') },
    into: { run: sh`true` },
    reasons: [{ kind: 'command-changed', name: '1', old: 'argv ["true"]', new: 'sh ["true"]' }],
  },
  {
    what: 'a second command',
    spec: { run: [sh`true`] },
    into: { run: [sh`true`, sh`echo`] },
    reasons: [{ kind: 'command-changed', name: '2', old: 'absent', new: 'sh ["echo"]' }],
  },
  {
    what: 'a contract',
    spec: { run: sh`true` },
    into: { run: sh`true`, contracts: [sh`echo checked`] },
    reasons: [{ kind: 'contract-changed', name: '1', old: 'absent', new: 'sh ["echo checked"]' }],
  },
  {
    what: 'a contract whose words are now read by a shell',
    spec: { run: sh`true`, contracts: [argv('echo a')] },
    into: { run: sh`true`, contracts: [sh('echo a')] },
    reasons: [
      {
        kind: 'contract-changed',
        name: '1',
        old: 'argv ["echo a"]',
        new: 'sh ["echo a"]',
      },
    ],
  },
  {
    what: 'another folder to run in',
    spec: { run: sh`true` },
    into: { run: sh`true`, cwd: 'src' },
    reasons: [{ kind: 'cwd-changed', name: '', old: 'absent', new: '"src"' }],
  },
  {
    what: 'a changed value of a declared variable',
    spec: { env: ['CFLAGS'], run: sh`true` },
    edit: (world) => Object.assign(world.host.env, { CFLAGS: '-O3' }),
    reasons: [{ kind: 'env-changed', name: 'CFLAGS', old: '-O2', new: '-O3' }],
  },
  {
    what: 'a declared variable that is now unset',
    spec: { env: ['CFLAGS'], run: sh`true` },
    edit: (world) => Object.assign(world.host.env, { CFLAGS: undefined }),
    reasons: [{ kind: 'env-changed', name: 'CFLAGS', old: '-O2', new: 'absent' }],
  },
  {
    what: 'an unset variable that is now set to the word that stands for unset',
    spec: { env: ['CXX'], run: sh`true` },
    edit: (world) => Object.assign(world.host.env, { CXX: 'absent' }),
    reasons: [{ kind: 'env-changed', name: 'CXX', old: 'absent', new: 'absent' }],
  },
  {
    what: 'a fixed variable',
    spec: { set: { LC_ALL: 'C' }, run: sh`true` },
    into: { set: { LC_ALL: 'C.UTF-8' }, run: sh`true` },
    reasons: [{ kind: 'set-changed', name: 'LC_ALL', old: 'C', new: 'C.UTF-8' }],
  },
  {
    what: 'a replaced program',
    spec: { run: argv('cc', 'a.in') },
    edit: (world) => world.program('cc', 'cc 2'),
    reasons: [
      {
        kind: 'tool-changed',
        name: 'cc',
        old: `/opt/bin/cc /opt/bin/cc=${program('cc 1')}`,
        new: `/opt/bin/cc /opt/bin/cc=${program('cc 2')}`,
      },
    ],
  },
  {
    what: 'a replaced program behind a wrapper script',
    spec: { tools: ['nvcc'], run: argv('true') },
    edit: (world) => world.host.disk.replace('/opt/cuda/bin/nvcc', 'cuda 2'),
    reasons: [
      {
        kind: 'tool-changed',
        name: 'nvcc',
        old: nvcc('cuda 1'),
        new: nvcc('cuda 2'),
      },
    ],
  },
  {
    what: 'another interpreter of a script, found by env on PATH',
    spec: { tools: ['script'], run: argv('true') },
    edit: (world) => world.program('python', 'python 2'),
    reasons: [
      { kind: 'tool-changed', name: 'script', old: script('python 1'), new: script('python 2') },
    ],
  },
  {
    what: 'another interpreter of a script, named by its path',
    spec: { tools: ['direct'], run: argv('true') },
    edit: (world) => world.host.disk.replace('/opt/cuda/bin/nvcc', 'cuda 2'),
    reasons: [
      { kind: 'tool-changed', name: 'direct', old: direct('cuda 1'), new: direct('cuda 2') },
    ],
  },
  {
    what: 'a replaced program that a script calls from its own folder',
    spec: { tools: ['beside'], run: argv('true') },
    edit: (world) => world.host.disk.replace('/opt/lib/real', 'real 2'),
    reasons: [
      { kind: 'tool-changed', name: 'beside', old: beside('real 1'), new: beside('real 2') },
    ],
  },
  {
    what: 'another interpreter of a long script',
    spec: { tools: ['long'], run: argv('true') },
    edit: (world) => world.program('python', 'python 2'),
    reasons: [{ kind: 'tool-changed', name: 'long', old: long('python 1'), new: long('python 2') }],
  },
  {
    what: 'a replaced program on the PATH that the task sets',
    spec: { set: { PATH: 'tools:/bin' }, tools: ['cc'], run: argv('true') },
    edit: (world) => world.host.disk.replace('/w/tools/cc', 'own cc 2'),
    reasons: [
      {
        kind: 'tool-changed',
        name: 'cc',
        old: `/w/tools/cc tools/cc=${program('own cc 1')}`,
        new: `/w/tools/cc tools/cc=${program('own cc 2')}`,
      },
    ],
  },
  {
    what: 'a program that another folder of PATH now offers first',
    spec: { tools: ['cat'], run: argv('true') },
    edit: (world) => world.program('cat', 'my cat'),
    reasons: [
      {
        kind: 'tool-changed',
        name: 'cat',
        old: `/bin/cat /bin/cat=${program('cat 1')}`,
        new: `/opt/bin/cat /opt/bin/cat=${program('my cat')}`,
      },
    ],
  },
  {
    what: 'a replaced program of the folder itself',
    spec: { run: argv('src/x.c', 'a.in') },
    edit: (world) => world.write('src/x.c', 'X'),
    reasons: [
      {
        kind: 'tool-changed',
        name: 'src/x.c',
        old: `src/x.c src/x.c=${file('x')}`,
        new: `src/x.c src/x.c=${file('X')}`,
      },
    ],
  },
  {
    what: 'a replaced program of a contract',
    spec: { run: sh`true`, contracts: [argv('cat', 'a.in')] },
    edit: (world) => world.program('cat', 'my cat'),
    reasons: [
      {
        kind: 'tool-changed',
        name: 'cat',
        old: `/bin/cat /bin/cat=${program('cat 1')}`,
        new: `/opt/bin/cat /opt/bin/cat=${program('my cat')}`,
      },
    ],
  },
  {
    what: 'a script of the folder that is an input as well',
    spec: { inputs: ['src/x.c'], run: argv('./src/x.c') },
    edit: (world) => world.write('src/x.c', 'X'),
    reasons: [{ kind: 'input-changed', name: 'src/x.c', old: file('x'), new: file('X') }],
  },
  {
    what: 'a fact of the machine',
    spec: { facts: ['cpu'], run: sh`true` },
    edit: (world) => world.host.facts.set('cpu', 'cpu-2'),
    reasons: [{ kind: 'fact-changed', name: 'cpu', old: 'cpu-1', new: 'cpu-2' }],
  },
  {
    what: 'an output that is declared now',
    spec: { run: sh`echo > s.out` },
    into: { run: sh`echo > s.out`, outputs: ['s.out'] },
    reasons: [{ kind: 'output-spec-changed', name: 's.out', old: 'absent', new: '' }],
    isOtherResult: true,
  },
  {
    what: 'an output that is called otherwise now',
    spec: { run: sh`echo > s.out && echo > t.out`, outputs: ['s.out'] },
    into: { run: sh`echo > s.out && echo > t.out`, outputs: ['t.out'] },
    reasons: [{ kind: 'output-spec-changed', name: 't.out', old: 's.out', new: 't.out' }],
    isOtherResult: true,
  },
  {
    what: 'a depfile that is an output as well now',
    spec: { run: sh`echo > s.d`, depfile: 's.d' },
    into: { run: sh`echo > s.d`, depfile: 's.d', outputs: ['s.d'] },
    reasons: [{ kind: 'output-spec-changed', name: 's.d', old: 'absent', new: '' }],
    isOtherResult: true,
  },
  {
    what: 'a depfile that is declared now',
    spec: { run: sh`echo > s.d` },
    into: { run: sh`echo > s.d`, depfile: 's.d' },
    reasons: [{ kind: 'output-spec-changed', name: 's.d', old: 'absent', new: 'depfile' }],
  },
  {
    what: 'a changed discovered input',
    spec: { depfile: 's.d', run: sh`echo s.o: src/x.c /package/data.in > s.d` },
    edit: (world) => world.write('src/x.c', 'X'),
    reasons: [{ kind: 'discovered-changed', name: 'src/x.c', old: file('x'), new: file('X') }],
  },
  {
    what: 'a deleted discovered input',
    spec: { depfile: 's.d', run: sh`echo s.o: /package/data.in > s.d` },
    edit: (world) => world.host.disk.removeFile('/package/data.in'),
    reasons: [
      { kind: 'discovered-changed', name: '/package/data.in', old: file('data'), new: 'absent' },
    ],
  },
  {
    what: 'a missing output',
    spec: { outputs: ['s.out'], run: sh`echo s > s.out` },
    edit: (world) => world.host.disk.removeFile(`${FOLDER}/s.out`),
    reasons: [{ kind: 'output-missing', name: 's.out', old: file('s\n'), new: 'absent' }],
  },
  {
    what: 'a changed output',
    spec: { outputs: ['s.out'], run: sh`echo s > s.out` },
    edit: (world) => world.write('s.out', 'S\n'),
    reasons: [{ kind: 'output-changed', name: 's.out', old: file('s\n'), new: file('S\n') }],
  },
  {
    what: 'an output that lost its mode',
    spec: { outputs: ['s.out'], run: sh`echo s > s.out && chmod 755 s.out` },
    edit: (world) => world.host.disk.chmod(`${FOLDER}/s.out`, 0o644),
    reasons: [{ kind: 'output-changed', name: 's.out', old: program('s\n'), new: file('s\n') }],
  },
  {
    what: 'a link among the outputs that points elsewhere',
    spec: { outputs: ['lib.so'], run: sh`ln lib.so.1 lib.so` },
    edit: (world) => world.host.disk.link(`${FOLDER}/lib.so`, 'lib.so.2'),
    reasons: [
      {
        kind: 'output-changed',
        name: 'lib.so',
        old: `l${digestText('lib.so.1')}`,
        new: `l${digestText('lib.so.2')}`,
      },
    ],
  },
  {
    what: 'a file that is new among the outputs of a glob',
    spec: { outputs: ['gen/*', 'gen/s.out'], run: sh`echo s > gen/s.out` },
    edit: (world) => world.write('gen/t.out', 't'),
    reasons: [{ kind: 'output-added', name: 'gen/t.out', old: 'absent', new: '' }],
    isOtherResult: true,
  },
]

function script(text: string): string {
  const own = program('#!/usr/bin/env -S python -I\nimport x\n')
  return `/opt/bin/script /opt/bin/script=${own} /opt/bin/python=${program(text)}`
}

function beside(text: string): string {
  const own = `/opt/bin/beside=${program(BESIDE)} /bin/sh=${program('sh 1')}`
  return `/opt/bin/beside ${own} /opt/lib/real=${program(text)}`
}

function long(text: string): string {
  return `/opt/bin/long /opt/bin/long=${program(LONG)} /opt/bin/python=${program(text)}`
}

function direct(text: string): string {
  const own = program('#!/opt/cuda/bin/nvcc\n')
  return `/opt/bin/direct /opt/bin/direct=${own} /opt/cuda/bin/nvcc=${program(text)}`
}

function nvcc(text: string): string {
  const wrapper = program('#!/bin/sh\nexec /opt/cuda/bin/nvcc "$@"\n')
  const shell = `/bin/sh=${program('sh 1')}`
  return `/opt/bin/nvcc /opt/bin/nvcc=${wrapper} ${shell} /opt/cuda/bin/nvcc=${program(text)}`
}

fresh(
  'who reads through a link that a need has made runs when what lies there has changed',
  async () => {
    const world = files()
    const link = task('link', () => ({
      inputs: ['a.in'],
      outputs: ['out/in', 'out/own', 'out/made'],
      run: [sh`ln ../a.in out/in`, sh`ln made out/own`, sh`echo made > out/made`],
    }))
    const use = task('use', () => ({
      needs: [link()],
      outputs: ['use.out'],
      run: sh`cat out/in > use.out`,
    }))
    const graph = defineGraph({ tasks: [link, use] })
    await world.run(graph, { cache: true })
    world.edit('a.in', 'other')
    assert.equal((await world.run(graph, { cache: true })).outcomes, {
      link: 'changed',
      use: 'changed',
    })
    assert.is(world.read('use.out'), 'other')
    world.edit('a.in', 'a')
    assert.equal((await world.run(graph, { cache: true })).outcomes, {
      link: 'restored',
      use: 'restored',
    })
    assert.is(world.read('use.out'), 'a')
  },
)

for (const { what, spec, edit, into, reasons, isOtherResult } of changes)
  fresh(`${what} makes exactly that node stale, for exactly that reason`, async () => {
    const world = files()
    Object.assign(world.host.env, { CFLAGS: '-O2' })
    const ran = await world.run(around(spec))
    assert.is(ran.summary.ok, true)
    assert.equal((await world.run(around(spec))).started, [])

    world.pause()
    edit?.(world)
    world.pause()
    const graph = around(into ?? spec)
    const found = await world.reasons(graph)
    assert.equal(found['subject'], reasons)
    assert.equal(Object.keys(found), ['subject', 'user'])
    assert.equal(found['user'], [{ kind: 'need-will-run', name: 'subject' }])

    const again = await world.run(graph)
    assert.equal(again.reasons['subject'], reasons)
    assert.equal(again.started, isOtherResult ? ['subject', 'user'] : ['subject'])
    assert.equal((await world.run(graph)).started, [])
  })

fresh('what a need produced makes it stale, and the reason names the need', async () => {
  const world = files()
  await world.run(around({ run: sh`true` }, 'base'))
  const result = (text: string): string => digestText(`base.out\t${file(`${text}\n`)}`)
  const ran = await world.run(around({ run: sh`true` }, 'BASE'))
  assert.equal(ran.started, ['base', 'subject'])
  assert.equal(ran.reasons['subject'], [
    { kind: 'need-changed', name: 'base', old: result('base'), new: result('BASE') },
  ])
})

fresh('a program that may be started and not read counts by its times', async () => {
  const world = files()
  world.host.disk.fault = (operation, path) =>
    operation === 'digest' && path === '/opt/bin/cc' ? 'EACCES' : undefined
  const graph = around({ run: argv('cc', 'a.in') })
  assert.equal((await world.run(graph)).failures, {})
  assert.equal((await world.run(graph)).started, [])
  world.program('cc', 'cc 2')
  assert.equal(
    (await world.reasons(graph))['subject']?.map(({ kind }) => kind),
    ['tool-changed'],
  )
})

fresh('a need that is new or gone makes it stale', async () => {
  const world = new World()
  const a = task('a', () => ({ run: sh`true` }))
  const b = task('b', () => ({ run: sh`true` }))
  const user = (needs: TaskSpec['needs'] & {}) => task('user', () => ({ needs, run: sh`true` }))
  const result = digestText('')
  await world.run(defineGraph({ tasks: [a, b, user([a()])] }))
  const other = defineGraph({ tasks: [a, b, user([b()])] })
  assert.equal((await world.reasons(other))['user'], [
    { kind: 'need-added', name: 'b', old: 'absent', new: result },
    { kind: 'need-removed', name: 'a', old: result, new: 'absent' },
  ])
})

fresh('a need on another node of the same task is one change', async () => {
  const world = new World()
  const make = task('make', { of: ['a', 'b', 'c'] }, ({ of }) => ({ run: sh`echo ${of}` }))
  const user = (...all: readonly ('a' | 'b' | 'c')[]) =>
    defineGraph({
      tasks: [make, task('user', () => ({ needs: all.map((of) => make({ of })), run: sh`true` }))],
    })
  await world.run(user('a'))
  assert.equal((await world.reasons(user('b')))['user'], [
    { kind: 'need-replaced', name: 'make[b]', old: 'make[a]', new: 'make[b]' },
  ])
  assert.equal(
    (await world.reasons(user('b', 'c')))['user']?.map((reason) => [
      reason.kind,
      'name' in reason && reason.name,
    ]),
    [
      ['need-replaced', 'make[b]'],
      ['need-added', 'make[c]'],
    ],
  )
})

fresh(
  'the order in which needs, inputs, outputs and variables are listed does not count',
  async () => {
    const world = new World({ 'a.in': 'a', 'b.in': 'b' })
    const a = task('a', () => ({ run: sh`true` }))
    const b = task('b', () => ({ run: sh`true` }))
    const one = task('user', () => ({
      needs: [a(), b()],
      inputs: ['a.in', 'b.in'],
      outputs: ['x', 'y'],
      env: ['HOME', 'CC'],
      set: { P: '1', Q: '2' },
      tools: ['cat', 'sh'],
      facts: ['cpu'],
      run: sh`echo > x && echo > y`,
    }))
    const two = task('user', () => ({
      needs: [b(), a(), b()],
      inputs: ['b.in', 'a.in'],
      outputs: ['y', 'x'],
      env: ['CC', 'HOME'],
      set: { Q: '2', P: '1' },
      tools: ['sh', 'cat', 'cat'],
      facts: ['cpu', 'cpu'],
      run: sh`echo > x && echo > y`,
    }))
    await world.run(defineGraph({ tasks: [a, b, one] }))
    assert.equal(await world.reasons(defineGraph({ tasks: [b, a, two] })), {})
  },
)

fresh('a renamed parameter makes it stale', async () => {
  const world = new World()
  const one = task('build', { device: ['cpu'] }, () => ({ run: sh`true` }))
  const two = task('build', { target: ['cpu'] }, () => ({ run: sh`true` }))
  await world.run(defineGraph({ tasks: [one] }))
  assert.equal(await world.reasons(defineGraph({ tasks: [two] })), {
    'build[cpu]': [{ kind: 'param-renamed', name: 'target', old: 'device', new: 'target' }],
  })
})

fresh('several changes give several reasons', async () => {
  const world = files()
  const graph = around({ inputs: ['a.in', 'b.in'], env: ['CFLAGS'], run: sh`true` })
  await world.run(graph)
  world.edit('a.in', 'A')
  world.edit('b.in', 'B')
  Object.assign(world.host.env, { CFLAGS: '-g' })
  const reasons = (await world.reasons(graph))['subject'] ?? []
  assert.equal(
    reasons.map((reason) => [reason.kind, 'name' in reason ? reason.name : '']),
    [
      ['env-changed', 'CFLAGS'],
      ['input-changed', 'a.in'],
      ['input-changed', 'b.in'],
    ],
  )
})

const harmless: readonly { what: string; edit: (world: World) => void }[] = [
  { what: 'a new mtime of an input', edit: (world) => world.host.disk.touch('/w/a.in') },
  { what: 'an old mtime of an input', edit: (world) => world.host.disk.setMtime('/w/a.in', 1) },
  { what: 'an input written with the same bytes', edit: (world) => world.write('a.in', 'a') },
  {
    what: 'an input replaced by the same bytes',
    edit: (world) => world.host.disk.replace('/w/a.in', 'a'),
  },
  {
    what: 'an output replaced by the same bytes',
    edit: (world) => world.host.disk.replace('/w/s.out', 'a<cc 1>a'),
  },
  { what: 'a new mtime of an output', edit: (world) => world.host.disk.touch('/w/s.out') },
  {
    what: 'a program replaced by the same bytes',
    edit: (world) => world.host.disk.replace('/opt/bin/cc', 'cc 1'),
  },
  {
    what: 'another mode that is as executable',
    edit: (world) => world.host.disk.chmod('/w/a.in', 0o600),
  },
  {
    what: 'a variable that is not declared',
    edit: (world) => Object.assign(world.host.env, { CFLAGS: 'x' }),
  },
  { what: 'a fact that is not declared', edit: (world) => world.host.facts.set('cpu', 'other') },
  { what: 'a file that no glob names', edit: (world) => world.write('src/x.h', 'x') },
  { what: 'a file that a glob takes away', edit: (world) => world.write('src/not.c', 'x') },
  { what: 'an undeclared file beside an output', edit: (world) => world.write('t.out', 'x') },
]

for (const { what, edit } of harmless)
  fresh(`${what} makes nothing stale`, async () => {
    const world = files()
    const graph = around({
      inputs: ['a.in', 'src/*.c', '!src/not.c'],
      outputs: ['s.out'],
      run: sh`cat a.in > s.out && cc a.in >> s.out`,
      tools: ['cc'],
    })
    await world.run(graph)
    world.pause()
    edit(world)
    world.pause()
    assert.equal(await world.reasons(graph), {})
    assert.equal((await world.run(graph)).started, [])
  })

fresh('another title of a command makes nothing stale', async () => {
  const world = files()
  const named = (title: string): Graph =>
    around({
      inputs: ['a.in'],
      outputs: ['s.out'],
      run: titled(title, sh`cat a.in > s.out`),
      contracts: [titled(title, argv('cat', 's.out'))],
    })
  await world.run(named('copy'))
  assert.equal(await world.reasons(named('copy a.in')), {})
  assert.equal((await world.run(named('copy a.in'))).started, [])
})

fresh('a root that lies elsewhere makes nothing stale', async () => {
  const world = new World()
  world.host.disk.write('/old/data.in', 'data')
  world.host.disk.write('/new/data.in', 'data')
  const read = task('read', () => ({
    inputs: [pkg('data.in')],
    outputs: ['out'],
    cwd: pkg(''),
    run: sh`cat ${pkg('data.in')} > /w/out`,
  }))
  await world.run(defineGraph({ tasks: [read], roots: { package: '/old' } }))
  assert.equal(await world.reasons(defineGraph({ tasks: [read], roots: { package: '/new' } })), {})
})

fresh('a need that ran and produced the same bytes leaves it fresh', async () => {
  const world = new World({ 'a.in': 'a' })
  const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`echo same > a.out` }))
  const b = task('b', () => ({ needs: [a()], outputs: ['b.out'], run: sh`cat a.out > b.out` }))
  const graph = defineGraph({ tasks: [a, b] })
  await world.run(graph)
  world.edit('a.in', 'A')
  const ran = await world.run(graph)
  assert.equal(ran.outcomes, { a: 'unchanged', b: 'fresh' })
})

fresh('a need that ran and produced other bytes makes it run', async () => {
  const world = new World({ 'a.in': 'a' })
  const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` }))
  const b = task('b', () => ({ needs: [a()], outputs: ['b.out'], run: sh`cat a.out > b.out` }))
  const graph = defineGraph({ tasks: [a, b] })
  await world.run(graph)
  world.edit('a.in', 'A')
  const ran = await world.run(graph)
  assert.equal(ran.outcomes, { a: 'changed', b: 'changed' })
  assert.is(world.read('b.out'), 'A')
})

fresh('a need that now makes its output executable makes it run', async () => {
  const world = new World()
  const declared = (mode: string) => {
    const a = task('a', () => ({
      outputs: ['a.out'],
      run: sh`echo a > a.out && chmod ${mode} a.out`,
    }))
    const b = task('b', () => ({ needs: [a()], run: sh`true` }))
    return defineGraph({ tasks: [a, b] })
  }
  await world.run(declared('644'))
  assert.equal((await world.run(declared('755'))).started, ['a', 'b'])
})

fresh('an edge that only orders passes no result on', async () => {
  const world = new World({ 'a.in': 'a' })
  const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh`cat a.in > a.out` }))
  const b = task('b', () => ({ after: [a()], run: sh`true` }))
  const graph = defineGraph({ tasks: [b, a] })
  assert.equal((await world.run(graph)).started, ['a', 'b'])
  world.edit('a.in', 'A')
  assert.equal((await world.run(graph)).started, ['a'])
})

fresh('an output that is never the same makes no endless rerun', async () => {
  const world = new World()
  const a = task('a', () => ({ outputs: ['a.out'], run: sh`now > a.out`, tools: [] }))
  const b = task('b', () => ({ needs: [a()], run: sh`true` }))
  const graph = defineGraph({ tasks: [a, b] })
  let runs = 0
  world.host.shell.commands.set('now > a.out', ({ sh }) => sh(`echo ${runs++} > a.out`))
  await world.run(graph)
  assert.equal((await world.run(graph)).started, [])
  const forced = await world.run(graph, { targets: ['a'], force: true })
  assert.equal(forced.outcomes, { a: 'changed' })
  assert.equal((await world.run(graph)).started, ['b'])
})

fresh('a folder where an output should be is a changed output', async () => {
  const world = new World()
  const a = task('a', () => ({ outputs: ['a.out'], run: sh`echo a > a.out` }))
  const graph = defineGraph({ tasks: [a] })
  await world.run(graph)
  world.remove('a.out')
  world.host.disk.makeFolder('/w/a.out')
  assert.equal(await world.reasons(graph), {
    a: [{ kind: 'output-changed', name: 'a.out', old: file('a\n'), new: 'no-file' }],
  })
})

fresh('names and values with tabs, line ends and separators stay apart', async () => {
  const world = new World()
  const values = ['a\tb', 'a\nb', 'a\\nb', 'a\\', 'a\r', '\x1e', '\x1f', '\\e']
  for (const value of values) {
    const a = task('a', () => ({ set: { V: value }, run: sh`true` }))
    const graph = defineGraph({ tasks: [a] })
    assert.equal((await world.run(graph)).started, ['a'], JSON.stringify(value))
    assert.equal((await world.run(graph)).started, [], JSON.stringify(value))
  }
  const last = task('a', () => ({ set: { V: 'z' }, run: sh`true` }))
  assert.equal(await world.reasons(defineGraph({ tasks: [last] })), {
    a: [{ kind: 'set-changed', name: 'V', old: '\\e', new: 'z' }],
  })
})

fresh.run()
