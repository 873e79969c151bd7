// timeout: 300
// A graph of the user's own: every command on it, and every way in which its file can be wrong.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { EXIT_TABLE } from '../../src/exit-code.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bin, bitnetTasks, builtBin, type Ended } from './support/program.ts'

const graphs = suite("a user's graph")

// Nothing is installed beside it: 'bitnet-tasks' is the program that runs it.
const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'

const notes = task('notes', () => ({
  title: 'all notes in one',
  inputs: ['notes/*.md'],
  outputs: ['out/notes.txt'],
  run: sh\`cat notes/*.md > out/notes.txt\`,
}))
const count = task('count', { of: ['words', 'lines'] }, ({ of }) => ({
  needs: [notes()],
  outputs: [\`out/\${of}.txt\`],
  run: sh\`wc \${of === 'words' ? '-w' : '-l'} < out/notes.txt > \${\`out/\${of}.txt\`}\`,
}))
export default defineGraph({ tasks: [notes, count] })
`

/** A home that is also the folder of a graph. */
function withGraph(
  text: string,
  body: (at: {
    readonly home: string
    readonly tasks: (...args: readonly string[]) => Promise<Ended>
  }) => Promise<void>,
): () => Promise<void> {
  return inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), text)
    fs.mkdirSync(join(home, 'notes'))
    fs.writeFileSync(join(home, 'notes/a.md'), 'one two\n')
    fs.writeFileSync(join(home, 'notes/b.md'), 'three\n')
    await body({ home, tasks: (...args) => bitnetTasks(args, { home }) })
  })
}

graphs(
  'list, plan, run, status, explain, graph and clean answer on stdout; the run is told on stderr',
  withGraph(GRAPH, async ({ home, tasks }) => {
    const silent = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await tasks(...args)
      assert.is(stderr, '', args.join(' '))
      assert.is(code, 0, args.join(' '))
      return stdout
    }
    assert.is(await silent('list'), 'notes         all notes in one\ncount[words]\ncount[lines]\n')
    assert.is(
      await silent('plan', 'count[words]'),
      '  notes: it has not run yet\n  count[words]: it has not run yet\n2 to run, 0 fresh; their time is not known\n',
    )
    assert.is(
      await silent('graph'),
      'notes         stale\ncount[words]  stale <- notes\ncount[lines]  stale <- notes\n',
    )
    assert.is(fs.existsSync(join(home, '.bitnet-tasks')), false)

    const run = await tasks('run', 'count')
    assert.is(run.code, 0, run.stderr)
    assert.is(run.stdout, '')
    const told = run.stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\[ *[\d.]+s\] /, '').replace(/[\d.]+s/g, 'N'))
    assert.equal(told.slice(0, 3), [
      'notes is stale: it has not run yet',
      'notes started',
      'notes changed (N)',
    ])
    assert.is(told.at(-1), '3 changed in N')
    assert.is(fs.readFileSync(join(home, 'out/words.txt'), 'utf8').trim(), '3')

    const again = await tasks('run', 'count')
    assert.is(again.stdout, '')
    assert.match(again.stderr, /^3 fresh( in [\d.]+s)?\n$/)
    assert.is(await silent('status', 'count'), 'count[words]  fresh\ncount[lines]  fresh\n')

    fs.appendFileSync(join(home, 'notes/b.md'), 'four\n')
    const why = await silent('explain', 'notes')
    assert.match(
      why,
      /^notes is stale\n {2}- the input 'notes\/b\.md' changed \([0-9a-f]{12} -> [0-9a-f]{12}\)\n/,
    )
    assert.match(await silent('plan'), /^ {2}notes .*\n\? count\[words\].*'notes' will run first\n/)
    assert.is(await silent('clean', 'count'), 'removed 2 files of 2 nodes\n')
    assert.equal(fs.readdirSync(join(home, 'out')), ['notes.txt'])
    assert.equal(fs.readdirSync(join(home, 'notes')), ['a.md', 'b.md'])
  }),
)

graphs(
  'AC-247 with --json each of them gives one document and nothing else',
  withGraph(GRAPH, async ({ tasks }) => {
    const json = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await tasks(...args, '--json')
      assert.is(code, 0, stderr)
      const document = JSON.parse(stdout)
      assert.is(document.version, 1)
      return document
    }
    const names = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name)
    const all = ['notes', 'count[words]', 'count[lines]']
    assert.equal(names((await json('list')).nodes), all)
    assert.equal(names((await json('plan')).nodes), all)
    assert.equal((await json('graph')).nodes[1].needs, ['notes'])
    assert.is((await json('run')).outcomes.changed, 3)
    const [first] = (await json('status')).nodes
    assert.equal([first.name, first.state, first.reasons], ['notes', 'fresh', []])
    assert.is((await json('explain', 'notes')).nodes[0].state, 'fresh')
    assert.equal((await json('clean', 'notes')).removed, ['out/notes.txt'])
    const help = await tasks('help', 'exit-codes', '--json')
    assert.equal(JSON.parse(help.stdout), { version: 1, exitCodes: EXIT_TABLE })
  }),
)

graphs(
  '-C works as if started there, before the command and after it; a folder that is not there is refused',
  withGraph(GRAPH, async ({ home }) => {
    const elsewhere = { home, cwd: '/' }
    for (const args of [
      ['-C', home, 'list'],
      ['list', '-C', home],
      ['list', `--directory=${home}`],
    ])
      assert.match((await bitnetTasks(args, elsewhere)).stdout, /^notes /, args.join(' '))
    fs.mkdirSync(join(home, 'deep/er'), { recursive: true })
    const below = await bitnetTasks(['list'], { home, cwd: join(home, 'deep/er') })
    assert.match(below.stdout, /^notes /)
    const nowhere = await bitnetTasks(['run', '-C', join(home, 'nowhere')], elsewhere)
    assert.is(nowhere.code, 2)
    assert.is(
      nowhere.stderr,
      `-C ${join(home, 'nowhere')}: there is no such folder\n  hint: correct the path; it counts from the folder in which you are\n`,
    )
  }),
)

graphs(
  'an unknown node and an unknown value are named with the nearest that there is: exit 2',
  withGraph(GRAPH, async ({ tasks }) => {
    for (const [node, near] of [
      ['nots', 'notes'],
      ['count[word]', 'count[words]'],
    ] as const)
      for (const command of ['run', 'list', 'plan', 'status', 'explain', 'graph', 'clean']) {
        const { code, stdout, stderr } = await tasks(command, node)
        assert.is(stderr, `no node is called "${node}"\n  hint: did you mean '${near}'?\n`)
        assert.is(stdout, '')
        assert.is(code, 2)
      }
  }),
)

graphs(
  'a flag that is not known says where those that are stand',
  withGraph(GRAPH, async ({ tasks }) => {
    const says = async (...args: string[]): Promise<string> => (await tasks(...args)).stderr
    const front = 'flags stand behind the command, as in: bitnet-tasks run -j2'
    assert.is(await says('-j2', 'run'), `error: unknown option '-j2'\n  hint: ${front}\n`)
    const own = 'for its flags: bitnet-tasks list --help'
    assert.is(await says('list', '--run'), `error: unknown option '--run'\n  hint: ${own}\n`)
    assert.is(
      await says('run', '--froce'),
      "error: unknown option '--froce'\n(Did you mean --force?)\n",
    )
  }),
)

graphs(
  'a bad value of --jobs is refused with exit 2; a good one runs',
  withGraph(GRAPH, async ({ tasks }) => {
    for (const value of ['0', '-1', '1.5', 'many', '1e3', '']) {
      const { code, stdout, stderr } = await tasks('run', '--jobs', value)
      assert.is(code, 2, value)
      assert.is(stdout, '')
      assert.match(stderr, /'?-j, --jobs <n>'? argument|must be a whole number from 1/, value)
    }
    const { stderr } = await tasks('run', '-j', '100000')
    assert.match(stderr, 'must be a whole number from 1 to 99999.')
    assert.is((await tasks('run', '-j', '1')).code, 0)
  }),
)

graphs(
  'under --load N nothing begins beside what runs while the machine is busy, and that is told',
  withGraph(GRAPH, async ({ home }) => {
    const busy = join(home, 'busy.mjs')
    const lines = [
      `import { syncBuiltinESMExports } from 'node:module'`,
      `import os from 'node:os'`,
      'os.loadavg = () => [7.5, 7, 7]',
      'syncBuiltinESMExports()',
    ]
    fs.writeFileSync(busy, lines.join('\n'))
    const node = ['--import', busy]
    const { code, stderr } = await bitnetTasks(['run', '-j2', '-l', '2.5'], { home, node })
    assert.is(code, 0, stderr)
    const told = stderr.split('\n').filter((line) => /started|changed \(|more/.test(line))
    assert.equal(
      told.map((line) => line.replace(/^\[.*?\] | \(.*/g, '')),
      [
        'notes started',
        'notes changed',
        'count[words] started',
        'nothing more is begun while the load is not below 2.5; it is 7.50',
        'count[words] changed',
        'count[lines] started',
        'count[lines] changed',
      ],
    )
  }),
)

graphs(
  'a bad value of --load is refused with exit 2; a good one runs',
  withGraph(GRAPH, async ({ tasks }) => {
    for (const value of ['0', '-1', '2,5', 'many', '1e3', '']) {
      const { code, stdout, stderr } = await tasks('run', '--load', value)
      assert.is(code, 2, value)
      assert.is(stdout, '')
      assert.match(stderr, /'?-l, --load <n>'? argument|must be a number above 0/, value)
    }
    for (const value of ['-l0.01', '-l4', '--load=2.5'])
      assert.is((await tasks('run', value, '--force')).code, 0, value)
  }),
)

const WRONG: readonly (readonly [string, string, string])[] = [
  [
    'broken syntax',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ run: sh\`true\` })
export default defineGraph({ tasks: [a] })
`,
    "FILE:3: Expected ',', got 'export'\n",
  ],
  [
    'TypeScript that cannot be erased',
    'enum Device { cpu }\n',
    'FILE:1: TypeScript enum is not supported in strip-only mode\n  hint: Node only takes types away: write it without, as const X = { a: 0 } as const\n',
  ],
  [
    'a circle',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ needs: [b()], run: sh\`true\` }))
const b = task('b', () => ({ needs: [a()], run: sh\`true\` }))
export default defineGraph({ tasks: [a, b] })
`,
    'FILE:2: the needs go in a circle: a -> b -> a\n  hint: take one of these needs away\n',
  ],
  [
    'one output of two producers',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['out/x'], run: sh\`true\` }))
const b = task('b', () => ({ outputs: ['./out//x'], run: sh\`true\` }))
export default defineGraph({ tasks: [a, b] })
`,
    "FILE:3: 'a' and 'b' both make the output 'out/x'\n  hint: an output has one producer; give one of them another path\n",
  ],
  [
    'a need that no task makes',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const build = task('build', { on: ['cpu'] }, () => ({ run: sh\`true\` }))
const all = task('all', () => ({ needs: [build({ on: 'cpo' })], run: sh\`true\` }))
export default defineGraph({ tasks: [build, all] })
`,
    "FILE:3: 'all' needs 'build[cpo]', which no task makes\n  hint: did you mean 'build[cpu]'?\n",
  ],
  [
    'a path outside its folder',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['out/../../x'], run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    `FILE:2: 'a': the path "out/../../x" lies outside the graph's folder
  hint: outputs stay below the folder of the graph; for an input elsewhere declare a root and use it
`,
  ],
  [
    'an output among the state',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['x/../.bitnet-tasks/y'], run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    `FILE:2: 'a': the output ".bitnet-tasks/y" lies in the folder of the state
  hint: bitnet-tasks keeps its own files in .bitnet-tasks: choose another folder
`,
  ],
  [
    'an escape that JavaScript drops',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ run: sh\`printf '\\033[1m'\` }))
export default defineGraph({ tasks: [a] })
`,
    "FILE:2: a command holds an escape that JavaScript does not know: printf '\\033[1m'\n  hint: write \\\\ for a backslash that the shell shall see\n",
  ],
  [
    'an escape of which JavaScript drops the backslash',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ run: sh\`ls | grep -v '\\\\.o$' | grep '\\.c$' \` }))
export default defineGraph({ tasks: [a] })
`,
    "FILE:2: of \\. in a command JavaScript leaves the backslash out: ls | grep -v '\\\\.o$' | grep '\\.c$'\n  hint: write \\\\ for a backslash that the shell shall see\n",
  ],
  [
    'a name with a line end in it',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a\\n\\x1b[2J', () => ({ run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    `FILE:2: "a\\n\\u001b[2J" cannot be the name of a task
  hint: use letters, digits, points, dashes; no blanks, brackets, commas or slashes; at most 200 characters
`,
  ],
  [
    'no default export',
    'export const a = 1\n',
    'FILE: its default export is no graph\n  hint: end it with: export default defineGraph({ tasks: [...] })\n',
  ],
  [
    'something that is no task',
    "import { defineGraph } from 'bitnet-tasks'\nexport default defineGraph({ tasks: [undefined] })\n",
    'FILE:2: tasks[0] of defineGraph() is no task\n  hint: list what task() and probe() returned\n',
  ],
  [
    'an import that is not there',
    "import { nothing } from 'bitnet-tasks'\n",
    "FILE:1: The requested module 'bitnet-tasks' does not provide an export named 'nothing'\n  hint: it has argv, defineGraph, probe, root, sh, task, titled\n",
  ],
  [
    'a package that is not installed',
    "import { x } from 'lodash'\n",
    "FILE:1: Cannot find package 'lodash' imported from FILE\n  hint: npm install lodash\n",
  ],
  [
    'an error thrown while it loads',
    "const fail = () => {\n  throw new Error('no luck \\x1b[2J\\x9b2Jtoday')\n}\nfail()\n",
    'FILE:2: no luck today\n',
  ],
  [
    'two tasks of one name',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ run: sh\`true\` }))
const b = task(
  'a', () => ({ run: sh\`true\` }))
export default defineGraph({ tasks: [a, b] })
`,
    "FILE:3: two tasks are named 'a'\n",
  ],
  [
    'an output below the glob of another',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['out/**', '!out/c/*'], run: sh\`true\` }))
const c = task('c', () => ({ outputs: ['out/c/x', '!out/y'], run: sh\`true\` }))
const b = task('b', () => ({ outputs: ['out/b.o', '!out/y'], run: sh\`true\` }))
export default defineGraph({ tasks: [a, b, c] })
`,
    "FILE:4: 'a' and 'b' both make the output 'out/b.o'\n  hint: an output has one producer; give one of them another path\n",
  ],
  [
    'a need that is a task and not called',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const b = task('b', () => ({ run: sh\`true\` }))
const a = task('a', () => ({ needs: [b], run: sh\`true\` }))
export default defineGraph({ tasks: [a, b] })
`,
    "FILE:3: 'a' needs the task 'b', and a need is one node\n  hint: call what task() returned: needs: [words()], needs: [object({ mode: 'debug' })]\n",
  ],
  [
    'a need that is declared and not listed',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const b = task('b', () => ({ run: sh\`true\` }))
const a = task('a', () => ({ needs: [b()], run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    "FILE:3: 'a' needs 'b', which no task makes\n  hint: list the task 'b' in defineGraph({ tasks })\n",
  ],
  [
    'a text where a list belongs',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ inputs: '*.md', run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    `FILE:2: 'inputs' of 'a' is "*.md", and should be a list of paths
  hint: write inputs: ['src/*.c']; what a need makes is named by needs alone
`,
  ],
  [
    'an async function of a task',
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', async () => ({ run: sh\`true\` }))
export default defineGraph({ tasks: [a] })
`,
    "FILE:2: the function of 'a' returns a promise, and no task\n  hint: take async away: whatever takes time is done by its commands\n",
  ],
  [
    'a task that returns nothing',
    `import { defineGraph, task } from 'bitnet-tasks'
const a = task('a', () => undefined)
export default defineGraph({ tasks: [a] })
`,
    "FILE:2: the function of 'a' returns undefined, and no task\n  hint: return an object, as in: task('words', () => ({ run: sh`...` }))\n",
  ],
  [
    'a file that it imports and that is not there',
    "import { defineGraph } from 'bitnet-tasks'\nimport { x } from './nope.ts'\n",
    "FILE:2: Cannot find module 'HOME/nope.ts' imported from FILE\n  hint: correct the path; it ends in the name of a file, as ./shared.ts\n",
  ],
  ['a thrown text', "throw 'just words'\n", 'FILE: just words\n'],
  ['a thrown nothing', 'throw null\n', 'FILE: null\n'],
]
for (const [title, text, says] of WRONG)
  graphs(
    `AC-166 a file with ${title}: exit 2, the place, one message, no stack`,
    withGraph(text, async ({ home, tasks }) => {
      for (const command of ['list', 'run']) {
        const { code, stdout, stderr } = await tasks(command)
        assert.is(
          stderr,
          says.replaceAll('FILE', join(home, 'bitnet.tasks.ts')).replaceAll('HOME', home),
        )
        assert.is(stdout, '')
        assert.is(code, 2)
      }
      assert.is(fs.existsSync(join(home, '.bitnet-tasks')), false)
    }),
  )

const IMPORTED: readonly (readonly [title: string, text: string, says: string])[] = [
  ['throws', "export const x = 1\nthrow new Error('boom')\n", 'lib/a.ts:2: boom\n'],
  [
    'has broken syntax',
    'export const x = 1\nexport const y = ((\n',
    'lib/a.ts:2: Expression expected\n',
  ],
  [
    'declares a task that needs itself',
    `import { sh, task } from 'bitnet-tasks'

export const x = task('x', () => ({ needs: [x()], run: sh\`true\` }))
`,
    'lib/a.ts:3: the needs go in a circle: x -> x\n  hint: take one of these needs away\n',
  ],
]
for (const [title, text, says] of IMPORTED)
  graphs(
    `where a file that the graph imports ${title}, the place is in that file`,
    withGraph(
      "import { defineGraph } from 'bitnet-tasks'\nimport { x } from './lib/a.ts'\nexport default defineGraph({ tasks: [x] })\n",
      async ({ home, tasks }) => {
        fs.mkdirSync(join(home, 'lib'))
        fs.writeFileSync(join(home, 'lib/a.ts'), text)
        assert.is((await tasks('list')).stderr, `${home}/${says}`)
      },
    ),
  )

for (const [title, text] of [
  ['ends the process itself', 'process.exit(0)\n'],
  ['waits for what never comes', 'await new Promise(() => {})\n'],
])
  graphs(
    `a file that ${title} is no success`,
    withGraph(text as string, async ({ tasks }) => {
      const { code, stdout, stderr } = await tasks('run')
      assert.is(code, 1)
      assert.is(stdout, '')
      assert.match(stderr, /^bitnet-tasks ended before it had an answer\n/)
    }),
  )

graphs(
  'an input that nothing matches: exit 2, the node, the pattern and the way out',
  withGraph(GRAPH, async ({ home, tasks }) => {
    fs.rmSync(join(home, 'notes'), { recursive: true })
    const { code, stdout, stderr } = await tasks('run', 'notes')
    assert.is(code, 2)
    assert.is(stdout, '')
    const said = stderr.slice(stderr.indexOf('\nnotes: ') + 1)
    assert.is(
      said,
      `notes: no file matches the input 'notes/*.md'
  hint: correct it, or write 'notes/*.md?' if it may be absent
${home}/bitnet.tasks.ts:3: here 'notes' is declared
`,
    )
  }),
)

const FAILING = `import { defineGraph, sh, task } from 'bitnet-tasks'
const good = task('good', () => ({ outputs: ['good.txt'], run: sh\`echo good > good.txt\` }))
const bad = task('bad', () => ({ outputs: ['bad.txt'], run: sh\`echo 'error: it broke' >&2; exit 3\` }))
const after = task('after', () => ({ needs: [bad()], run: sh\`touch after.txt\` }))
const later = task('later', () => ({ after: [good()], run: sh\`touch later.txt\` }))
export default defineGraph({ tasks: [bad, after, good, later] })
`
graphs(
  'a task that fails: its exit code, its last lines, its log; what needs it does not run',
  withGraph(FAILING, async ({ home, tasks }) => {
    const { code, stdout, stderr } = await tasks('run', 'after', '--quiet')
    assert.is(code, 1)
    assert.is(stdout, '')
    const log = join(home, '.bitnet-tasks/logs/bad.1.log')
    assert.is(
      stderr,
      `bad: command failed with exit code 3: echo 'error: it broke' >&2; exit 3
  error: it broke
  full log: ${log}
`,
    )
    assert.is(fs.readFileSync(log, 'utf8'), 'error: it broke\n')
    assert.is(fs.existsSync(join(home, 'after.txt')), false)
    assert.is(
      (await tasks('status', 'bad')).stdout,
      "bad  stale  its last run failed: command failed with exit code 3: echo 'error: it broke' >&2; exit 3\n",
    )
    const json = await tasks('run', 'after', '--json')
    const { ok, outcomes, failures } = JSON.parse(json.stdout)
    assert.equal([ok, outcomes.failed, outcomes.blocked], [false, 1, 1])
    assert.equal([failures[0].node, failures[0].failure.exitCode], ['bad', 3])
    assert.is(json.code, 1)
  }),
)

graphs(
  'commands see no variable that is not declared; with --no-strict-env they do, and it is told once',
  withGraph(
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const show = task('show', () => ({ outputs: ['out.txt'], run: sh\`echo "saw $FLAVOUR" > out.txt\` }))
export default defineGraph({ tasks: [show] })
`,
    async ({ home }) => {
      const run = async (...args: readonly string[]): Promise<readonly [string, Ended]> => {
        const ended = await bitnetTasks(['run', ...args], { home, env: { FLAVOUR: 'sweet' } })
        assert.is(ended.code, 0, ended.stderr)
        return [fs.readFileSync(join(home, 'out.txt'), 'utf8'), ended]
      }
      assert.is((await run('--strict-env'))[0], 'saw \n')
      const [open, { stderr }] = await run('--no-strict-env', '--force')
      assert.is(open, 'saw sweet\n')
      assert.equal(
        stderr.split('\n').filter((line) => line.startsWith('warning')),
        [
          'warning: --no-strict-env: commands see your whole environment; what they make is neither recorded as fresh nor stored',
        ],
      )
      assert.is(
        (await bitnetTasks(['status'], { home })).stdout,
        'show  stale  its last run was not recorded: it saw the whole environment, which is in no key\n',
      )
      // From the cache, where nothing but what the strict run made can be.
      const [strict, last] = await run()
      assert.is(strict, 'saw \n')
      assert.match(last.stderr, '1 restored')
    },
  ),
)

graphs(
  '--keep-going runs what does not depend on the failure; without it nothing new starts',
  withGraph(FAILING, async ({ home, tasks }) => {
    const stopped = await tasks('run', '-j', '1')
    assert.is(stopped.code, 1)
    assert.is(fs.existsSync(join(home, 'later.txt')), false)
    const { code, stderr } = await tasks('run', '-j', '1', '--keep-going')
    assert.is(code, 1)
    assert.match(stderr, "] blocked by 'bad': after\n")
    assert.is(fs.existsSync(join(home, 'later.txt')), true)
    assert.is(fs.existsSync(join(home, 'after.txt')), false)
  }),
)

graphs(
  '--force runs what is fresh, and an equal result leaves what needs it alone',
  withGraph(GRAPH, async ({ tasks }) => {
    await tasks('run')
    const { code, stderr } = await tasks('run', 'notes', '--force')
    assert.is(code, 0)
    assert.match(stderr, 'notes is stale: it was forced\n')
    assert.match(stderr, /\n1 unchanged in [\d.]+s\n$/)
    assert.match((await tasks('run')).stderr, /^3 fresh/)
  }),
)

graphs(
  'whoever closes stdout early (`| head -1`) ends nothing badly',
  withGraph(
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const many = task('many', { n: Array.from({ length: 20000 }, (_, i) => 'n' + i) }, () => ({ title: 'x'.repeat(80), run: sh\`true\` }))
export default defineGraph({ tasks: [many] })
`,
    async ({ home }) => {
      for (const command of ['list', 'status']) {
        const child = spawn(process.execPath, [bin, command], {
          cwd: home,
          env: { HOME: home, PATH: process.env['PATH'] },
          stdio: ['ignore', 'pipe', 'pipe'],
        })
        let stderr = ''
        child.stderr.on('data', (text) => {
          stderr += text
        })
        child.stdout.once('data', () => child.stdout.destroy())
        const [code] = await once(child, 'close')
        assert.is(stderr, '')
        assert.is(code, 0)
      }
      const sh = spawn('sh', ['-c', `'${process.execPath}' '${bin}' list >&- 2>&-`], { cwd: home })
      assert.is((await once(sh, 'close'))[0], 0)
    },
  ),
)

graphs(
  'names and outputs with control characters do nothing on the screen, in text and in JSON',
  withGraph(
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({
  title: 'title \\x1b]0;owned\\x07\\x9b2J\\u202eend',
  inputs: ['odd/*'],
  outputs: ['out/\\x1b[31m\\x9b1m.txt'],
  run: sh\`cat odd/* > \${'out/\\x1b[31m\\x9b1m.txt'}; cat odd/*; cat odd/* >&2; exit 4\`,
}))
const b = task('b', () => ({ run: sh\`printf '\\\\033[2J\\\\302\\\\233xx\\\\r\\\\007' ; exit \${'\\x1b[2J\\x9b'}\` }))
export default defineGraph({ tasks: [a, b] })
`,
    async ({ home, tasks }) => {
      fs.mkdirSync(join(home, 'odd'))
      const names = [
        'new\nline',
        'tab\there',
        `it's "quoted"`,
        '$(touch P)',
        '`touch P`',
        '-rf',
        '--help',
        ';touch P;',
        '*',
        '[a]',
        '{b,c}',
        '!not',
        ' blank ',
        '✨',
        '\u202ertl',
        '__proto__',
        'x'.repeat(255),
        '\x1b]0;owned\x07',
        '\u009b2J',
      ]
      for (const name of names) fs.writeFileSync(join(home, 'odd', name), '\x1b[2J\u009b2Jtext\r\n')
      const said: string[] = []
      const look = async (...args: readonly string[]): Promise<void> => {
        const { stdout, stderr } = await tasks(...args)
        said.push(stdout, stderr)
      }
      await look('run', '--keep-going', '--verbose')
      fs.writeFileSync(join(home, 'odd/more\x1b[2J'), '')
      for (const name of names) fs.appendFileSync(join(home, 'odd', name), 'more')
      for (const args of [
        ['list'],
        ['plan'],
        ['status'],
        ['explain', 'a', 'b'],
        ['graph', '--format', 'dot'],
        ['graph', '--format', 'mermaid'],
        ['run', '-k'],
        ['run', '--dry-run'],
        ['run', 'odd\x1b[2J\u009b2J'],
        ['clean', '--dry-run'],
      ]) {
        await look(...args)
        if (args[0] !== 'run' || args.length < 2) await look(...args, '--json')
      }
      await look('run', '-k', '--json')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through
      const steering = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/
      for (const text of said) assert.not.match(text, steering)
      assert.is(
        said.some((text) => text.includes('text')),
        true,
      )
      assert.is(fs.existsSync(join(home, 'P')), false)
    },
  ),
)

graphs(
  'names of files are names: no shell, no option, no pattern is made of them',
  withGraph(
    `import { readdirSync } from 'node:fs'
import { argv, defineGraph, task } from 'bitnet-tasks'
const names = readdirSync('odd').sort()
const a = task('a', () => ({
  inputs: ['odd/*'],
  outputs: ['out.json'],
  run: argv(process.execPath, '-e', 'require("fs").writeFileSync("out.json", JSON.stringify(process.argv.slice(1)))', '--', ...names),
}))
export default defineGraph({ tasks: [a] })
`,
    async ({ home, tasks }) => {
      fs.mkdirSync(join(home, 'odd'))
      const names = ['$(touch P)', "';touch P;'", '-rf', '*', '\n', '"', '\\', '`touch P`', '\x1b']
      for (const name of names) fs.writeFileSync(join(home, 'odd', name), '')
      const { code, stderr } = await tasks('run')
      assert.is(code, 0, stderr)
      const found = JSON.parse(fs.readFileSync(join(home, 'out.json'), 'utf8'))
      assert.equal(found, [...names].sort())
      assert.is(fs.existsSync(join(home, 'P')), false)
      assert.match((await tasks('run')).stderr, /^1 fresh/)
    },
  ),
)

graphs(
  'AC-174 help exit-codes is the table',
  inHome(async (home) => {
    const { code, stdout, stderr } = await bitnetTasks(['help', 'exit-codes'], { home })
    assert.is(code, 0)
    assert.is(stderr, '')
    const rows = EXIT_TABLE.map((row) => `  ${row.code} - ${row.meaning}`)
    const steps = EXIT_TABLE.map((row) => `  ${row.code}: ${row.recovery}`)
    assert.is(
      stdout,
      `Exit Codes:
${rows.join('\n')}
  130, 143 - Interrupted (Ctrl-C) or terminated

Recovery by Exit Code:
${steps.join('\n')}
`,
    )
    assert.match(stdout, '  0 - Backend available (ready for cross-validation)')
    assert.match(
      stdout,
      '  6 - Recursion detected during repair (internal error - report to maintainers)',
    )
    const topic = await bitnetTasks(['help', 'exit-code'], { home })
    assert.is(topic.code, 2)
    assert.match(topic.stderr, "no help topic is called 'exit-code'")
  }),
)

const COMMANDS = 'preflight run list plan explain status graph clean doctor env'.split(' ')
for (const command of COMMANDS)
  graphs(
    `AC-284 ${command} --help exits 0 and promises nothing vague`,
    inHome(async (home) => {
      for (const args of [
        [command, '--help'],
        ['help', command],
      ]) {
        const { code, stdout, stderr } = await bitnetTasks(args, { home })
        assert.is(code, 0)
        assert.is(stderr, '')
        assert.ok(stdout.startsWith(`Usage: bitnet-tasks ${command} `), stdout)
        assert.not.match(
          stdout,
          /when available|if available|backend available|runtime availability/,
        )
      }
    }),
  )

graphs(
  'AC-015 AC-016 AC-017 preflight --help says what it does and lists the exit codes',
  inHome(async (home) => {
    const { stdout } = await bitnetTasks(['preflight', '--help'], { home })
    assert.is(
      stdout.split('\n')[2],
      'Check C++ backend library detection and auto-repair if needed.',
    )
    assert.match(stdout, 'detected at BUILD TIME (when xtask was compiled)')
    assert.not.match(stdout, /when available/i)
    for (const { code, meaning } of EXIT_TABLE) assert.match(stdout, `  ${code} - ${meaning}\n`)
    assert.match(stdout, '\nRecovery by Exit Code:\n')
  }),
)

graphs(
  'a Node that is too old is told so in one line, with exit 5; one that is not runs',
  inHome(async (home) => {
    const as = (version: string): Promise<Ended> => {
      const hook = join(home, `node-${version}.cjs`)
      fs.writeFileSync(
        hook,
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })
Object.defineProperty(process, 'version', { value: 'v${version}' })
`,
      )
      return bitnetTasks(['--version'], { home, program: builtBin, node: ['--require', hook] })
    }
    for (const version of [
      '12.22.12',
      '18.20.8',
      '20.20.2',
      '22.21.1',
      '23.11.0',
      '24.14.0',
      '25.9.0',
    ]) {
      const { code, stdout, stderr } = await as(version)
      assert.is(
        stderr,
        `bitnet-tasks needs Node 22.22.2, 24.15, or 26 and newer; this is v${version}\n`,
      )
      assert.is(stdout, '')
      assert.is(code, 5)
    }
    for (const version of ['22.22.2', '24.15.0', '26.0.0'])
      assert.match((await as(version)).stdout, /^\d+\.\d+\.\d+\n$/, version)
  }),
)

graphs.run()
