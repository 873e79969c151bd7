// timeout: 300
// The package as npm makes it, installed in a project of somebody else.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { newFolder, removeFolder } from '../cli/support/home.ts'
import { suite } from '../support/suite.ts'

const pack = suite('the package')

const project = join(import.meta.dirname, '../..')
const shelf = newFolder()
const home = join(shelf, 'home')
const theirs = join(shelf, 'theirs')
let files: readonly string[] = []

pack.before(() => {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', shelf]
  const [packed] = JSON.parse(
    execFileSync('npm', args, {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  files = packed.files.map(({ path }: { path: string }) => path)
  fs.mkdirSync(home)
  fs.mkdirSync(theirs)
  fs.writeFileSync(join(theirs, 'package.json'), '{ "private": true, "type": "module" }\n')
  const tarball = join(shelf, packed.filename)
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]
  const { status, stderr } = spawnSync('npm', install, { cwd: theirs, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm install of ${packed.filename} failed:\n${stderr}`)
})
pack.after(() => removeFolder(shelf))

pack(
  'it holds what runs, its types, the sources of probe and shim, licences, and no other file',
  () => {
    for (const wanted of [
      'package.json',
      'LICENSE-APACHE',
      'LICENSE-MIT',
      'README.md',
      'CHANGELOG.md',
      'dist/src/bin.cjs',
      'dist/src/start.cjs',
      'dist/src/quick.cjs',
      'dist/src/cli.cjs',
      'dist/graph/index.js',
      'dist/graph/index.d.ts',
      'dist/bitnet.tasks.js',
      'dist/bitnet.tasks.d.ts',
      'tasks/probe/CMakeLists.txt',
      'tasks/probe/probe.cpp',
      'tasks/shim/CMakeLists.txt',
      'tasks/shim/libbitnet.c',
      ...stepsIn('tasks/steps').map((name) => `dist/tasks/steps/${name.replace(/\.ts$/, '.js')}`),
    ])
      assert.ok(files.includes(wanted), `${wanted} is missing`)
    assert.ok(files.some((file) => file.startsWith('docs/')))
    const allowed = [
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE(-\w+)?)$/,
      /^docs\/(.+\.md|man\/bitnet-tasks\.1|.+\.(json|svg|png))$/,
      /^examples\/[\w-]+\/.+\.(ts|c|h|sh|txt)$/,
      /^dist\/.+\.(c?js|d\.c?ts)$/,
      // Of what lies in the program.
      /^dist\/(commander|proper-lockfile|retry)\.LICENSE$/,
      /^tasks\/probe\/(CMakeLists\.txt|probe\.cpp)$/,
      /^tasks\/shim\/(CMakeLists\.txt|libbitnet\.c)$/,
    ]
    const others = files.filter((file) => !allowed.some((pattern) => pattern.test(file)))
    assert.equal(others, [])
  },
)

pack('installing it brings no Node of ours, and starts no script', () => {
  const installed = fs.readdirSync(join(theirs, 'node_modules'))
  assert.equal(
    installed.filter((name) => /^node-(runtime|linux|win)/.test(name)),
    [],
  )
  const lock = JSON.parse(fs.readFileSync(join(theirs, 'package-lock.json'), 'utf8'))
  const scripted = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([name]) => name)
  assert.equal(scripted, [])
})

pack('the lockfile of the repository holds no address of a registry', () => {
  const lock = JSON.parse(fs.readFileSync(join(project, 'package-lock.json'), 'utf8'))
  const packages = Object.entries<{ resolved?: string }>(lock.packages)
  const addressed = packages.filter(([, { resolved }]) => resolved?.includes('://'))
  assert.equal(addressed, [])
  assert.ok(packages.length > 50)
})

pack('its program runs there: version, help, and the nodes of the shipped graph', () => {
  const { version } = JSON.parse(fs.readFileSync(join(project, 'package.json'), 'utf8'))
  assert.is(npx('--version').stdout, `${version}\n`)
  assert.match(npx('--help').stdout, 'Usage: bitnet-tasks ')
  const { stdout, status } = npx('list')
  assert.is(status, 0)
  const names = stdout.split('\n').map((line) => line.split(' ')[0])
  for (const name of ['fetch-source[llama]', 'cmake-build[llama,cpu]', 'revalidate[llama,cuda]'])
    assert.ok(names.includes(name), name)
  assert.match(
    npx('plan', 'revalidate[llama,cpu]').stdout,
    /^6 to run, 0 fresh; their time is not known$/m,
  )
})

pack("a graph of theirs that imports 'bitnet-tasks' runs, and is fresh the second time", () => {
  fs.writeFileSync(
    join(theirs, 'bitnet.tasks.ts'),
    `import { argv, defineGraph, probe, sh, task } from 'bitnet-tasks'

const version = probe('version', { tool: ['node'] }, ({ tool }) => ({
  run: argv(tool, '--version'),
}))
const shout = task('shout', { word: ['hello', 'bye'] }, ({ word }) => ({
  needs: [version({ tool: 'node' })],
  inputs: ['name.txt'],
  outputs: [\`out/\${word}.txt\`],
  run: sh\`mkdir -p out && (printf '%s ' \${word}; cat name.txt) > \${\`out/\${word}.txt\`}\`,
}))

export default defineGraph({ tasks: [version, shout] })
`,
  )
  fs.writeFileSync(join(theirs, 'name.txt'), 'world\n')
  const first = npx('run', 'shout')
  assert.is(first.status, 0, first.stderr)
  assert.match(first.stderr, /^3 changed in /m)
  assert.is(fs.readFileSync(join(theirs, 'out/hello.txt'), 'utf8'), 'hello world\n')
  assert.is(fs.readFileSync(join(theirs, 'out/bye.txt'), 'utf8'), 'bye world\n')
  assert.match(npx('run', 'shout').stderr, /^3 fresh\b/m)
})

const CORRECT = `import { argv, defineGraph, machine, probe, runGraph, sh, task } from 'bitnet-tasks'

const version = probe('version', { tool: ['cc'] }, ({ tool }) => ({ run: argv(tool, '--version') }))
const compile = task('compile', { device: ['cpu', 'cuda'] }, ({ device }) => ({
  title: \`compile for \${device}\`,
  needs: [version({ tool: 'cc' })],
  inputs: ['main.c'],
  outputs: [\`out/\${device}\`],
  run: sh\`cc main.c -o \${\`out/\${device}\`}\`,
}))
const all = task('all', () => ({
  needs: [compile({ device: 'cpu' })],
  run: [argv('true'), argv('true')],
}))
const graph = defineGraph({ tasks: [version, compile, all], pools: { compiler: 1 } })
const session = { graph, host: machine({ PATH: '/bin' }), folder: '/w', stateFolder: '/w/.s' }
const summary = await runGraph(session, { targets: ['all'], report: ({ type }) => void type })
export const isGood: boolean = summary.ok
`

pack('what is written correctly against its types compiles, without any other types', () => {
  assert.is(compiled(CORRECT), '')
})

const WRONG: readonly (readonly [title: string, from: string, to: string, says: RegExp])[] = [
  [
    'a value that the parameter does not have',
    "compile({ device: 'cpu' })",
    "compile({ device: 'tpu' })",
    /Type '"tpu"' is not assignable to type '"cpu" \| "cuda"'/,
  ],
  [
    'a parameter that the task does not have',
    "compile({ device: 'cpu' })",
    "compile({ device: 'cpu', backend: 'llama' })",
    /'backend' does not exist/,
  ],
  ['a need without its values', "compile({ device: 'cpu' })", 'compile()', /Expected 1 arguments/],
  [
    'a need that is not declared',
    "compile({ device: 'cpu' })",
    'link()',
    /Cannot find name 'link'/,
  ],
  [
    'a need given by its name',
    "compile({ device: 'cpu' })",
    "'compile[cpu]'",
    /Type 'string' is not assignable to type 'Ref'/,
  ],
  ['a field that tasks do not have', "inputs: ['main.c']", "input: ['main.c']", /type 'never'/],
  ['a field of the wrong type', "inputs: ['main.c']", "inputs: 'main.c'", /Type 'string'/],
  [
    'a task that makes something without a command',
    "run: [argv('true'), argv('true')],",
    "outputs: ['a'],",
    /'run' is missing/,
  ],
  [
    'a field of tasks in a probe',
    '({ run: argv(tool',
    "({ outputs: ['a'], run: argv(tool",
    /'never'/,
  ],
  ['a command that is a plain string', "[argv('true'), argv('true')]", "'true'", /Type 'string'/],
  ['a graph of something else', '[version, compile, all]', "['all']", /Type 'string'/],
]
for (const [title, from, to, says] of WRONG)
  pack(`${title} does not compile`, () => {
    assert.is(CORRECT.split(from).length, 2, `'${from}' is in the text once`)
    assert.match(compiled(CORRECT.replace(from, to)), says)
  })

pack.run()

function stepsIn(folder: string): readonly string[] {
  return fs.readdirSync(join(project, folder))
}

/** As in their terminal: a log-in's environment, and a home of its own. */
function npx(...args: readonly string[]) {
  return spawnSync('npx', ['--no-install', 'bitnet-tasks', ...args], {
    cwd: theirs,
    env: { PATH: process.env['PATH'], HOME: home, NO_COLOR: '1' },
    encoding: 'utf8',
  })
}

/** What TypeScript says of a file of theirs; the empty string when it compiles. */
function compiled(text: string): string {
  fs.writeFileSync(join(theirs, 'consumer.ts'), text)
  const tsc = join(project, 'node_modules/.bin/tsc')
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
  const { stdout, stderr } = spawnSync(tsc, [...options, '--types', '', 'consumer.ts'], {
    cwd: theirs,
    encoding: 'utf8',
  })
  return stdout + stderr
}
