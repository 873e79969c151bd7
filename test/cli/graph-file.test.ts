// Which graph file is meant, what is remembered of it, and how one begins.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { asNobody } from './support/nobody.ts'
import { bin, bitnetTasks } from './support/program.ts'

const files = suite('graph file')

const graph = (word: string): string => `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['${word}.txt'], run: sh\`echo ${word} > ${word}.txt\` }))
export default defineGraph({ tasks: [a] })
`

files(
  '-f names a graph file; it has a state of its own',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), graph('usual'))
    fs.writeFileSync(join(home, 'other.ts'), graph('other'))
    for (const [args, word] of [
      [['run'], 'usual'],
      [['run', '-f', 'other.ts'], 'other'],
    ] as const) {
      const { code, stderr } = await bitnetTasks(args, { home })
      assert.is(code, 0, stderr)
      assert.match(stderr, '1 changed')
      assert.is(fs.readFileSync(join(home, `${word}.txt`), 'utf8'), `${word}\n`)
    }
    for (const args of [['run'], ['run', '--file=other.ts']])
      assert.match((await bitnetTasks(args, { home })).stderr, '1 fresh')
    const none = await bitnetTasks(['list', '-f', 'none.ts'], { home })
    assert.is(none.code, 2)
    assert.match(
      none.stderr,
      "there is no graph file 'none.ts'\n  hint: bitnet-tasks init writes one",
    )
  }),
)

for (const [title, text] of [
  ['npm init writes', '{ "type": "commonjs" }'],
  ['without a type', '{}'],
  ['of modules', '{ "type": "module" }'],
])
  for (const name of ['bitnet.tasks.ts', 'bitnet.tasks.mts', 'bitnet.tasks.js', 'bitnet.tasks.mjs'])
    files(
      `beside a package.json ${title} ${name} runs without a warning, and so does what it imports`,
      inHome(async (home) => {
        fs.writeFileSync(join(home, 'package.json'), text as string)
        fs.writeFileSync(join(home, 'one.ts'), 'export const one: string = "one"\n')
        fs.writeFileSync(join(home, 'two.js'), 'export const two = "two"\n')
        fs.writeFileSync(join(home, 'old.cjs'), 'module.exports = { old: "old" }\n')
        const imports = ['one.ts', 'two.js', 'old.cjs']
          .map((file, i) => `import * as i${i} from './${file}'\n`)
          .join('')
        fs.writeFileSync(join(home, name), imports + graph('usual'))
        const { code, stdout, stderr } = await bitnetTasks(['list'], { home })
        assert.equal([code, stdout, stderr], [0, 'a\n', ''])
      }),
    )

files(
  'a graph written for CommonJS stays that',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'package.json'), '{ "type": "commonjs" }')
    const text = graph('usual')
      .replace(/import (.*) from (.*)/, 'const $1 = require($2)')
      .replace('export default', 'module.exports =')
    fs.writeFileSync(join(home, 'bitnet.tasks.js'), text)
    const { stdout, stderr } = await bitnetTasks(['list'], { home })
    assert.equal([stdout, stderr], ['a\n', ''])
  }),
)

files(
  'without a command the graph of the folder is run, below it and with flags too',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), graph('usual'))
    fs.writeFileSync(join(home, 'other.ts'), graph('other'))
    fs.mkdirSync(join(home, 'sub'))
    const says = async (args: readonly string[], cwd = home): Promise<string> =>
      (await bitnetTasks(args, { home, cwd })).stderr
    assert.match(await says([]), '1 changed')
    assert.match(await says([], join(home, 'sub')), '1 fresh')
    assert.match(await says(['-j2', '--force']), '1 unchanged')
    assert.match(await says(['-f', 'other.ts']), '1 changed')
    assert.match(await says(['-C', home], '/'), '1 fresh')
  }),
)

files(
  'without a command and a graph the help is printed and nothing runs',
  inHome(async (home) => {
    for (const args of [[], ['-C', home]]) {
      const { code, stdout, stderr } = await bitnetTasks(args, { home })
      assert.equal([code, stdout], [2, ''])
      assert.match(stderr, 'Usage: bitnet-tasks ')
    }
    assert.is(fs.existsSync(join(home, '.cache/bitnet-tasks/state')), false)
  }),
)

files(
  'who names a node where there is no graph is told which graph it is; a missing word has a next step',
  inHome(async (home) => {
    const { code, stderr } = await bitnetTasks(['run', 'link'], { home })
    assert.is(code, 2)
    assert.match(stderr, 'no node is called "link"\n')
    assert.match(stderr, `no graph file from ${home} upward: this is the shipped graph\n`)
    assert.is(
      (await bitnetTasks(['lint'], { home })).stderr,
      "error: missing required argument 'node'\n  hint: for examples: bitnet-tasks lint --help\n",
    )
    const node = await bitnetTasks(['link'], { home })
    assert.match(node.stderr, '\n  hint: a node is run by: bitnet-tasks run link\n')
  }),
)

files(
  'what a graph file prints is kept away from stdout',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), `console.log('hello')\n${graph('usual')}`)
    const { stdout, stderr } = await bitnetTasks(['list', '--json'], { home })
    assert.is(JSON.parse(stdout).nodes[0].name, 'a')
    assert.is(stderr, 'hello\n')
  }),
)

files(
  'a folder is no graph file',
  inHome(async (home) => {
    const { code, stderr } = await bitnetTasks(['list', '-f', '.'], { home })
    assert.is(code, 2)
    assert.match(stderr, `${home}: is a folder, and no graph file\n  hint: `)
  }),
)

files(
  'in a folder that was removed the message says so',
  inHome(async (home) => {
    const script = `mkdir gone; cd gone; rmdir ../gone; exec '${process.execPath}' '${bin}' list`
    const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: home, encoding: 'utf8' })
    assert.is(status, 2)
    assert.is(stderr, 'the working folder has been removed\n  hint: cd to a folder that is there\n')
  }),
)

files(
  'a run goes on when somebody removes the state folder',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ run: sh\`rm -r .bitnet-tasks\` }))
const b = task('b', () => ({ needs: [a()], outputs: ['b'], run: sh\`echo b > b\` }))
export default defineGraph({ tasks: [a, b] })
`,
    )
    const { code, stderr } = await bitnetTasks(['run', '-j1'], { home })
    assert.match(stderr, '2 changed')
    assert.is(code, 0)
  }),
)

files(
  'an edit of the graph file is seen at once, remembered or not',
  inHome(async (home) => {
    const path = join(home, 'bitnet.tasks.ts')
    for (const word of ['one', 'two', 'three']) {
      fs.writeFileSync(path, graph(word))
      await bitnetTasks(['run'], { home })
      // Old enough to be trusted, so that it is remembered.
      execFileSync('sleep', ['0.1'])
      const { stdout } = await bitnetTasks(['graph', '--json'], { home })
      assert.equal(JSON.parse(stdout).nodes[0].outputs, [`${word}.txt`])
      const again = await bitnetTasks(['graph', '--json'], { home })
      assert.is(again.stdout, stdout)
      assert.is(fs.existsSync(join(home, '.bitnet-tasks/graph')), true)
    }
  }),
)

files(
  'an edit of a file that the graph imports is seen',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'names.ts'), "export const names = ['x']\n")
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
import { names } from './names.ts'
const a = task('a', { n: names }, () => ({ run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    )
    await bitnetTasks(['run'], { home })
    execFileSync('sleep', ['0.1'])
    assert.match((await bitnetTasks(['list'], { home })).stdout, 'a[x]')
    fs.writeFileSync(join(home, 'names.ts'), "export const names = ['x', 'y']\n")
    assert.match((await bitnetTasks(['list'], { home })).stdout, 'a[y]')
  }),
)

files(
  'init writes a graph that runs, keeps its state out of git, and gives an editor its types',
  inHome(async (home) => {
    const { code, stdout } = await bitnetTasks(['init'], { home })
    assert.is(code, 0)
    assert.match(stdout, `wrote ${home}/bitnet.tasks.ts\nnext: bitnet-tasks run`)
    fs.writeFileSync(join(home, 'a.md'), 'one two one\n')
    const ran = await bitnetTasks(['run'], { home })
    assert.match(ran.stderr, '3 changed')
    assert.is(fs.readFileSync(join(home, 'out/words.txt'), 'utf8'), 'one\ntwo\n')
    execFileSync('git', ['init', '-q'], { cwd: home })
    const status = execFileSync('git', ['status', '--short'], { cwd: home, encoding: 'utf8' })
    assert.not.match(status, '.bitnet-tasks')
    assert.is(compiled(home), '')
    fs.appendFileSync(join(home, 'bitnet.tasks.ts'), "count({ what: 'words' })\n")
    assert.match(compiled(home), /error TS2322: Type '"words"' is not assignable/)
  }),
)

files(
  'where the package is installed its own types are used, without a run before and for programs too',
  inHome(async (home) => {
    const modules = join(home, 'node_modules')
    const folder = join(home, 'sub')
    fs.mkdirSync(modules)
    fs.mkdirSync(folder)
    fs.symlinkSync(join(import.meta.dirname, '../..'), join(modules, 'bitnet-tasks'))
    assert.is((await bitnetTasks(['init', '-C', 'sub'], { home })).code, 0)
    fs.rmSync(join(folder, '.bitnet-tasks'), { recursive: true })
    const graph = join(folder, 'bitnet.tasks.ts')
    fs.appendFileSync(graph, "import { machine, runGraph } from 'bitnet-tasks'\n")
    fs.appendFileSync(graph, 'export const api = [machine, runGraph]\n')
    assert.is(compiled(folder), '')
    // A graph that was begun where it was not installed.
    const begun = `/// <reference path="./.bitnet-tasks/types.d.ts" />\n`
    fs.writeFileSync(graph, begun + fs.readFileSync(graph, 'utf8'))
    assert.is((await bitnetTasks(['run', '-C', 'sub'], { home })).code, 0)
    assert.is(compiled(folder), '')
    fs.appendFileSync(graph, "count({ what: 'words' })\n")
    assert.match(compiled(folder), /error TS2322: Type '"words"' is not assignable/)
  }),
)

files(
  'the shipped graph is extended by a task that needs one of its nodes, and an editor knows the types',
  inHome(async (home) => {
    const text = `/// <reference path="./.bitnet-tasks/types.d.ts" />
import { defineGraph, sh, task } from 'bitnet-tasks'
import { prefixOf, repairTasks } from 'bitnet-tasks/repair'
const repair = repairTasks()
const size = task('size', () => ({
  needs: [repair.cmakeBuild({ backend: 'llama', device: 'cpu' })],
  outputs: ['size.txt'],
  run: sh\`du -sk \${prefixOf('llama', 'cpu')} > size.txt\`,
}))
const first = task('first', () => ({ run: sh\`true\` }))
export default defineGraph({ ...repair, tasks: [...repair.tasks, size, first] })
`
    const path = join(home, 'bitnet.tasks.ts')
    fs.writeFileSync(path, text)
    const ran = await bitnetTasks(['run', 'first'], { home })
    assert.is(ran.code, 0, ran.stderr)
    const { stdout } = await bitnetTasks(['query', 'deps', 'size'], { home })
    assert.is(stdout, 'fetch-source[llama]\ncmake-configure[llama,cpu]\ncmake-build[llama,cpu]\n')
    assert.is(compiled(home), '')
    fs.writeFileSync(path, text.replace("device: 'cpu'", "device: 'cpo'"))
    assert.match(compiled(home), `error TS2322: Type '"cpo"' is not assignable to type 'Device'`)
  }),
)

files(
  'init -f writes the types beside that file, wherever it is named from, and run does again',
  inHome(async (home) => {
    fs.mkdirSync(join(home, 'sub'))
    const types = join(home, 'sub/.bitnet-tasks/types.d.ts')
    for (const [file, named] of [
      ['x.ts', 'sub/x.ts'],
      ['y.ts', join(home, 'sub/y.ts')],
    ] as const) {
      assert.is((await bitnetTasks(['init', '-f', named], { home })).code, 0)
      fs.rmSync(types)
      assert.is((await bitnetTasks(['run', '-f', named], { home })).code, 0)
      assert.is(compiled(join(home, 'sub'), file), '')
    }
    assert.is(fs.existsSync(join(home, '.bitnet-tasks')), false)
    assert.is(fs.readFileSync(join(home, 'sub/.bitnet-tasks/.gitignore'), 'utf8'), '*\n')
  }),
)

files(
  'JavaScript that does not parse is told with its own file and line, as TypeScript is',
  inHome(async (home) => {
    const path = join(home, 'bitnet.tasks.js')
    const main = "import { defineGraph } from 'bitnet-tasks'\nimport './rest.js'\n"
    fs.writeFileSync(path, `${main}export default defineGraph({ tasks: [a b] })\n`)
    fs.writeFileSync(join(home, 'rest.js'), '')
    const wrong = await bitnetTasks(['run'], { home })
    assert.equal([wrong.code, wrong.stderr], [2, `${path}:3: Unexpected identifier 'b'\n`])
    fs.writeFileSync(path, `${main}export default defineGraph({ tasks: [] })\n`)
    fs.writeFileSync(join(home, 'rest.js'), 'export const a = {\n  b: 1\n  c: 2\n}\n')
    const rest = await bitnetTasks(['list'], { home })
    assert.equal(
      [rest.code, rest.stderr],
      [2, `${join(home, 'rest.js')}:3: Unexpected identifier 'c'\n`],
    )
  }),
)

files(
  'init names the next command as whoever came by npx can call it',
  inHome(async (home) => {
    const { stdout } = await bitnetTasks(['init'], { home, env: { npm_command: 'exec' } })
    const next = 'npx bitnet-tasks run, then change a .md file and: npx bitnet-tasks explain count'
    assert.is(stdout, `wrote ${home}/bitnet.tasks.ts\nnext: ${next}\n`)
  }),
)

files(
  'init makes the folder of the file that it is given',
  inHome(async (home) => {
    const made = await bitnetTasks(['init', '-f', 'new/folder/tasks.ts'], { home })
    assert.equal([made.code, made.stderr], [0, ''])
    assert.ok(fs.existsSync(join(home, 'new/folder/tasks.ts')))
  }),
)

files(
  'init refuses a name that Node would not load',
  inHome(async (home) => {
    const { code, stderr } = await bitnetTasks(['init', '-f', 'tasks.txt'], { home })
    assert.is(
      stderr,
      "'tasks.txt' cannot be the name of a graph file\n  hint: it ends in .ts, .mts, .js or .mjs\n",
    )
    assert.is(code, 2)
    assert.not.ok(fs.existsSync(join(home, 'tasks.txt')))
  }),
)

const NOTES = `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['out'], run: sh\`echo > out\` }))
export default defineGraph({ tasks: [a] })
`

files(
  'a file that may not be read or written is told in words: what, which, whose, and how to have it back',
  inHome(async (home) => {
    const before = asNobody()
    const at = (name: string): string => join(home, name)
    const say = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await bitnetTasks(args, { home, before })
      assert.equal([code, stdout], [4, ''], stderr)
      return stderr
    }
    // The folder of a test is closed to others.
    fs.chmodSync(home, 0o755)
    fs.writeFileSync(at('bitnet.tasks.ts'), NOTES)
    assert.is((await bitnetTasks(['run'], { home })).code, 0)
    fs.chmodSync(at('.bitnet-tasks'), 0o755)
    fs.chmodSync(at('.bitnet-tasks/journal'), 0o000)
    const isRoot = before.length > 0
    const back = isRoot
      ? `it belongs to root; take it back: sudo chown -R $USER ${at('.bitnet-tasks')}`
      : `make it readable and writable: chmod -R u+rwX ${at('.bitnet-tasks')}`
    assert.is(
      await say('plan'),
      `cannot open '${at('.bitnet-tasks/journal')}': permission denied (EACCES)\n  hint: ${back}\n`,
    )
    fs.chmodSync(at('.bitnet-tasks/journal'), 0o644)
    for (const name of ['lock', 'snapshot']) fs.chmodSync(at(`.bitnet-tasks/${name}`), 0o444)
    assert.is(
      await say('run', '--force'),
      `cannot make the lock '${at('.bitnet-tasks/lock')}': EACCES\n  hint: ${back}\n`,
    )

    fs.rmSync(at('.bitnet-tasks'), { recursive: true })
    fs.chmodSync(home, 0o555)
    const whose = `see whose it is: ls -ld ${home}`
    assert.is(
      await say('run'),
      `cannot make the lock '${at('.bitnet-tasks/lock')}': EACCES\n  hint: ${whose}\n`,
    )
    assert.is(
      await say('init', '-f', 'other.ts'),
      `cannot open '${at('other.ts')}': permission denied (EACCES)\n  hint: ${whose}\n`,
    )
    fs.chmodSync(home, 0o755)
    fs.chmodSync(at('bitnet.tasks.ts'), 0o000)
    const { code, stderr } = await bitnetTasks(['plan'], { home, before })
    const path = at('bitnet.tasks.ts')
    assert.is(
      stderr,
      `${path}: cannot open '${path}': permission denied (EACCES)\n  hint: see whose it is: ls -ld ${path}\n`,
    )
    assert.is(code, 2)
  }),
)

files(
  'init touches no file that is there, and writes none beside it',
  inHome(async (home) => {
    for (const name of ['bitnet.tasks.mjs', 'bitnet.tasks.ts']) {
      fs.writeFileSync(join(home, name), '// mine\n')
      const { code, stderr } = await bitnetTasks(['init'], { home })
      assert.is(code, 2)
      assert.match(stderr, `'${name}' is there already`)
      assert.is(fs.readFileSync(join(home, name), 'utf8'), '// mine\n')
      assert.equal(fs.readdirSync(home).filter((other) => other.startsWith('bitnet')).length, 1)
      fs.rmSync(join(home, name))
    }
  }),
)

const STRICT = {
  module: 'nodenext',
  target: 'esnext',
  strict: true,
  verbatimModuleSyntax: true,
  types: [],
}
const packages: readonly (readonly [
  what: string,
  files: Readonly<Record<string, string>>,
  name: string,
])[] = [
  [
    'of CommonJS, with a strict tsconfig.json',
    {
      'package.json': '{ "type": "commonjs" }',
      'tsconfig.json': `{ // as tsc --init\n "compilerOptions": ${JSON.stringify(STRICT)} }`,
    },
    'bitnet.tasks.mts',
  ],
  [
    'of CommonJS, with a tsconfig.json that extends a strict one',
    {
      'base/strict.json': JSON.stringify({ compilerOptions: STRICT }),
      'tsconfig.json': '{ "extends": ["./base/strict"] }',
    },
    'bitnet.tasks.mts',
  ],
  [
    'of modules, with a strict tsconfig.json',
    {
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions: STRICT }),
    },
    'bitnet.tasks.ts',
  ],
  [
    'of CommonJS with an export of modules, and a strict tsconfig.json',
    {
      'package.json': '{ "exports": { ".": { "type": "module" } } }',
      'tsconfig.json': JSON.stringify({ compilerOptions: STRICT }),
    },
    'bitnet.tasks.mts',
  ],
  [
    'of CommonJS, with a tsconfig.json in which that is a comment',
    {
      'package.json': '{ "type": "commonjs" }',
      'tsconfig.json':
        '{ "compilerOptions": { "module": "nodenext", "types": [] /* "verbatimModuleSyntax": true */ } }',
    },
    'bitnet.tasks.ts',
  ],
]

for (const [what, written, name] of packages)
  files(
    `init in a package ${what}: ${name}, which compiles and runs`,
    inHome(async (home) => {
      fs.mkdirSync(join(home, 'base'))
      for (const [path, text] of Object.entries(written)) fs.writeFileSync(join(home, path), text)
      assert.match((await bitnetTasks(['init'], { home })).stdout, `wrote ${home}/${name}\n`)
      const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
      const { stdout } = spawnSync(tsc, ['--noEmit'], { cwd: home, encoding: 'utf8' })
      assert.is(stdout, '')
      assert.match((await bitnetTasks(['run'], { home })).stderr, '3 changed')
    }),
  )

files.run()

/** What TypeScript says of the graph file, with no set-up of its own. */
function compiled(home: string, file = 'bitnet.tasks.ts'): string {
  const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
  return spawnSync(tsc, ['--noEmit', '--strict', file], {
    cwd: home,
    encoding: 'utf8',
  }).stdout
}
