// lint: what a node touches and does not declare, seen by the real strace.
import { once } from 'node:events'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { debianProgram } from '../support/debian.ts'
import { suite } from '../support/suite.ts'
import { inHome, newFolder, removeFolder, toolFolder } from './support/home.ts'
import { appears, inHomeOf } from './support/processes.ts'
import { bitnetTasks, start } from './support/program.ts'

const lint = suite('lint')
lint.before(() => {
  debianProgram('strace')
})

const GRAPH = `import { argv, defineGraph, probe, sh, task } from 'bitnet-tasks'
const good = task('good', () => ({
  inputs: ['a.in'],
  outputs: ['good.out'],
  run: sh\`cat a.in > good.out; t=$(mktemp); echo x > "$t"; rm "$t"\`,
}))
const sly = task('sly', () => ({
  inputs: ['a.in'],
  needs: [good()],
  outputs: ['sly.out'],
  run: [sh\`cd sub && cat ../b.in ../good.out > ../sly.out\`, sh\`echo x > "side é.log"; cp a.in sub/x1; cp a.in sub/x2\`],
}))
const odd = task('odd', () => ({ outputs: ['odd.out'], run: sh\`date +%N > odd.out\` }))
const object = task('object', () => ({
  inputs: ['m.c'], depfile: 'm.d', outputs: ['m.o'], run: sh\`cc -MD -c m.c -o m.o\`,
}))
const passing = task('passing', () => ({ run: sh\`echo > t; mv t u; rm u; mkdir d; rmdir d\` }))
const moves = task('moves', () => ({ run: sh\`mv victim moved; rm moved; ln -s sub lasting\` }))
const whole = task('whole', () => ({
  outputs: ['final/y'], run: sh\`mkdir -p st/x; echo 1 > st/x/y; rm -rf final; mv st/x final; rmdir st\`,
}))
const folders = task('folders', () => ({ run: sh\`mkdir -p st/x; echo 1 > st/x/y; mv st other; mv sub away\` }))
const link = task('link', () => ({ outputs: ['l'], run: sh\`ln -s b.in l\` }))
const hard = task('hard', () => ({ inputs: ['a.in'], outputs: ['h'], run: sh\`ln a.in h\` }))
const asks = probe('asks', { n: ['x'] }, () => ({ run: sh\`cat b.in\` }))
const clock = probe('clock', { n: ['x'] }, () => ({ run: sh\`date +%N\` }))
const sleeps = task('sleeps', () => ({ run: sh\`sleep 4711\` }))
const once = task('once', () => ({ run: sh\`rm -f victim\` }))
const eats = task('eats', () => ({ inputs: ['a.in'], outputs: ['eaten'], run: sh\`echo >> a.in; echo > eaten\` }))
const outside = task('outside', () => ({ env: ['THERE'], run: sh\`cat "$THERE"\` }))
const daemon = task('daemon', () => ({ run: argv('python3', 'talk.py') }))
const renames = task('renames', () => ({ clean: false, outputs: ['h/*'], run: sh\`rm -rf h; mkdir h; echo > h/$$\` }))
const bad = task('bad', () => ({ run: sh\`exit 4\` }))
export default defineGraph({ tasks: [good, sly, odd, object, passing, moves, whole, folders, link, hard, asks, clock, sleeps, once, eats, outside, daemon, renames, bad] })
`

function write(home: string): void {
  fs.mkdirSync(join(home, 'sub'))
  const files = {
    'bitnet.tasks.ts': GRAPH,
    'a.in': 'a\n',
    'b.in': 'b\n',
    'm.c': '#include "m.h"\n',
    'm.h': 'int x;\n',
    victim: '',
  }
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(join(home, name), text)
}

for (const node of ['good', 'object', 'passing', 'whole', 'link', 'hard'])
  lint(
    `${node} declares all: temporary files and headers of a depfile are no complaint`,
    inHome(async (home) => {
      write(home)
      const { code, stdout, stderr } = await bitnetTasks(['lint', node], { home })
      assert.is(stdout, `${node}: all that it reads and writes is declared\n`, stderr)
      assert.is(code, 0)
      assert.match((await bitnetTasks(['run', node], { home })).stderr, '1 fresh')
    }),
  )

lint(
  'what is read or written beside the declaration is named, one line for each folder',
  inHome(async (home) => {
    write(home)
    const { code, stdout } = await bitnetTasks(['lint', 'sly'], { home })
    assert.is(code, 1)
    assert.is(
      stdout,
      `reads what it does not declare; add it to inputs (or a depfile), or a program to tools: ${home}/b.in
writes what it does not declare; add it to outputs, or write below $TMPDIR: ${home}/side é.log
writes what it does not declare; add it to outputs, or write below $TMPDIR: ${home}/sub/x1 and 1 more in that folder
`,
    )
  }),
)

lint(
  'what a probe reads is seen, and what is gone after the first run',
  inHome(async (home) => {
    write(home)
    const asks = await bitnetTasks(['lint', 'asks[x]'], { home })
    assert.equal([asks.code, asks.stdout.split(': ')[1]], [1, `${home}/b.in\n`])
    const moves = await bitnetTasks(['lint', 'moves'], { home })
    assert.match(moves.stdout, `: ${home}/lasting and 1 more in that folder\n`)
    fs.writeFileSync(join(home, 'victim'), '')
    const once = await bitnetTasks(['lint', 'once'], { home })
    assert.equal([once.code, once.stdout.split(': ')[1]], [1, `${home}/victim\n`])
  }),
)

lint(
  'a folder that it moves takes along what is in it',
  inHome(async (home) => {
    write(home)
    fs.writeFileSync(join(home, 'sub/s'), '')
    const { code, stdout } = await bitnetTasks(['lint', 'folders'], { home })
    const named = stdout.split('\n').map((row) => row.split(': ')[1]?.slice(home.length))
    assert.equal([code, named.slice(0, -1)], [1, ['/away/s', '/other/x/y', '/sub/s']])
  }),
)

lint(
  'an input that it writes is named, and its declared output is not',
  inHome(async (home) => {
    write(home)
    const { code, stdout } = await bitnetTasks(['lint', 'eats'], { home })
    assert.is(code, 1)
    assert.match(stdout, `: ${home}/a.in\n`)
    assert.not.match(stdout, 'eaten')
  }),
)

const LISTING = `import { argv, defineGraph, sh, task } from 'bitnet-tasks'
const made = task('made', () => ({ outputs: ['out/x', 'out/y'], run: sh\`touch out/x out/y\` }))
const sources = task('sources', () => ({ inputs: ['src/**'] }))
const bare = { PYTHONDONTWRITEBYTECODE: '1' }
const covered = [
  task('shell', () => ({ inputs: ['src/*.c'], outputs: ['o'], run: sh\`cat src/*.c > o\` })),
  task('deep', () => ({ inputs: ['src/**'], outputs: ['o1'], run: sh\`find src -name '*.c' > o1; ls src/sub\` })),
  task('walk', () => ({ inputs: ['**'], run: sh\`find . -name '*.c'\` })),
  task('group', () => ({ needs: [sources()], outputs: ['o2'], run: sh\`ls src > o2\` })),
  task('ofneeds', () => ({ needs: [made()], outputs: ['o3'], run: sh\`cat out/* > o3\` })),
  task('copy', () => ({
    inputs: ['src/**'], outputs: ['cp/**'], clean: false,
    run: sh\`mkdir -p cp; rm -rf cp/src; cp -r src cp/src; ls cp cp/src\`,
  })),
  task('temporary', () => ({ inputs: ['src/a.c'], run: sh\`t=$(mktemp -d); cp src/a.c "$t"; ls "$t"; rm -rf "$t"\` })),
  task('compile', () => ({ inputs: ['src/a.c'], outputs: ['a.o'], depfile: 'a.d', run: sh\`cc -MD -c src/a.c -o a.o\` })),
  task('make', () => ({ inputs: ['Makefile', 'src/a.c'], outputs: ['app'], run: argv('make', '-B') })),
  task('rules', () => ({
    inputs: ['rules.mk', 'src/a.c', 'src/b.c', 'a.h'], outputs: ['rules/**'], run: argv('make', '-f', 'rules.mk'),
  })),
  task('wild', () => ({ inputs: ['wild.mk', 'src/*'], run: argv('make', '-f', 'wild.mk') })),
  task('python', () => ({ inputs: ['py/gen.py'], set: bare, run: argv('python3', 'py/gen.py') })),
  task('ninja', () => ({
    inputs: ['CMakeLists.txt', 'src/a.c'], outputs: ['build/**'],
    run: [argv('cmake', '-S', '.', '-B', 'build', '-G', 'Ninja'), argv('ninja', '-C', 'build')],
  })),
]
const uncovered = [
  task('all', () => ({ outputs: ['o4'], run: sh\`ls > o4\` })),
  task('literal', () => ({ inputs: ['src/a.c'], outputs: ['o5'], run: sh\`ls src > o5\` })),
  task('shallow', () => ({ inputs: ['src/*.c'], outputs: ['o6'], run: sh\`find src > o6\` })),
  task('tree', () => ({ run: sh\`find src\` })),
  task('without', () => ({ inputs: ['src/**', '!src/sub/**'], run: sh\`find src\` })),
  task('wildcard', () => ({ inputs: ['wild.mk', 'src/a.c', 'src/b.c'], run: argv('make', '-f', 'wild.mk') })),
  task('pattern', () => ({ inputs: ['pattern.mk', 'src/a.c', 'src/b.c'], run: argv('make', '-f', 'pattern.mk') })),
  task('here', () => ({ inputs: ['here.mk', 'a.h'], run: argv('make', '-f', 'here.mk') })),
  task('script', () => ({ set: bare, inputs: ['py/gen.py'], run: argv('python3', '-c', 'import os; os.listdir("src")') })),
]
export default defineGraph({ tasks: [made, sources, ...covered, ...uncovered] })
`

function writeListing(home: string): void {
  for (const folder of ['src/sub', 'py', '.git'])
    fs.mkdirSync(join(home, folder), { recursive: true })
  const files = {
    'bitnet.tasks.ts': LISTING,
    'src/a.c': 'int main(void) { return 0; }\n',
    'src/sub/b.c': 'int b;\n',
    'src/b.c': 'int b;\n',
    'a.h': '\n',
    Makefile: 'app: src/a.c\n\tcc src/a.c -o app\n',
    'wild.mk': 'S := $(wildcard src/*.c)\nall: $(S)\n\t@echo $(S)\n',
    'pattern.mk': 'all: src/*.c\n\t@echo $^\n',
    'here.mk': 'S = $(wildcard *.h)\nall: $(S)\n',
    // A name that is asked for with wildcard is looked up, and so is what a rule may be made from.
    'rules.mk': `T := $(realpath $(firstword $(MAKEFILE_LIST)))
H := $(wildcard a.h src/gone.c src)
-include $(wildcard rules.mk.more)
rules/all: rules/a.o rules/b.o
\tcat $^ > $@
rules/%.o: src/%.c $(H)
\t@mkdir -p rules; $(CC) -c $< -o $@
`,
    'py/gen.py': 'import json\n',
    'CMakeLists.txt':
      'cmake_minimum_required(VERSION 3.14)\nproject(p C)\nadd_library(app STATIC src/a.c)\n',
  }
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(join(home, name), text)
}

lint(
  'what it removes of its own outputs is no write of others',
  inHome(async (home) => {
    write(home)
    for (const time of ['first', 'second']) {
      const { stdout } = await bitnetTasks(['lint', 'renames'], { home })
      assert.is(stdout, 'renames: all that it reads and writes is declared\n', time)
    }
  }),
)

lint(
  'a folder that it lists is a read where no glob of its inputs covers it, and nothing of its own lies there',
  inHome(async (home) => {
    writeListing(home)
    // python3 may be a script of a version manager.
    const env = { PATH: `/usr/bin:${process.env['PATH']}` }
    const folders = async (node: string): Promise<unknown> => {
      const { stdout, stderr } = await bitnetTasks(['lint', node, '--json'], { home, env })
      assert.ok(stdout.startsWith('{'), stderr)
      const { complaints } = JSON.parse(stdout) as {
        complaints: readonly { kind: string; path: string; also: number }[]
      }
      return complaints.map(({ kind, path, also }) => [kind, path.slice(home.length), also])
    }
    for (const [, node = ''] of LISTING.matchAll(/task\('(\w+)'/g)) {
      const expected = UNCOVERED[node]
      assert.equal(await folders(node), expected === undefined ? [] : [['list', ...expected]], node)
    }
    // The folders of the first time are there still.
    for (const node of ['ninja', 'copy']) assert.equal(await folders(node), [], `${node} again`)
    const { code, stdout } = await bitnetTasks(['lint', 'tree'], { home, env })
    assert.is(code, 1)
    assert.is(
      stdout,
      `lists a folder that no glob of its inputs covers; add one: ${home}/src, and 1 folder below it\n`,
    )
    assert.is(
      (await bitnetTasks(['lint', 'without'], { home, env })).stdout,
      `lists a folder that a '!' of its inputs takes away; have the command leave it out too, or take that pattern away: ${home}/src/sub\n`,
    )
  }),
)

const UNCOVERED: Readonly<Record<string, readonly [folder: string, below: number]>> = {
  all: ['', 0],
  literal: ['/src', 0],
  shallow: ['/src/sub', 0],
  tree: ['/src', 1],
  without: ['/src/sub', 0],
  wildcard: ['/src', 0],
  pattern: ['/src', 0],
  here: ['', 0],
  script: ['/src', 0],
}

lint(
  'a file that lies in a temporary folder and was not written by it counts as any other',
  inHome(async (home) => {
    write(home)
    const other = newFolder()
    try {
      fs.writeFileSync(join(other, 'there'), '')
      const env = { THERE: join(other, 'there') }
      const { code, stdout } = await bitnetTasks(['lint', 'outside'], { home, env })
      assert.equal([code, stdout.split(': ')[1]], [1, `${fs.realpathSync(other)}/there\n`])
    } finally {
      removeFolder(other)
    }
  }),
)

lint(
  'a node that lets a daemon work for it is not proved',
  inHome(async (home) => {
    write(home)
    const socket = join(home, 'sock')
    fs.writeFileSync(
      join(home, 'talk.py'),
      `import socket; socket.socket(socket.AF_UNIX).connect(${JSON.stringify(socket)})\n`,
    )
    const server = createServer().listen(socket)
    await once(server, 'listening')
    try {
      const { code, stdout } = await bitnetTasks(['lint', 'daemon'], { home })
      assert.is(code, 1)
      assert.match(stdout, `nothing is proved: a program spoke with ${socket}, and`)
    } finally {
      server.close()
    }
  }),
)

for (const more of [[], ['--twice']])
  lint(
    `Ctrl-C ends what lint ${more.join('')} runs, and leaves no trace behind`,
    inHome(async (home) => {
      write(home)
      fs.mkdirSync(join(home, 'tmp'))
      const env = { TMPDIR: join(home, 'tmp') }
      const running = start(['lint', 'sleeps', ...more], { home, env })
      await appears(home, /^sleep 4711/)
      running.child.kill('SIGINT')
      assert.is((await running.ended).code, 130)
      assert.equal(inHomeOf(home), [])
      assert.equal(fs.readdirSync(join(home, 'tmp')), [])
    }),
  )

const CMAKE = `import { argv, defineGraph, sh, task } from 'bitnet-tasks'
import { cmakeInputs, cmakeRoots } from 'bitnet-tasks/repair'
const read = cmakeInputs('build', [argv('cmake', '-S', 'src', '-B', 'build')])
const fields = {
  depfile: read.depfile, inputs: ['src/CMakeLists.txt'], clean: false, store: false,
  outputs: ['build/**', '!build/.cmake/**'],
} as const
const configure = task('configure', () => ({ ...fields, run: read.run }))
const also = task('also', { n: ['x'] }, () => ({ run: [...cmakeInputs('b2', [sh\`cat README\`]).run] }))
export default defineGraph({ tasks: [configure, also], roots: cmakeRoots() })
`

lint(
  'what cmakeInputs() reads of this package, and asks of cmake, is its own affair; all else is not',
  inHome(async (home) => {
    fs.mkdirSync(join(home, 'src'))
    const listfile = join(home, 'src/CMakeLists.txt')
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), CMAKE)
    fs.writeFileSync(join(home, 'README'), '')
    fs.writeFileSync(join(home, 'src/more.cmake'), '')
    fs.writeFileSync(listfile, 'cmake_minimum_required(VERSION 3.14)\nproject(a NONE)\n')
    const at = (node: string) => bitnetTasks(['lint', node], { home })
    const good = 'configure: all that it reads and writes is declared\n'
    assert.is((await at('configure')).stdout, good)
    // cmake removes its former reply, and writes it under another name.
    fs.appendFileSync(listfile, 'include(more.cmake)\n')
    assert.is((await at('configure')).stdout, good)
    const { code, stdout } = await at('also')
    assert.is(code, 1)
    assert.match(stdout, /^reads [^\n]*\/README\nwrites [^\n]*\/b2\/cmake-inputs\.d\n$/)
  }),
)

const TOOL =
  '#!/bin/sh\nhere=$(dirname "$0")\ncat "$here/../lib/data" "$here/../data" "$here/../library"\n'

lint(
  'what a declared program has installed beside it is its own, and nothing else is',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { argv, defineGraph, task } from 'bitnet-tasks'
export default defineGraph({ tasks: [task('tooled', () => ({ run: argv('tool') }))] })
`,
    )
    const complaints = async (prefix: string, more = {}): Promise<readonly string[]> => {
      for (const folder of ['bin', 'lib']) fs.mkdirSync(join(prefix, folder), { recursive: true })
      for (const file of ['lib/data', 'data', 'library']) fs.writeFileSync(join(prefix, file), '')
      fs.writeFileSync(join(prefix, 'bin/tool'), TOOL, { mode: 0o755 })
      const env = { PATH: `${join(prefix, 'bin')}:${process.env['PATH']}`, ...more }
      const { stdout } = await bitnetTasks(['lint', 'tooled', '--json'], { home, env })
      return JSON.parse(stdout).complaints.map(({ path, also }: { path: string; also: number }) => [
        path.slice(fs.realpathSync(prefix).length),
        also,
      ])
    }
    const other = newFolder()
    try {
      assert.equal(await complaints(other), [['/data', 1]])
      const all = [
        ['/data', 1],
        ['/lib/data', 0],
      ]
      assert.equal(await complaints(other, { HOME: other }), all)
      assert.equal(await complaints(join(home, 'tools')), all)
    } finally {
      removeFolder(other)
    }
  }),
)

lint(
  'a program counts by each of its names, and Node is seen like any other',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { argv, defineGraph, sh, task } from 'bitnet-tasks'
const declared = task('declared', () => ({ inputs: ['a.mjs'], run: argv('linked', 'a.mjs') }))
const hidden = task('hidden', () => ({ inputs: ['a.mjs'], run: sh\`linked a.mjs\` }))
export default defineGraph({ tasks: [declared, hidden] })
`,
    )
    fs.writeFileSync(join(home, 'b.txt'), '')
    const script = "import { readFile } from 'node:fs/promises'\nawait readFile('b.txt')\n"
    fs.writeFileSync(join(home, 'a.mjs'), script)
    // Neither lies where programs of the system do.
    fs.mkdirSync(join(home, 'real'))
    fs.mkdirSync(join(home, 'bin'))
    fs.copyFileSync(process.execPath, join(home, 'real/one'))
    fs.symlinkSync(join(home, 'real/one'), join(home, 'bin/linked'))
    const env = { PATH: `${join(home, 'bin')}:${process.env['PATH']}` }
    const at = async (node: string) => (await bitnetTasks(['lint', node], { home, env })).stdout
    const read = (path: string): string =>
      `reads what it does not declare; add it to inputs (or a depfile), or a program to tools: ${home}/${path}\n`
    assert.is(await at('declared'), read('b.txt'))
    assert.is(await at('hidden'), read('b.txt') + read('real/one'))
  }),
)

lint(
  '--twice compares what two runs made',
  inHome(async (home) => {
    write(home)
    const odd = await bitnetTasks(['lint', 'odd', '--twice'], { home })
    assert.equal([odd.code, odd.stdout], [1, 'two runs made different bytes: odd.out\n'])
    const asks = await bitnetTasks(['lint', 'asks[x]', '--twice'], { home })
    assert.equal([asks.code, asks.stdout], [0, 'asks[x]: two runs gave the same answer\n'])
    const clock = await bitnetTasks(['lint', 'clock[x]', '--twice'], { home })
    assert.equal([clock.code, clock.stdout], [1, 'two runs made different bytes: its answer\n'])
    const good = await bitnetTasks(['lint', 'good', '--twice'], { home })
    assert.equal([good.code, good.stdout], [0, 'good: two runs made the same 1 file\n'])
  }),
)

lint(
  'a node that fails, and a machine without strace, prove nothing and say so',
  inHome(async (home) => {
    write(home)
    const bad = await bitnetTasks(['lint', 'bad'], { home })
    assert.is(bad.code, 1)
    assert.match(bad.stderr, 'command failed with exit code 4')
    const tools = toolFolder(join(home, 'bin'), ['sh', 'cat', 'mktemp', 'rm', 'flock'])
    const none = await bitnetTasks(['lint', 'sly'], { home, env: { PATH: tools } })
    assert.is(none.code, 5)
    const sudo = process.getuid?.() === 0 ? '' : 'sudo '
    assert.is(
      none.stderr,
      `lint needs 'strace', which is not on PATH\n  hint: install it: ${sudo}apt-get install strace\n`,
    )
    assert.not(fs.existsSync(join(home, 'good.out')), 'what it needs did not run')
    assert.is(
      (await bitnetTasks(['lint', 'good', '--twice'], { home, env: { PATH: tools } })).code,
      0,
    )
  }),
)

lint.run()
