// Start-up is module loading. Which modules a command loads is asserted here, not how long it takes;
// bench/ measures that. And the quick parser, which saves loading the real one, must agree with it.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import type { CommandRow, Flag } from '../../src/flag.ts'
import { COMMANDS } from '../../src/flags.ts'
import { parse } from '../../src/program.ts'
import { quickArgs } from '../../src/quick-args.ts'
import { BACKENDS } from '../../tasks/backends.ts'
import { inHome } from '../cli/support/home.ts'
import { bitnetTasks } from '../cli/support/program.ts'
import { suite } from '../support/suite.ts'

const startup = suite('start-up')

interface Load {
  readonly title: string
  readonly args: readonly string[]
  /** Its first line on stdout. */
  readonly answers: RegExp
  /** The npm packages that it may load. */
  readonly packages: readonly string[]
}

const LOADS: readonly Load[] = [
  {
    title: '--help loads no package: the parser of arguments lies in the program',
    args: ['--help'],
    answers: /^Usage: bitnet-tasks /,
    packages: [],
  },
  {
    title: 'list loads no package',
    args: ['list'],
    answers: /^fetch-source\[bitnet\] /,
    packages: [],
  },
  {
    title: 'list of some nodes, as JSON, loads no package',
    args: ['list', 'cmake-build', '--json'],
    answers: /^\{/,
    packages: [],
  },
  {
    title: 'status loads no package',
    args: ['status'],
    answers: /^fetch-source\[bitnet\] /,
    packages: [],
  },
  {
    title: 'a cached preflight loads no package',
    args: ['preflight', '--backend', 'llama'],
    answers: /^✓ llama\.cpp AVAILABLE \(cached\)$/,
    packages: [],
  },
  {
    title: 'a cached preflight of all backends loads no package',
    args: ['preflight'],
    answers: /^✓ bitnet\.cpp AVAILABLE \(cached\)$/,
    packages: [],
  },
]
for (const { title, args, answers, packages } of LOADS)
  startup(
    title,
    inHome(async (home) => {
      install(home)
      const { stdout, loaded } = await loadedBy(args, home)
      assert.match(stdout.split('\n')[0] as string, answers)
      assert.equal(packagesOf(loaded), packages)
    }),
  )

startup(
  'a cached preflight loads a handful of files, and no module of Node that costs',
  inHome(async (home) => {
    install(home)
    const { loaded, builtins } = await loadedBy(['preflight', '--backend', 'llama'], home)
    const ours = loaded.filter((url) => url.startsWith('file:'))
    assert.ok(ours.some((url) => url.endsWith('/dist/src/quick.cjs')))
    assert.not.ok(ours.some((url) => url.endsWith('/dist/src/cli.cjs')))
    assert.ok(ours.length <= 6, ours.join('\n'))
    const costly = /^(child_process|crypto|fs\/promises|stream|worker_threads|readline|zlib)/
    assert.equal(
      builtins.filter((name) => costly.test(name)),
      [],
    )
  }),
)

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
export default defineGraph({ tasks: [task('build', { mode: ['debug', 'release'] }, () => ({ run: sh\`true\` }))] })
`

startup(
  'the names of nodes are completed without the program, the engine or the graph',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    // Made by the first run; kept by the first look at files that are old enough.
    for (let i = 0; i < 50 && !fs.existsSync(join(home, '.bitnet-tasks/names')); i++)
      await bitnetTasks(['run'], { home })
    for (const [args, answer] of [
      [['run', 'build[r'], 'build[release]\n'],
      [['run', '--keep'], '--keep-going\n'],
    ] as const) {
      const { stdout, loaded } = await loadedBy(['__complete', ...args], home)
      assert.is(stdout, answer)
      assert.not.ok(
        loaded.some((url) => /cli\.cjs|bitnet\.tasks/.test(url)),
        loaded.join('\n'),
      )
    }
  }),
)

startup(
  'a repair that has to run does load its view, so the list would show it',
  inHome(async (home) => {
    const args = ['preflight', '--backend', 'llama', '--offline', '--source', home]
    const { loaded } = await loadedBy(args, home)
    assert.ok(packagesOf(loaded).length > 0, 'the hook sees packages')
  }),
)

// Command lines by hand: what people type, and where the two could differ.
const LINES: readonly string[] = [
  'preflight',
  'preflight --repair=always',
  'preflight --repair never --device cpu --json',
  'preflight --no-wait',
  'preflight --lock-timeout 5 -v -q',
  'preflight --source ../llama.cpp -j2',
  'run',
  'run a b c',
  'run a -j 4 b',
  'run -j4 a',
  'run --jobs=4 --jobs 5 a',
  'run --force --keep-going --dry-run',
  'run --force -k a',
  'run -C sub a',
  'run -Csub a',
  'run --directory=sub a',
  'run a[b,c]',
  'run help',
  'run --source=a=b',
  "run --cuda-arch '86;90'",
  'list --json',
  'plan a --offline --ref v1',
  'explain a b',
  'status a',
  'graph --format dot',
  'graph --format=mermaid a',
  'clean --dry-run a',
  'doctor --json',
  'env --emit fish',
  'env --json --emit sh',
]
for (const line of LINES)
  startup(`the quick parser reads '${line}' as commander does`, async () => {
    const args = line.split(' ')
    const quick = quickArgs(args)
    assert.ok(quick !== undefined, 'it is read without commander')
    assert.equal(quick, await parse(args, () => {}))
  })

const ODD: readonly string[] = [
  '',
  '--help',
  '--version',
  '-C sub run',
  'help',
  'help run',
  'preflihgt',
  'preflight now',
  'preflight --reapir=auto',
  'preflight --repair',
  'preflight --repair=',
  'preflight --repair maybe',
  'preflight --backend lama',
  'preflight --device --json',
  'run --help',
  'run -h',
  'run --jobs 0',
  'run --jobs -1',
  'run --jobs 1.5',
  'run -j',
  'run -kv',
  'run --force=yes',
  'run --wait',
  'run --forc',
  'run -- a',
  'run -',
  'graph --format png',
  'doctor --jobs 2',
]
for (const line of ODD)
  startup(`the quick parser leaves '${line}' to commander`, () => {
    assert.is(quickArgs(line.split(' ')), undefined)
  })

startup(
  'AC-014 every flag of every command, in every spelling, is read as commander does',
  async () => {
    let compared = 0
    for (const row of COMMANDS)
      for (const flag of row.flags)
        for (const words of spellings(flag))
          for (const args of placed(row, words)) {
            const quick = quickArgs(args)
            if (quick === undefined) continue
            compared++
            assert.equal(quick, await parse(args, () => {}), args.join(' '))
          }
    assert.ok(compared > 200, `only ${compared} command lines were compared`)
  },
)

startup.run()

/** Every way to write a flag, with values that are valid for it. */
function spellings({ long, short, value, kind, choices }: Flag): readonly (readonly string[])[] {
  if (value === undefined) return short ? [[`--${long}`], [`-${short}`]] : [[`--${long}`]]
  const values = choices ?? (kind === 'number' ? ['1', '99999'] : ['llama', 'a b', '=a', '.', ' '])
  return values
    .filter((text) => kind !== 'backend' || text === 'llama')
    .flatMap((text) => [
      [`--${long}`, text],
      [`--${long}=${text}`],
      ...(short ? [[`-${short}`, text], [`-${short}${text}`]] : []),
    ])
}

/** A flag before, between and after nodes, and given twice. */
function placed({ name, nodes }: CommandRow, flag: readonly string[]): readonly string[][] {
  const alone = [
    [name, ...flag],
    [name, ...flag, ...flag],
  ]
  if (nodes === undefined) return alone
  return [...alone, [name, ...flag, 'a'], [name, 'a', ...flag, 'b'], [name, 'a', 'b', ...flag]]
}

/** Runs the built program and lists what it loads: its modules, and those of Node. */
async function loadedBy(args: readonly string[], home: string) {
  const hook = join(home, 'hook.cjs')
  const list = join(home, 'loaded')
  // process.moduleLoadList sees what process.getBuiltinModule() loads as well; a module hook does not.
  fs.writeFileSync(
    hook,
    `const loaded = []
require('node:module').registerHooks({
  load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  },
})
process.on('exit', () => {
  const builtins = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''))
  require('node:fs').writeFileSync(${JSON.stringify(list)}, JSON.stringify({ loaded, builtins }))
})
`,
  )
  const ended = await bitnetTasks(args, { home, node: ['--require', hook] })
  const { loaded, builtins } = JSON.parse(fs.readFileSync(list, 'utf8')) as LoadList
  return { ...ended, loaded, builtins }
}

interface LoadList {
  readonly loaded: readonly string[]
  readonly builtins: readonly string[]
}

function packagesOf(loaded: readonly string[]): readonly string[] {
  const names = loaded.flatMap(
    (url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [],
  )
  return [...new Set(names)].sort()
}

/** Installations as a repair leaves them, as far as detection looks. */
function install(home: string): void {
  for (const { name: backend, folder: name, constants } of Object.values(BACKENDS)) {
    const folder = join(home, '.cache', name)
    fs.mkdirSync(join(folder, 'lib'), { recursive: true })
    fs.writeFileSync(join(folder, 'lib/libllama.so'), 'library')
    const { size, mtimeMs } = fs.statSync(join(folder, 'lib/libllama.so'))
    const manifest = {
      version: 1,
      backend,
      device: 'cpu',
      generation: 'a-b-c',
      installedAt: '2026-01-01T00:00:00.000Z',
      toolBuiltAt: '2026-01-01T00:00:00.000Z',
      constants,
      source: {},
      files: [{ path: 'lib/libllama.so', size, mtimeMs }],
    }
    fs.writeFileSync(join(folder, '.bitnet-tasks.json'), JSON.stringify(manifest))
  }
}
