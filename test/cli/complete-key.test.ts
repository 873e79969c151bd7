// timeout: 300
// The key is complete, and tells of each change once: on a real disk, with real programs, one thing of a
// graph is changed, and `explain --json` says which node that makes stale and why.
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { machine } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'

const key = suite('complete key')

const GRAPH = `import { argv, defineGraph, probe, sh, task } from 'bitnet-tasks'
const base = task('base', () => ({
  inputs: ['base.txt'], outputs: ['out/base.txt'], run: sh\`cat base.txt > out/base.txt\`,
}))
const version = probe('version', { of: ['plain'] }, ({ of }) => ({ run: argv(of, '--version') }))
const subject = task('subject', { device: ['cpu'] }, ({ device }) => ({
  needs: [base()],
  inputs: ['src/**/*.txt', 'check.sh'],
  outputs: ['out/subject.txt'],
  depfile: 'out/subject.d',
  env: ['FLAVOUR'],
  tools: ['plain', 'wrapped'],
  facts: ['cpu', 'os'],
  set: { LC_ALL: 'C' },
  cwd: 'work',
  run: [
    argv('plain', 'one', device),
    argv('join.sh', '../src', '../out/subject.txt'),
    argv('../check.sh'),
    sh\`echo "x: $PWD/../../sdk/header.h" > ../out/subject.d\`,
  ],
}))
const user = task('user', () => ({
  needs: [subject({ device: 'cpu' }), version({ of: 'plain' })],
  outputs: ['out/user.txt'],
  run: sh\`cp out/subject.txt out/user.txt\`,
}))
const beside = task('beside', () => ({ inputs: ['beside.txt'], tools: ['linked'], run: argv('other') }))
export default defineGraph({ tasks: [base, version, subject, user, beside] })
`

// The graph lies in `graph/`; beside it what it does not own: programs and a header.
async function made(home: string): Promise<World> {
  const folder = join(home, 'graph')
  for (const name of ['graph/src/more', 'graph/work', 'graph/bin', 'bin', 'earlier', 'opt', 'sdk'])
    fs.mkdirSync(join(home, name), { recursive: true })
  const write = (path: string, text: string, mode = 0o644): void => {
    fs.writeFileSync(join(home, path), text)
    fs.chmodSync(join(home, path), mode)
  }
  write('graph/bitnet.tasks.ts', GRAPH)
  write('graph/base.txt', 'base\n')
  write('graph/beside.txt', 'beside\n')
  write('graph/src/a.txt', 'a\n')
  write('graph/src/more/b.txt', 'b\n')
  write('graph/work/keep', '')
  write('sdk/header.h', '#define ONE 1\n')
  write('bin/join.sh', '#!/bin/sh\ncat "$1"/a.txt "$1"/more/*.txt > "$2"\n', 0o755)
  write('graph/check.sh', '#!/bin/sh\nexit 0\n', 0o755)
  write('bin/plain', '#!/bin/sh\necho plain 1.0\n', 0o755)
  write('bin/wrapped', `#!/bin/sh\nexec ${home}/opt/real "$@"\n`, 0o755)
  write('opt/real', '#!/bin/sh\necho real 1.0\n', 0o755)
  fs.copyFileSync('/bin/true', join(home, 'bin/other'))
  for (const version of ['1', '2']) write(`opt/linked-${version}`, `linked ${version}\n`, 0o755)
  fs.symlinkSync('../opt/linked-1', join(home, 'bin/linked'))
  const PATH = `${home}/earlier:${home}/bin:${process.env['PATH']}`
  const call = (args: readonly string[], more: Calling = {}): Promise<Ended> =>
    bitnetTasks(args, {
      home,
      cwd: folder,
      env: { PATH, FLAVOUR: 'sweet', ...more.env },
      ...(more.node ? { node: more.node } : {}),
    })
  const { code, stderr } = await call(['run', '--no-cache'])
  assert.is(code, 0, stderr)
  return { home, folder, write, call }
}

interface Calling {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly node?: readonly string[]
}

interface World {
  readonly home: string
  readonly folder: string
  readonly write: (path: string, text: string, mode?: number) => void
  readonly call: (args: readonly string[], more?: Calling) => Promise<Ended>
}

interface Row {
  readonly name: string
  readonly state: string
  readonly reasons: readonly Reason[]
}

interface Reason {
  readonly kind: string
  readonly name?: string
  readonly old?: string
  readonly new?: string
}

const NAMES = ['base', 'version[plain]', 'subject[cpu]', 'user', 'beside']

async function explained({ call }: World, more: Calling = {}): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await call(['explain', '--json', ...NAMES], more)
  assert.is(code, 0, stderr)
  const { nodes } = JSON.parse(stdout) as { nodes: readonly Row[] }
  return nodes
}

function file(text: string, mode: 'f' | 'x' = 'f'): string {
  return `${mode}${digestOf(text)}`
}

interface Mutation {
  readonly what: string
  /** May give what the machine is like for the call itself. */
  readonly change: (world: World) => Calling | undefined
  readonly reason: (world: World) => Reason
  /** 'subject[cpu]' unless said. */
  readonly node?: string
}

const mutations: readonly Mutation[] = [
  {
    what: 'an input byte',
    change: ({ write }) => none(write('graph/src/a.txt', 'A\n')),
    reason: () => changed('input-changed', 'src/a.txt', file('a\n'), file('A\n')),
  },
  {
    what: 'a byte of a script that is input and program',
    change: ({ write }) => none(write('graph/check.sh', '#!/bin/sh\nexit 1\n', 0o755)),
    reason: () =>
      changed(
        'input-changed',
        'check.sh',
        file('#!/bin/sh\nexit 0\n', 'x'),
        file('#!/bin/sh\nexit 1\n', 'x'),
      ),
  },
  {
    what: 'the input set: a file added',
    change: ({ write }) => none(write('graph/src/more/new.txt', 'new\n')),
    reason: () => changed('input-added', 'src/more/new.txt', 'absent', file('new\n')),
  },
  {
    what: 'the input set: a file removed',
    change: ({ folder }) => none(fs.rmSync(join(folder, 'src/more/b.txt'))),
    reason: () => changed('input-removed', 'src/more/b.txt', file('b\n'), 'absent'),
  },
  {
    what: 'the input set: a file renamed',
    change: ({ folder }) =>
      none(fs.renameSync(join(folder, 'src/a.txt'), join(folder, 'src/z.txt'))),
    reason: () => changed('input-renamed', 'src/z.txt', 'src/a.txt', 'src/z.txt'),
  },
  {
    what: 'file mode',
    change: ({ folder }) => none(fs.chmodSync(join(folder, 'src/a.txt'), 0o755)),
    reason: () => changed('input-changed', 'src/a.txt', file('a\n'), file('a\n', 'x')),
  },
  {
    what: 'file mode of an output',
    change: ({ folder }) => none(fs.chmodSync(join(folder, 'out/subject.txt'), 0o755)),
    reason: () => changed('output-changed', 'out/subject.txt', file('a\nb\n'), file('a\nb\n', 'x')),
  },
  {
    what: 'a discovered header',
    change: ({ write }) => none(write('sdk/header.h', '#define ONE 2\n')),
    reason: ({ home }) =>
      changed(
        'discovered-changed',
        `${home}/sdk/header.h`,
        file('#define ONE 1\n'),
        file('#define ONE 2\n'),
      ),
  },
  {
    what: 'a discovered header that is deleted (stale, no error)',
    change: ({ home }) => none(fs.rmSync(join(home, 'sdk/header.h'))),
    reason: ({ home }) =>
      changed('discovered-changed', `${home}/sdk/header.h`, file('#define ONE 1\n'), 'absent'),
  },
  {
    what: 'a command word',
    change: (world) => edited(world, "'plain', 'one', device", "'plain', 'two', device"),
    reason: () =>
      changed('command-changed', '1', 'argv ["plain","one","cpu"]', 'argv ["plain","two","cpu"]'),
  },
  {
    what: 'the first word of a command, which is a tool as well',
    change: (world) => edited(world, "argv('join.sh', '../src'", "argv('cat', '../src'"),
    reason: () =>
      changed(
        'command-changed',
        '2',
        'argv ["join.sh","../src","../out/subject.txt"]',
        'argv ["cat","../src","../out/subject.txt"]',
      ),
  },
  {
    what: 'cwd',
    change: (world) => edited(world, "cwd: 'work'", "cwd: 'src'"),
    reason: () => changed('cwd-changed', '', '"work"', '"src"'),
  },
  {
    what: 'a declared env value',
    change: () => ({ env: { FLAVOUR: 'sour' } }),
    reason: () => changed('env-changed', 'FLAVOUR', 'sweet', 'sour'),
  },
  {
    what: 'a declared env value that is unset',
    change: () => ({ env: { FLAVOUR: undefined } }),
    reason: () => changed('env-changed', 'FLAVOUR', 'sweet', 'absent'),
  },
  {
    what: 'a fixed variable',
    change: (world) => edited(world, "LC_ALL: 'C'", "LC_ALL: 'C.UTF-8'"),
    reason: () => changed('set-changed', 'LC_ALL', 'C', 'C.UTF-8'),
  },
  {
    what: "a tool's binary on PATH: other bytes",
    change: ({ home }) => none(fs.copyFileSync('/bin/cat', join(home, 'bin/other'))),
    reason: ({ home }) =>
      changed(
        'tool-changed',
        'other',
        tool(home, 'other', '/bin/true'),
        tool(home, 'other', '/bin/cat'),
      ),
    node: 'beside',
  },
  {
    what: "a tool's binary on PATH: another one comes first",
    change: ({ home }) => none(fs.copyFileSync('/bin/true', join(home, 'earlier/other'))),
    reason: ({ home }) =>
      changed(
        'tool-changed',
        'other',
        tool(home, 'other', '/bin/true'),
        tool(home, 'other', '/bin/true', 'earlier'),
      ),
    node: 'beside',
  },
  {
    what: "a tool's version, behind a wrapper that stays as it is",
    change: ({ write }) => none(write('opt/real', '#!/bin/sh\necho real 2.0\n', 0o755)),
    reason: ({ home }) => {
      const identity = (version: string): string =>
        [
          `${home}/bin/wrapped`,
          `${home}/bin/wrapped=${file(`#!/bin/sh\nexec ${home}/opt/real "$@"\n`, 'x')}`,
          shell(),
          `${home}/opt/real=${file(`#!/bin/sh\necho real ${version}\n`, 'x')}`,
          shell(),
        ].join(' ')
      return changed('tool-changed', 'wrapped', identity('1.0'), identity('2.0'))
    },
  },
  {
    what: "a tool's version: its link leads to another one",
    change: ({ home }) => {
      fs.rmSync(join(home, 'bin/linked'))
      return none(fs.symlinkSync('../opt/linked-2', join(home, 'bin/linked')))
    },
    reason: ({ home }) => {
      const identity = (version: string): string =>
        `${home}/bin/linked ${home}/opt/linked-${version}=${file(`linked ${version}\n`, 'x')}`
      return changed('tool-changed', 'linked', identity('1'), identity('2'))
    },
    node: 'beside',
  },
  {
    what: 'a host fact',
    change: ({ home }) => ({ node: otherProcessor(home) }),
    reason: () => changed('fact-changed', 'cpu', machine().fact('cpu') ?? '', OTHER_PROCESSOR),
  },
  {
    what: 'a param: another name',
    change: (world) => {
      edited(world, "({ device: 'cpu' })", "({ target: 'cpu' })")
      return edited(
        world,
        "{ device: ['cpu'] }, ({ device })",
        "{ target: ['cpu'] }, ({ target: device })",
      )
    },
    reason: () => changed('param-renamed', 'target', 'device', 'target'),
  },
  {
    what: 'the output spec: another output',
    change: (world) => edited(world, "['out/subject.txt']", "['out/subject.txt', 'out/more.txt']"),
    reason: () => changed('output-spec-changed', 'out/more.txt', 'absent', ''),
  },
  {
    what: 'the output spec: another name',
    change: (world) => edited(world, "['out/user.txt']", "['out/last.txt']"),
    reason: () => changed('output-spec-changed', 'out/last.txt', 'out/user.txt', 'out/last.txt'),
    node: 'user',
  },
]

for (const { what, change, reason, node = 'subject[cpu]' } of mutations)
  key(
    `${what}: exactly that node is stale, for exactly that reason`,
    inHome(async (home) => {
      const world = await made(home)
      for (const { name, state } of await explained(world)) assert.is(state, 'fresh', name)
      const more = change(world)
      const rows = await explained(world, more)
      const stale = rows.filter(({ state }) => state === 'stale')
      assert.equal(
        stale.map(({ name, reasons }) => [name, reasons]),
        [[node, [reason(world)]]],
      )
      const rest = rows.filter(({ state }) => state === 'maybe')
      const dependents = node === 'subject[cpu]' ? ['user'] : []
      assert.equal(
        rest.map(({ name, reasons }) => [name, reasons]),
        dependents.map((name) => [name, [{ kind: 'need-will-run', name: node }]]),
      )
    }),
  )

key(
  'a new time on every file makes none stale',
  inHome(async (home) => {
    const world = await made(home)
    const later = new Date(Date.now() + 60_000)
    let touched = 0
    for (const name of fs.readdirSync(home, { recursive: true, encoding: 'utf8' })) {
      if (name.includes('.bitnet-tasks')) continue
      fs.utimesSync(join(home, name), later, later)
      touched++
    }
    assert.ok(touched > 20, `${touched} were touched`)
    for (const { name, state } of await explained(world)) assert.is(state, 'fresh', name)
  }),
)

key(
  "a need's result: what stands on it is stale, for that reason",
  inHome(async (home) => {
    const world = await made(home)
    const result = (text: string): string => digestOf(`out/base.txt\t${file(text)}`)
    world.write('graph/base.txt', 'BASE\n')
    assert.is((await world.call(['run', 'base'])).code, 0)
    const stale = (await explained(world)).filter(({ state }) => state !== 'fresh')
    assert.equal(
      stale.map(({ name, state, reasons }) => [name, state, reasons]),
      [
        [
          'subject[cpu]',
          'stale',
          [changed('need-changed', 'base', result('base\n'), result('BASE\n'))],
        ],
        ['user', 'maybe', [{ kind: 'need-will-run', name: 'subject[cpu]' }]],
      ],
    )
  }),
)

key(
  'a param: its node and who needs it are stale, each for one reason; plan, explain and run say the same',
  inHome(async (home) => {
    const world = await made(home)
    edited(world, "['cpu'] }", "['gpu'] }")
    edited(world, "device: 'cpu' })", "device: 'gpu' })")
    const expected = [
      ['subject[gpu]', [changed('param-changed', 'device', 'cpu', 'gpu')]],
      ['user', [changed('need-replaced', 'subject[gpu]', 'subject[cpu]', 'subject[gpu]')]],
    ]
    const told = async (...args: readonly string[]): Promise<unknown> => {
      const { stdout, stderr } = await world.call([...args, '--json'])
      assert.ok(stdout.startsWith('{'), stderr)
      const { nodes } = JSON.parse(stdout) as { nodes: readonly Row[] }
      return nodes.map(({ name, reasons }) => [name, reasons])
    }
    assert.equal(await told('plan'), expected)
    assert.equal(await told('explain'), expected)
    assert.equal(await told('explain', 'subject'), expected.slice(0, 1))
    const { stdout } = await world.call(['run', '--json', '--no-cache'])
    assert.equal(await told('explain', '--run', JSON.parse(stdout).run), expected)
    assert.equal(await told('explain'), [])
  }),
)

key(
  'a version that a probe asks for: the same answer of another program leaves what needs it fresh',
  inHome(async (home) => {
    const world = await made(home)
    const states = async (): Promise<Record<string, string>> => {
      const rows = (await explained(world)).filter(({ name }) => name !== 'subject[cpu]')
      return Object.fromEntries(rows.map(({ name, state }) => [name, state]))
    }
    // subject[cpu] calls the program itself.
    world.write('bin/plain', '#!/bin/sh\n# built again\necho plain 1.0\n', 0o755)
    assert.equal([(await states())['version[plain]'], (await states())['user']], ['stale', 'maybe'])
    await world.call(['run', 'version', 'subject'])
    assert.is((await states())['user'], 'fresh')
    world.write('bin/plain', '#!/bin/sh\necho plain 2.0\n', 0o755)
    await world.call(['run', 'version', 'subject'])
    const row = (await explained(world)).find(({ name }) => name === 'user')
    assert.equal(row?.reasons, [
      changed('need-changed', 'version[plain]', digestOf('plain 1.0\n'), digestOf('plain 2.0\n')),
    ])
  }),
)

key.run()

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function changed(kind: string, name: string, old: string, now: string): Reason {
  return { kind, name, old, new: now }
}

function none(_done: unknown): undefined {}

function edited({ folder }: World, from: string, to: string): undefined {
  const path = join(folder, 'bitnet.tasks.ts')
  const text = fs.readFileSync(path, 'utf8')
  assert.ok(text.includes(from), `the graph holds ${from}`)
  fs.writeFileSync(path, text.replace(from, to))
}

/** The interpreter of a script, as a key has it. */
function shell(): string {
  const path = fs.realpathSync('/bin/sh')
  return `${path}=x${createHash('sha256').update(fs.readFileSync(path)).digest('hex')}`
}

function tool(home: string, name: string, like: string, folder = 'bin'): string {
  const path = `${home}/${folder}/${name}`
  return `${path} ${path}=x${createHash('sha256').update(fs.readFileSync(like)).digest('hex')}`
}

const OTHER_PROCESSOR = `${process.arch}; other; few`

// The kernel tells everybody of the same processor: here one process is told of another one.
function otherProcessor(home: string): readonly string[] {
  const hook = join(home, 'processor.cjs')
  fs.writeFileSync(
    hook,
    `const fs = require('node:fs')
const real = fs.readFileSync
fs.readFileSync = (path, ...more) =>
  path === '/proc/cpuinfo' ? 'vendor_id\\t: other\\nflags\\t: few\\n\\n' : real(path, ...more)
`,
  )
  return ['--require', hook]
}
