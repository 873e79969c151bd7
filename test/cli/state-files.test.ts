// A state folder in which something else lies than what was put there: by hand, by a copy, by another program.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { type At, withParts } from './support/parts-graph.ts'
import { bitnetTasks } from './support/program.ts'

const state = suite('what lies in the state folder')

type Other = 'folder' | 'file' | 'link' | 'fifo'

function put(path: string, other: Other): void {
  fs.rmSync(path, { recursive: true, force: true })
  if (other === 'folder') {
    fs.mkdirSync(path)
    fs.writeFileSync(join(path, 'theirs'), '')
  } else if (other === 'link') fs.symlinkSync('nowhere', path)
  else if (other === 'fifo') execFileSync('mkfifo', [path])
  else fs.writeFileSync(path, 'theirs\n')
}

async function runs({ home }: Pick<At, 'home'>): Promise<void> {
  for (const words of [['run', 'all'], ['plan'], ['run', 'all', '--force'], ['run', 'all']]) {
    const { code, stderr } = await bitnetTasks(words, { home })
    assert.is(code, 0, `${words}: ${stderr}`)
  }
}

const MEMORIES = ['snapshot', 'seal', 'seal-amended', 'graph', 'names', 'runs', 'cache']

for (const other of ['folder', 'file', 'link', 'fifo'] as const)
  state(
    `a ${other} in the place of what only spares work is as if nothing were there, and stays`,
    withParts(async ({ home }) => {
      await runs({ home })
      const paths = MEMORIES.map((name) => join(home, '.bitnet-tasks', name))
      for (const path of paths) put(path, other)
      await runs({ home })
      for (const path of other === 'folder' ? paths : [])
        assert.ok(fs.existsSync(join(path, 'theirs')), path)
    }),
  )

state(
  'wildcards of outputs never reach into it: its logs are no output, and stay when that is cleaned',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({
  outputs: ['**/*.log', '.bitnet-*/journal'],
  run: sh\`mkdir -p d .bitnet-x; echo told; echo 1 > d/x.log; echo 2 > .bitnet-x/journal\`,
}))
export default defineGraph({ tasks: [a] })
`,
    )
    const first = await bitnetTasks(['run'], { home })
    assert.is(first.code, 0, first.stderr)
    assert.is((await bitnetTasks(['run'], { home })).stderr, '1 fresh\n')
    const { stdout } = await bitnetTasks(['clean', '--json'], { home })
    assert.equal(JSON.parse(stdout).removed, ['.bitnet-x/journal', 'd/x.log'])
    assert.is((await bitnetTasks(['logs', 'a'], { home })).stdout, 'told\n')
  }),
)

const NEEDED: readonly (readonly [name: string, wanted: string, other: Other, is: string])[] = [
  ['.bitnet-tasks/journal', 'file', 'folder', 'a folder'],
  ['.bitnet-tasks/journal', 'file', 'link', 'a link'],
  ['.bitnet-tasks/journal', 'file', 'fifo', 'a special file'],
  ['.bitnet-tasks/lock', 'file', 'folder', 'a folder'],
  ['.bitnet-tasks/lock', 'file', 'link', 'a link'],
  ['.bitnet-tasks/logs', 'folder', 'file', 'a file'],
  ['.bitnet-tasks/logs', 'folder', 'link', 'a link'],
  ['.bitnet-tasks', 'folder', 'file', 'a file'],
  ['.bitnet-tasks', 'folder', 'link', 'a link'],
]

state(
  'what cannot be done without is named, with a command that moves away what is there',
  withParts(async (at) => {
    const home = join(at.home, "it's here")
    fs.mkdirSync(home)
    for (const file of ['bitnet.tasks.ts', 'a.txt', 'b.txt'])
      fs.copyFileSync(join(at.home, file), join(home, file))
    for (const [name, wanted, other, is] of NEEDED) {
      assert.is((await bitnetTasks(['run'], { home })).code, 0)
      const path = join(home, name)
      put(path, other)
      const { code, stderr } = await bitnetTasks(['run', '--force'], { home })
      const [said, hint = ''] = stderr.split('\n  hint: move it away: ')
      assert.equal([code, said], [1, `'${path}' is ${is}, and should be a ${wanted}`])
      execFileSync('sh', ['-c', hint])
      assert.ok(fs.lstatSync(`${path}.away`, { throwIfNoEntry: false }), hint)
      assert.is((await bitnetTasks(['run'], { home })).code, 0)
      fs.rmSync(`${path}.away`, { recursive: true })
    }
  }),
)

state(
  'a record that is none keeps nobody from the other runs, and is named with its path',
  withParts(async ({ home }) => {
    await bitnetTasks(['run'], { home })
    const path = join(home, '.bitnet-tasks/runs/20000101-000000-000.ndjson')
    const said = `the record of the run '20000101-000000-000' cannot be read: '${path}' does not begin as one\n  hint: look at it, and where it is of no use: rm -r ${path}\n`
    for (const other of ['folder', 'file', 'link', 'fifo'] as const) {
      put(path, other)
      const all = await bitnetTasks(['runs'], { home })
      assert.equal([all.code, all.stderr, all.stdout.split('\n').length], [0, said, 2])
      const one = await bitnetTasks(['report', '--run', '20000101'], { home })
      assert.equal([one.code, one.stderr], [2, said])
    }
  }),
)

state(
  'a folder in the place of a log, and a file above a state folder, are named',
  withParts(async ({ home, write, read }) => {
    const log = join(home, '.bitnet-tasks/logs/part_a.1.log')
    fs.mkdirSync(log, { recursive: true })
    const logged = await bitnetTasks(['run', '-q'], { home })
    assert.equal(
      [logged.code, logged.stderr],
      [
        1,
        `part[a]: EISDIR: illegal operation on a directory, unlink '${log}'\n  full log: ${log}\n  hint: look what lies there: ls -ld ${log}\n`,
      ],
    )
    write('other.ts', read('bitnet.tasks.ts'))
    write('.bitnet-tasks/of', '')
    const { code, stderr } = await bitnetTasks(['run', '-f', 'other.ts'], { home })
    const of = join(home, '.bitnet-tasks/of')
    assert.equal(
      [code, stderr],
      [1, `'${of}' is a file, and should be a folder\n  hint: move it away: mv ${of} ${of}.away\n`],
    )
  }),
)

const MISPLACED: readonly (readonly [name: string, other: Other, said: string])[] = [
  ['bitnet_locks', 'file', "cannot make the folder 'PATH': EEXIST"],
  ['bitnet_locks', 'link', "cannot make the folder 'PATH': EEXIST"],
  ['bitnet-tasks', 'file', "'PATH' is a file, and should be a folder"],
  ['bitnet-tasks', 'link', "'PATH' is a link, and should be a folder"],
]

state(
  'a preflight names what lies where its locks and its state go, and says how to move it away',
  inHome(async (home) => {
    fs.mkdirSync(join(home, '.cache'))
    for (const [name, other, said] of MISPLACED) {
      const path = join(home, '.cache', name)
      put(path, other)
      const words = ['preflight', '--backend', 'llama', '--offline', '--repair=auto']
      const { code, stderr } = await bitnetTasks(words, { home })
      assert.is(code, 1, stderr)
      assert.match(stderr, said.replace('PATH', path))
      assert.match(stderr, `mv ${path} `)
      fs.rmSync(path)
    }
  }),
)

state(
  'a folder in the place of the history is named by who asks for it, and keeps nobody from a repair',
  inHome(async (home) => {
    const log = join(home, '.cache/bitnet-tasks/repair.log')
    fs.mkdirSync(log, { recursive: true })
    const asked = await bitnetTasks(['history'], { home })
    assert.equal(
      [asked.code, asked.stderr],
      [
        1,
        `cannot read '${log}': illegal operation on a directory (EISDIR)\n  hint: look at it: ls -ld ${log}\n`,
      ],
    )
    // It gets as far as the lock.
    put(join(home, '.cache/bitnet_locks'), 'file')
    const words = ['preflight', '--backend', 'llama', '--offline', '--repair=auto']
    assert.match((await bitnetTasks(words, { home })).stderr, 'cannot make the folder ')
  }),
)

state.run()
