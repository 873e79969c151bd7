// lint: what a node touches and does not declare, seen by the real strace.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { debianProgram } from '../support/debian.ts'
import { suite } from '../support/suite.ts'
import { inHome, toolFolder } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

const lint = suite('lint')
lint.before(() => {
  debianProgram('strace')
})

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
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
const bad = task('bad', () => ({ run: sh\`exit 4\` }))
export default defineGraph({ tasks: [good, sly, odd, object, bad] })
`

function write(home: string): void {
  fs.mkdirSync(join(home, 'sub'))
  const files = {
    'bitnet.tasks.ts': GRAPH,
    'a.in': 'a\n',
    'b.in': 'b\n',
    'm.c': '#include "m.h"\n',
    'm.h': 'int x;\n',
  }
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(join(home, name), text)
}

for (const node of ['good', 'object'])
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
      `reads what it does not declare; add it to inputs (or a depfile): ${home}/b.in
writes what it does not declare; add it to outputs, or write below $TMPDIR: ${home}/side é.log
writes what it does not declare; add it to outputs, or write below $TMPDIR: ${home}/sub/x1 and 1 more in that folder
`,
    )
  }),
)

lint(
  '--twice compares what two runs made',
  inHome(async (home) => {
    write(home)
    const odd = await bitnetTasks(['lint', 'odd', '--twice'], { home })
    assert.equal([odd.code, odd.stdout], [1, 'two runs made different bytes: odd.out\n'])
    const good = await bitnetTasks(['lint', 'good', '--twice'], { home })
    assert.equal([good.code, good.stdout], [0, 'good: two runs made the same 1 files\n'])
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
    const none = await bitnetTasks(['lint', 'good'], { home, env: { PATH: tools } })
    assert.is(none.code, 2)
    assert.match(
      none.stderr,
      "lint needs 'strace', which is not on PATH\n  hint: apt-get install strace",
    )
  }),
)

lint.run()
