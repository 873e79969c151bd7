// timeout: 240
// watch on the real machine: what is heard, what is not, what runs, and the terminal afterwards.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as assert from 'uvu/assert'

import { LEAVES_PASTE, MARKS_PASTE } from '../../src/key-reader.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { asNobody } from './support/nobody.ts'
import { inHomeOf, leftIn, untilAll } from './support/processes.ts'
import { bin, bitnetTasks, start } from './support/program.ts'
import { openTerminal, type Terminal } from './support/terminal.ts'
import { endAll, WatchProcess } from './support/watching.ts'

const watch = suite('watch')

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'

const all = task('all', () => ({
  inputs: ['src/**/*.txt'],
  outputs: ['out/all'],
  run: sh\`find src -name '*.txt' | LC_ALL=C sort | xargs cat > out/all\`,
}))
export default defineGraph({ tasks: [all] })
`

interface At {
  readonly home: string
  readonly write: (name: string, text: string) => void
  readonly read: (name: string) => string
}

/** A home that is also the folder of a graph with some sources. */
function withGraph(text: string, body: (at: At) => Promise<void>): () => Promise<void> {
  return inHome(async (home) => {
    const write = (name: string, content: string): void => {
      fs.mkdirSync(join(home, name, '..'), { recursive: true })
      fs.writeFileSync(join(home, name), content)
    }
    write('bitnet.tasks.ts', text)
    write('src/a.txt', 'a\n')
    write('src/b.txt', 'b\n')
    try {
      await body({ home, write, read: (name) => fs.readFileSync(join(home, name), 'utf8') })
    } finally {
      await endAll()
    }
  })
}

/** Every source of the folder, as the graph's only command puts them together. */
function expected(home: string): string {
  const names = fs
    .readdirSync(join(home, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt'))
    .sort((a, b) => (`src/${a}` < `src/${b}` ? -1 : 1))
  return names.map((name) => fs.readFileSync(join(home, 'src', name), 'utf8')).join('')
}

const CHANGES: readonly (readonly [string, (home: string) => void])[] = [
  ['a write', (home) => fs.appendFileSync(join(home, 'src/a.txt'), 'more\n')],
  [
    'a save by rename',
    (home) => {
      fs.writeFileSync(join(home, 'src/a.txt~'), 'saved\n')
      fs.renameSync(join(home, 'src/a.txt~'), join(home, 'src/a.txt'))
    },
  ],
  ['a new file', (home) => fs.writeFileSync(join(home, 'src/c.txt'), 'c\n')],
  ['a file that goes', (home) => fs.rmSync(join(home, 'src/c.txt'))],
  [
    'a new folder with files, at once',
    (home) => {
      fs.mkdirSync(join(home, 'src/deep/er'), { recursive: true })
      fs.writeFileSync(join(home, 'src/deep/er/d.txt'), 'd\n')
    },
  ],
  [
    'an edit in the new folder',
    (home) => fs.appendFileSync(join(home, 'src/deep/er/d.txt'), 'more\n'),
  ],
  [
    'the folder of sources, removed and made again at once',
    (home) => {
      fs.rmSync(join(home, 'src'), { recursive: true })
      fs.mkdirSync(join(home, 'src'))
      fs.writeFileSync(join(home, 'src/a.txt'), 'again\n')
    },
  ],
  ['an edit in the folder made again', (home) => fs.appendFileSync(join(home, 'src/a.txt'), '2\n')],
  [
    'another folder in its place',
    (home) => {
      fs.mkdirSync(join(home, 'other'))
      fs.writeFileSync(join(home, 'other/o.txt'), 'other\n')
      fs.renameSync(join(home, 'src'), join(home, 'old'))
      fs.renameSync(join(home, 'other'), join(home, 'src'))
    },
  ],
  ['an edit in that one', (home) => fs.appendFileSync(join(home, 'src/o.txt'), '2\n')],
]

watch(
  'every kind of change is seen, and each is one run',
  withGraph(GRAPH, async ({ home, read }) => {
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    assert.equal(watching.started, ['all'])
    for (const [i, [what, change]] of CHANGES.entries()) {
      change(home)
      await watching.next('done')
      await watching.next('idle')
      assert.is(read('out/all'), expected(home), what)
      assert.is(watching.runs, i + 2, what)
    }
    const { code, stderr } = await watching.end()
    assert.is(code, 143)
    assert.is(stderr, '')
  }),
)

watch(
  '2,000 files at once are one run, and none is missed',
  withGraph(GRAPH, async ({ home, read, write }) => {
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    for (let i = 0; i < 2000; i++) write(`src/${i % 40}/${i}.txt`, `${i}\n`)
    await watching.next('idle')
    while (read('out/all') !== expected(home)) await watching.next('idle')
    assert.ok(watching.started.length <= 3, `${watching.started.length} starts`)
    fs.appendFileSync(join(home, 'src/39/39.txt'), 'more\n')
    await watching.next('idle')
    assert.is(read('out/all'), expected(home))
    await watching.end()
  }),
)

watch(
  'a checkout of another branch is one run',
  withGraph(GRAPH, async ({ home, read, write }) => {
    const git = (...args: string[]): void => {
      const config = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main']
      execFileSync('git', [...config, ...args], { cwd: home, stdio: 'ignore' })
    }
    write('.gitignore', 'out\n')
    for (let i = 0; i < 200; i++) write(`src/${i % 9}/${i}.txt`, `one ${i}\n`)
    git('init')
    git('add', '.')
    git('commit', '-qm', 'one')
    git('checkout', '-qb', 'two')
    for (let i = 0; i < 200; i++) write(`src/${i % 9}/${i}.txt`, `two ${i}\n`)
    git('commit', '-qam', 'two')
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    git('checkout', '-q', 'main')
    await watching.next('idle')
    while (read('out/all') !== expected(home)) await watching.next('idle')
    assert.ok(watching.started.length <= 3, `${watching.started.length} starts`)
    await watching.end()
  }),
)

watch(
  'an edit of what a running node reads ends its processes and starts it again',
  withGraph(
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const long = task('long', () => ({
  inputs: ['src/a.txt'], outputs: ['out/long'],
  run: sh\`grep -q short src/a.txt || sleep 1234; cp src/a.txt out/long\`,
}))
const other = task('other', () => ({
  inputs: ['src/b.txt'], outputs: ['out/other'], run: sh\`while [ ! -f go ]; do sleep 0.02; done; cp src/b.txt out/other\`,
}))
export default defineGraph({ tasks: [long, other] })
`,
    async ({ home, write, read }) => {
      const watching = new WatchProcess([], { home })
      await watching.next('started', ({ node }) => node === 'other')
      const sleeping = () => inHomeOf(home).filter(({ command }) => command === 'sleep 1234').length
      while (sleeping() === 0) await pause(20)
      write('src/a.txt', 'short\n')
      const reopened = await watching.next('reopened')
      assert.equal(reopened.nodes, ['long'])
      const stale = await watching.next('stale')
      const [reason] = stale.reasons
      assert.equal(
        [reason?.kind, reason && 'name' in reason && reason.name],
        ['input-changed', 'src/a.txt'],
      )
      await watching.next(
        'finished',
        ({ node, outcome }) => node === 'long' && outcome === 'changed',
      )
      assert.is(sleeping(), 0)
      write('go', '')
      await watching.next('idle')
      assert.equal(watching.started, ['long', 'other', 'long'])
      assert.is(read('out/long'), 'short\n')
      await watching.end()
    },
  ),
)

watch(
  'the graph file and what it imports are evaluated again; a broken one is told with its line',
  withGraph(
    `import { defineGraph } from 'bitnet-tasks'
import { made } from './made.ts'
export default defineGraph({ tasks: [made] })
`,
    async ({ home, write, read }) => {
      const made = (text: string): string => `import { sh, task } from 'bitnet-tasks'
export const made = task('made', () => ({ outputs: ['out/made'], run: sh\`echo ${text} > out/made\` }))
`
      write('made.ts', made('one'))
      const watching = new WatchProcess([], { home })
      await watching.next('idle')
      write('made.ts', made('two'))
      await watching.next('loaded')
      await watching.next('idle')
      assert.is(read('out/made'), 'two\n')
      write('made.ts', `${made('three')}nonsense here\n`)
      const { error } = await watching.next('stopped')
      assert.match(error.message, /made\.ts:3|bitnet\.tasks\.ts/)
      await watching.next('idle')
      fs.rmSync(join(home, 'made.ts'))
      const gone = await watching.next('stopped')
      assert.match(gone.error.message, /made\.ts/)
      await watching.next('idle')
      write('made.ts', made('four'))
      await watching.next('loaded')
      await watching.next('idle')
      assert.is(read('out/made'), 'four\n')
      await watching.end()
    },
  ),
)

for (const [what, file, importing] of [
  ['the graph file', 'bitnet.tasks.ts', './made.ts'],
  ['a folder of what it imports', 'now', './now/made.ts'],
] as const)
  watch(
    `a link to ${what} that leads elsewhere is followed`,
    withGraph(GRAPH, async ({ home, write, read }) => {
      const at = (path: string): string => join(home, path)
      fs.rmSync(at('bitnet.tasks.ts'))
      for (const name of ['one', 'two', 'three']) {
        const graph = `import { defineGraph } from 'bitnet-tasks'
import { made } from '${importing}'
export default defineGraph({ tasks: [made] })
`
        write(`${name}/bitnet.tasks.ts`, graph)
        write(
          `${name}/made.ts`,
          `import { sh, task } from 'bitnet-tasks'
export const made = task('made', () => ({ outputs: ['out/made'], run: sh\`echo ${name} > out/made\` }))
`,
        )
      }
      if (file === 'now') fs.copyFileSync(at('one/bitnet.tasks.ts'), at('bitnet.tasks.ts'))
      const isFolder = file === 'now'
      const lead = (name: string): void => {
        fs.symlinkSync(isFolder ? name : `${name}/bitnet.tasks.ts`, at('next'))
        fs.renameSync(at('next'), at(file))
      }
      lead('one')
      const watching = new WatchProcess([], { home })
      await watching.next('idle')
      assert.is(read('out/made'), 'one\n')
      for (const name of ['two', 'three']) {
        lead(name)
        await watching.next('loaded')
        await watching.next('idle')
        assert.is(read('out/made'), `${name}\n`)
      }
      await watching.end()
    }),
  )

watch(
  'a graph file that goes is told, and waited for: some editors save so, and another branch may have none',
  withGraph(GRAPH, async ({ home, write, read }) => {
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    fs.rmSync(join(home, 'bitnet.tasks.ts'))
    const { error } = await watching.next('stopped')
    assert.is(error.message, `there is no graph file '${join(home, 'bitnet.tasks.ts')}'`)
    await watching.next('idle')
    write('src/a.txt', 'edited\n')
    write('bitnet.tasks.ts', GRAPH)
    await watching.next('loaded')
    await watching.next('idle')
    assert.is(read('out/all'), expected(home))
    await watching.end()
  }),
)

watch(
  'a graph that is broken at the start, and a node that there is not, are exit 2 and no answer',
  withGraph('export default 1\n', async ({ home, write }) => {
    for (const flags of [[], ['--json']]) {
      write('bitnet.tasks.ts', 'export default 1\n')
      const broken = await bitnetTasks(['watch', ...flags], { home })
      assert.equal([broken.code, broken.stdout], [2, ''])
      assert.match(broken.stderr, /its default export is no graph/)
      write('bitnet.tasks.ts', GRAPH)
      const unknown = await bitnetTasks(['watch', 'al', ...flags], { home })
      assert.equal([unknown.code, unknown.stdout], [2, ''])
      assert.match(unknown.stderr, "did you mean 'all'?")
    }
  }),
)

watch(
  'while it waits others may run, and what they have run is not run again',
  withGraph(GRAPH, async ({ home, write, read }) => {
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    const ran = await bitnetTasks(['run', '--force'], { home })
    assert.is(ran.code, 0, ran.stderr)
    write('src/a.txt', 'after\n')
    await watching.next('finished', ({ outcome }) => outcome === 'changed')
    assert.equal(watching.started, ['all', 'all'])
    assert.is(read('out/all'), 'after\nb\n')
    await watching.end()
  }),
)

// The kernel's own limit, in a namespace of ours; where that is forbidden, watching is made to fail as it would.
const isFree = spawnSync('unshare', ['-Ur', 'true']).status === 0
const limited = (limit: string, most: number): readonly string[] => {
  const line = `echo ${most} > /proc/sys/user/${limit}; exec "$@"`
  return ['unshare', '-Ur', 'sh', '-c', line, 'sh']
}
const noRoom = (
  errno: string,
  most: number,
): string => `const fs = require('node:fs'); const { watch } = fs; let room = ${most}
fs.watch = (...args) => { if (--room > 0) return watch(...args)
  throw Object.assign(new Error('${errno}: no more file watchers'), { code: '${errno}' }) }
require('node:module').syncBuiltinESMExports()
`

for (const [errno, limit, most] of [
  ['ENOSPC', 'max_inotify_watches', 12],
  ['EMFILE', 'max_inotify_instances', 0],
] as const)
  watch(
    `at the limit of ${limit} it says ${errno} once, looks by itself, and misses nothing`,
    withGraph(GRAPH, async ({ home, write, read }) => {
      for (let i = 0; i < 40; i++) write(`src/${i}/x.txt`, `${i}\n`)
      write('no-room.cjs', noRoom(errno, most))
      const way = isFree
        ? { before: limited(limit, most) }
        : { node: ['--require', join(home, 'no-room.cjs')] }
      const watching = new WatchProcess([], { home, ...way })
      await watching.next('idle')
      for (let i = 0; i < 40; i += 13) {
        write(`src/${i}/x.txt`, `edit ${i}\n`)
        await watching.next('idle')
        assert.is(read('out/all'), expected(home))
      }
      const told = watching.events.filter((event) => event.type === 'polling')
      assert.is(told.length, 1)
      assert.is(told[0]?.errno, errno)
      assert.is((await watching.end()).stderr, '')
    }),
  )

watch(
  'where it looks by itself its last line says so, and not that folders are watched',
  withGraph(GRAPH, async ({ home, write }) => {
    write('no-room.cjs', noRoom('EMFILE', 0))
    const running = start(['watch'], { home, node: ['--require', join(home, 'no-room.cjs')] })
    await running.says('1 node up to date; a look every 1 s\n')
    running.child.kill('SIGTERM')
    const { stderr } = await running.ended
    assert.is(stderr.split('cannot watch').length, 2)
    assert.match(stderr, '(EMFILE): looking every 1 s instead\n  hint: allow more watchers')
  }),
)

// A terminal

/** Runs a line of bash there. */
function inTerminal(home: string, line: string): Terminal {
  return openTerminal(home, line, { SHELL: '/bin/bash' })
}

const WATCH = `${process.execPath} ${bin} watch`
const AFTER = `{ echo "[code $?]"; stty -a; }`

watch(
  'in a terminal: keys explain, show a log, run again, force and quit; the last line says what goes on',
  withGraph(
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const check = task('check', () => ({
  inputs: ['src/a.txt'], run: sh\`echo looked at it; grep -q good src/a.txt\`,
}))
export default defineGraph({ tasks: [check] })
`,
    async ({ home, write }) => {
      const { type, sees, ended } = inTerminal(home, `${WATCH}; ${AFTER}`)
      await sees('check failed')
      await sees('not up to date: check')
      await sees('r rerun  f force  e explain  l log  q quit')
      type('e')
      await sees('- it has not run yet')
      type('l')
      await sees('looked at it')
      type('r')
      await sees('check started')
      await sees('not up to date')
      write('src/a.txt', 'good\n')
      await sees("the input 'src/a.txt' changed")
      await sees('1 node up to date')
      type('f')
      await sees('it was forced')
      await sees('1 node up to date')
      type('q')
      const { screen } = await ended
      assert.match(screen, '[code 0]')
      isWhole(screen)
    },
  ),
)

watch(
  'in a terminal: what is pasted, arrows and Alt with a letter are no keys',
  withGraph(GRAPH, async ({ home }) => {
    const { type, sees, ended } = inTerminal(home, `${WATCH}; ${AFTER}`)
    await sees('1 node up to date')
    type('\x1b[200~for quiet friends\n\x1b[201~\x1bq\x1b[F\x1bf')
    type('e')
    await sees('- it has not run yet')
    type('q')
    const { screen } = await ended
    assert.match(screen, '[code 0]')
    assert.not.match(screen, 'it was forced')
    isWhole(screen)
  }),
)

const WAYS_OUT: readonly (readonly [
  string,
  (pid: number, type: (keys: string) => void) => void,
  number,
])[] = [
  ['Ctrl-C', (_, type) => type('\x03'), 130],
  ['Ctrl-\\', (_, type) => type('\x1c'), 131],
  ['SIGTERM', (pid) => process.kill(pid, 'SIGTERM'), 143],
  ['an error that nobody caught', (pid) => process.kill(pid, 'SIGUSR2'), 1],
]
for (const [what, leave, code] of WAYS_OUT)
  watch(
    `after ${what} the terminal is as it was`,
    withGraph(GRAPH, async ({ home, write }) => {
      write('bomb.cjs', `process.on('SIGUSR2', () => { throw new Error('bomb') })\n`)
      const line = `${process.execPath} --require ./bomb.cjs ${bin} watch; ${AFTER} | tee after`
      const { type, sees, ended } = inTerminal(home, line)
      await sees('1 node up to date')
      const [process_] = inHomeOf(home).filter(
        ({ command }) =>
          command.includes('bomb.cjs') && command.includes('watch') && !command.includes('stty'),
      )
      leave(process_?.pid as number, type)
      const { screen } = await ended
      assert.match(fs.readFileSync(join(home, 'after'), 'utf8'), `[code ${code}]`)
      isWhole(screen)
    }),
  )

watch(
  'in 80 columns what a watch waits for gives way to the keys at the end of a part',
  withGraph(GRAPH, async ({ home }) => {
    const { type, sees, ended } = inTerminal(home, `exec ${WATCH}`)
    await sees('1 node up to date   r rerun  f force  e explain  l log  q quit')
    type('q')
    await ended
  }),
)

watch(
  'Ctrl-Z gives the terminal back to the shell, and fg takes it again',
  withGraph(GRAPH, async ({ home, write }) => {
    const line = `bash -mc '${WATCH}; echo "[stopped]"; stty -a; fg > /dev/null; ${AFTER}'`
    const { type, sees, ended } = inTerminal(home, line)
    await sees('1 node up to date')
    type('\x1a')
    await sees('[stopped]')
    await sees(' icanon')
    await sees('1 node up to date')
    write('src/a.txt', 'edited\n')
    await sees("the input 'src/a.txt' changed")
    await sees('1 node up to date')
    type('q')
    const { screen } = await ended
    assert.match(screen, '[code 0]')
    isWhole(screen)
  }),
)

watch(
  'Ctrl-Z stops what runs as well, and Ctrl-C after fg ends it',
  withGraph(GRAPH.replace('find src', 'sleep 1234; find src'), async ({ home }) => {
    const line = `bash -mc '${WATCH}; echo "[stopped]"; read -r; fg > /dev/null'`
    const { type, sees, ended } = inTerminal(home, line)
    await sees('1 running: all')
    await untilAll('going on', home, /^sleep 1234/)
    type('\x1a')
    await sees('[stopped]')
    await untilAll('stopped', home, /^sleep 1234/)
    type('\n')
    await sees('1 running: all')
    await untilAll('going on', home, /^sleep 1234/)
    type('\x03')
    await ended
    assert.equal(await leftIn(home), [])
  }),
)

watch(
  'a folder that is moved away is not made again, and a watch goes on when it is back',
  inHome(async (home) => {
    const folder = join(home, 'graph')
    fs.mkdirSync(join(folder, 'src'), { recursive: true })
    fs.writeFileSync(join(folder, 'bitnet.tasks.ts'), GRAPH)
    fs.writeFileSync(join(folder, 'src/a.txt'), 'a\n')
    const watching = new WatchProcess([], { home, cwd: folder })
    try {
      await watching.next('idle', ({ nodes }) => nodes === 1)
      fs.renameSync(folder, `${folder}.away`)
      await watching.next('stopped')
      await watching.next('idle')
      assert.is(fs.existsSync(folder), false)
      fs.renameSync(`${folder}.away`, folder)
      await watching.next('idle', ({ nodes }) => nodes === 1)
      fs.writeFileSync(join(folder, 'src/a.txt'), 'A\n')
      await watching.next('done')
      assert.is(fs.readFileSync(join(folder, 'out/all'), 'utf8'), 'A\n')
    } finally {
      await endAll()
    }
  }),
)

watch(
  'killed between two runs it leaves no file of its shells',
  withGraph(GRAPH, async ({ home, write }) => {
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    write('src/a.txt', 'A\n')
    await watching.next('done')
    await watching.next('idle')
    await watching.end('SIGKILL')
    assert.equal(fs.readdirSync(join(home, '.bitnet-tasks/logs')), [])
  }),
)

watch(
  'a folder of PATH that nobody may look at ends no watch, and it listens to the others',
  withGraph(GRAPH, async ({ home, write }) => {
    fs.mkdirSync(join(home, 'closed/bin'), { recursive: true })
    const before = asNobody()
    // The folder of a test is closed to others.
    if (before.length > 0) execFileSync('chown', ['-R', '65534:65534', home])
    fs.chmodSync(join(home, 'closed'), 0)
    const env = { PATH: `${home}/closed/bin:${process.env['PATH']}` }
    const running = start(['watch'], { home, env, before })
    try {
      await running.says('1 node up to date; ')
      write('src/a.txt', 'A\n')
      await running.says("the input 'src/a.txt' changed")
    } finally {
      running.child.kill('SIGTERM')
    }
    const { stderr } = await running.ended
    assert.not.match(stderr, 'cannot watch')
    fs.chmodSync(join(home, 'closed'), 0o755)
  }),
)

watch.run()

/** The last that `stty -a` said: lines, echo and signals as a shell wants them. */
function isWhole(screen: string): void {
  assert.ok(screen.lastIndexOf(LEAVES_PASTE) > screen.lastIndexOf(MARKS_PASTE), screen)
  const said = screen.slice(screen.lastIndexOf('speed'))
  for (const word of ['icanon', 'echo', 'isig', 'opost', 'icrnl'])
    assert.match(said, new RegExp(`(?<!-)\\b${word}\\b`), word)
}
