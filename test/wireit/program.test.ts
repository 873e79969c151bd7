// timeout: 120
// wireit's scenarios in which the disk, processes and the command line matter, with the built program.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { inHome } from '../cli/support/home.ts'
import { leftIn } from '../cli/support/processes.ts'
import { bitnetTasks, type Ended, start } from '../cli/support/program.ts'
import { WatchProcess } from '../cli/support/watching.ts'
import { suite } from '../support/suite.ts'

const program = suite('wireit: the program')

interface At {
  readonly home: string
  readonly write: (name: string, text: string) => void
  readonly read: (name: string) => string
  readonly tasks: (...args: readonly string[]) => Promise<Ended>
}

/** A home that is also the folder of a graph of these tasks. */
function withTasks(tasks: string, body: (at: At) => Promise<void>): () => Promise<void> {
  return inHome(async (home) => {
    const names = [...tasks.matchAll(/^const (\w+) = (?:task|probe)\(/gm)].map(([, name]) => name)
    const write = (name: string, text: string): void => {
      fs.mkdirSync(join(home, name, '..'), { recursive: true })
      fs.writeFileSync(join(home, name), text)
    }
    write(
      'bitnet.tasks.ts',
      `import { argv, defineGraph, root, sh, task } from 'bitnet-tasks'
${tasks}
export default defineGraph({ tasks: [${names.join(', ')}] })
`,
    )
    const read = (name: string): string => fs.readFileSync(join(home, name), 'utf8')
    await body({ home, write, read, tasks: (...args) => bitnetTasks(args, { home }) })
  })
}

const ends = ({ stderr }: Ended): string =>
  stderr
    .trimEnd()
    .split('\n')
    .at(-1)
    ?.replace(/ in .*/, '') as string

program(
  'words behind -- reach the last command as they are, and are part of its key',
  withTasks(
    `const build = task('build', () => ({ outputs: ['out'], run: sh\`echo > out\` }))
const test = task('test', () => ({ needs: [build()], run: argv('printf', '[%s]') }))
const line = task('line', () => ({ run: sh\`printf '[%s]'\` }))`,
    async ({ tasks }) => {
      await tasks('run')
      await tasks('run', 'line', '--', "it's", '$HOME')
      assert.is((await tasks('logs', 'line')).stdout, "[it's][$HOME]")
      assert.is(
        ends(await tasks('run', 'test', '--', '-v', "it's", '$HOME')),
        '1 fresh, 1 unchanged',
      )
      assert.is((await tasks('logs', 'test')).stdout, "[-v][it's][$HOME]")
      assert.is(ends(await tasks('run', 'test', '--', '-v', "it's", '$HOME')), '2 fresh')
      assert.is(ends(await tasks('run', 'test')), '1 fresh, 1 restored')
      for (const nodes of [[], ['build', 'test']]) {
        const { code, stderr } = await tasks('run', ...nodes, '--', '-v')
        assert.is(code, 2)
        assert.match(stderr, /^words behind -- are for one node.*\n {2}hint: /)
      }
    },
  ),
)

program(
  'words behind -- count in a watch, also after the graph was evaluated again',
  withTasks(
    `const a = task('a', () => ({ inputs: ['a.in'], outputs: ['out'], run: sh\`echo "$(cat a.in)" > out; printf %s >> out\` }))`,
    async ({ home, write, read }) => {
      write('a.in', '0')
      const graph = read('bitnet.tasks.ts')
      const watch = new WatchProcess(['a', '--', 'word'], { home })
      const isIdle = (): Promise<unknown> => watch.next('idle')
      try {
        await isIdle()
        assert.is(read('out'), '0\nword')
        write('a.in', '1')
        await isIdle()
        assert.is(read('out'), '1\nword')
        write('bitnet.tasks.ts', graph.replace('printf %s', 'printf %s%s twice'))
        await isIdle()
        assert.is(read('out'), '1\ntwiceword')
        write('bitnet.tasks.ts', graph.replaceAll("task('a'", "task('b'"))
        const { error } = await watch.next('stopped')
        assert.is(error.message, 'no node is called "a"')
      } finally {
        await watch.end()
      }
      const { code, stderr } = await bitnetTasks(['watch', '--', 'word'], { home })
      assert.is(code, 2)
      assert.match(stderr, /^words behind -- are for one node, and 0 are named\n/)
    },
  ),
)

program(
  'it is the same graph from every folder below, and from elsewhere with -C',
  withTasks(
    `const a = task('a', () => ({ inputs: ['a.in'], outputs: ['a.out'], run: sh\`cat a.in > a.out\` }))`,
    async ({ home, write, tasks }) => {
      write('a.in', '0')
      write('src/deep/x', '')
      const below = await bitnetTasks(['run'], { home, cwd: join(home, 'src/deep') })
      assert.is(ends(below), '1 changed')
      assert.is(ends(await tasks('-C', home, 'run', 'a')), '1 fresh')
    },
  ),
)

program(
  'patterns on the disk: dot files, what was named again, links',
  withTasks(
    `const a = task('a', () => ({
  inputs: ['in/**', '!in/not/**', 'in/not/but*', 'in/named/**'],
  outputs: ['out/**', '!out/not/**', 'out/not/but*'],
  clean: 'input-removed',
  run: sh\`mkdir -p out/not && cp in/x out/.x && cp in/x out/not/x && cp in/x out/not/but\`,
}))`,
    async ({ home, write, tasks }) => {
      for (const name of ['in/x', 'in/.dot', 'in/not/x', 'in/not/but', 'x', 'away/x', 'far/x'])
        write(name, '0')
      for (const [name, target] of [
        ['link', '../x'],
        ['folder', '../away'],
        ['named', '../far'],
        ['.#x', 'somebody@host.1234'],
        ['loop', '..'],
      ] as const)
        fs.symlinkSync(target, join(home, 'in', name))
      await tasks('run')
      const reasons = async (name: string): Promise<readonly string[]> => {
        write(name, `changed ${name}`)
        const { nodes } = JSON.parse((await tasks('explain', 'a', '--json')).stdout)
        await tasks('run')
        return nodes[0].reasons.map((one: { name: string }) => one.name)
      }
      assert.equal(await reasons('in/.dot'), ['in/.dot'])
      assert.equal(await reasons('in/not/x'), [])
      assert.equal(await reasons('in/not/but'), ['in/not/but'])
      assert.equal(await reasons('x'), ['in/link'])
      assert.equal(await reasons('away/x'), [])
      assert.equal(await reasons('far/x'), ['in/named/x'])
      const cleaned = JSON.parse((await tasks('clean', '--json')).stdout).removed
      assert.equal(cleaned, ['out/.x', 'out/not/but'])
    },
  ),
)

program(
  'wildcards of an input stay out of node_modules, of version control and of our own state',
  withTasks(
    `const a = task('a', () => ({ inputs: ['**', '*/*', '!.cache/**'], run: sh\`true\` }))
const b = task('b', () => ({ inputs: ['node_modules/one/**', '.git/HEAD'], run: sh\`true\` }))`,
    async ({ write, tasks }) => {
      const names = ['node_modules/one/x', 'node_modules/x', 'deep/node_modules/x', '.git/HEAD']
      for (const name of [...names, 'src/x']) write(name, '0')
      assert.is(ends(await tasks('run')), '2 changed')
      assert.is(ends(await tasks('run')), '2 fresh')
      write('node_modules/x', '1')
      write('deep/node_modules/x', '1')
      assert.is(ends(await tasks('run')), '2 fresh')
      for (const name of ['node_modules/one/x', '.git/HEAD']) {
        write(name, '1')
        assert.match((await tasks('plan')).stdout, /^ {2}b .*\n1 to run, 1 fresh/)
        await tasks('run')
      }
      write('src/x', '1')
      assert.match((await tasks('plan')).stdout, /^ {2}a .*\n1 to run, 1 fresh/)
    },
  ),
)

program(
  'a program of the project is named by its path, and counts by what is in it',
  withTasks(
    `const a = task('a', () => ({ outputs: ['out'], run: sh\`node_modules/.bin/tool > out\`, tools: ['node_modules/.bin/tool'] }))`,
    async ({ home, write, read, tasks }) => {
      for (const version of ['1', '2']) {
        write('node_modules/.bin/tool', `#!/bin/sh\necho ${version}\n`)
        fs.chmodSync(join(home, 'node_modules/.bin/tool'), 0o755)
        assert.is(ends(await tasks('run')), '1 changed')
        assert.is(read('out'), `${version}\n`)
      }
    },
  ),
)

program(
  'what a fresh task printed is not printed again, and `logs` still has it',
  withTasks(`const a = task('a', () => ({ run: sh\`echo a warning\` }))`, async ({ tasks }) => {
    await tasks('run')
    const again = await tasks('run')
    assert.equal([again.stdout, again.stderr], ['', '1 fresh\n'])
    assert.is((await tasks('logs', 'a')).stdout, 'a warning\n')
  }),
)

program(
  'variables: fixed, declared with a default, passed on without counting, and all others absent',
  withTasks(
    `const a = task('a', () => ({
  env: ['MODE'], passEnv: ['TOKEN'], set: { LEVEL: '3' },
  outputs: ['out'],
  run: sh\`echo "$LEVEL \\\${MODE:-debug} $TOKEN $OTHER." > out\`,
}))`,
    async ({ home, read }) => {
      const run = (env: Readonly<Record<string, string>>): Promise<Ended> =>
        bitnetTasks(['run'], { home, env: { OTHER: 'x', ...env } })
      assert.is(ends(await run({ TOKEN: 't1' })), '1 changed')
      assert.is(read('out'), '3 debug t1 .\n')
      assert.is(ends(await run({ TOKEN: 't2', OTHER: 'y', LEVEL: '4' })), '1 fresh')
      assert.is(ends(await run({ TOKEN: 't2', MODE: 'release' })), '1 changed')
      assert.is(read('out'), '3 release t2 .\n')
    },
  ),
)

program(
  'of two runs at once one waits, and finds everything fresh',
  withTasks(
    `const a = task('a', () => ({ outputs: ['out'], run: sh\`echo ran >> ran.log; until test -e go; do sleep 0.05; done; echo > out\` }))`,
    async ({ home, write, read }) => {
      const first = start(['run'], { home })
      await first.says('a started')
      const second = start(['run'], { home })
      await second.says('waiting for')
      write('go', '')
      const [one, two] = await Promise.all([first.ended, second.ended])
      assert.equal([one.code, two.code, ends(one), ends(two)], [0, 0, '1 changed', '1 fresh'])
      assert.is(read('ran.log'), 'ran\n')
    },
  ),
)

program(
  '--fail-fast ends the processes of what runs, and exits as for the failure',
  withTasks(
    `const bad = task('bad', () => ({ run: sh\`until test -e begun; do sleep 0.05; done; exit 3\` }))
const long = task('long', () => ({ run: sh\`echo > begun; sleep 300 & wait\` }))`,
    async ({ home, tasks }) => {
      const { code, stderr } = await tasks('run', '--fail-fast', '--jobs', '2')
      assert.is(code, 1)
      assert.match(stderr, /1 failed, 1 cancelled in/)
      assert.match(stderr, /^bad: command failed with exit code 3/m)
      assert.equal(await leftIn(home), [])
    },
  ),
)

program(
  'a failure that would come again is answered at once, with its log; --retry runs it',
  withTasks(
    `const a = task('a', () => ({ inputs: ['a.in'], run: sh\`echo ran >> ran.log; echo what is wrong; exit 3\` }))`,
    async ({ write, read, tasks }) => {
      write('a.in', '0')
      for (const retry of [[], [], ['--retry']]) {
        const { code, stderr } = await tasks('run', ...retry)
        assert.is(code, 1)
        assert.match(stderr, /what is wrong/)
      }
      assert.is(read('ran.log'), 'ran\nran\n')
    },
  ),
)

program(
  'the state that was kept is as good in another checkout, in another place',
  withTasks(
    `const a = task('a', () => ({ inputs: ['a.in'], outputs: ['out/a'], run: sh\`cat a.in > out/a\` }))`,
    async ({ home, write, tasks }) => {
      write('a.in', '0')
      await tasks('run')
      const other = join(home, 'other/checkout')
      for (const name of ['bitnet.tasks.ts', 'a.in', '.bitnet-tasks'])
        fs.cpSync(join(home, name), join(other, name), { recursive: true })
      assert.is(ends(await bitnetTasks(['run'], { home, cwd: other })), '1 restored')
      assert.is(fs.readFileSync(join(other, 'out/a'), 'utf8'), '0')
    },
  ),
)

program(
  'the new reasons have words',
  withTasks(
    `const a = task('a', () => ({ always: true, run: sh\`true\` }))
const b = task('b', () => ({ outputs: ['b.out'], run: sh\`echo > b.out\` }))
const all = task('all', () => ({ needs: [a()] }))`,
    async ({ write, read, tasks }) => {
      await tasks('run')
      assert.is((await tasks('explain', 'a')).stdout, 'a is stale\n  - it runs each time\n')
      write(
        'bitnet.tasks.ts',
        read('bitnet.tasks.ts').replace('outputs:', 'clean: false, outputs:'),
      )
      const { stdout } = await tasks('explain', 'b')
      assert.is(stdout, "b is stale\n  - its 'clean' changed (absent -> false)\n")
      const { code, stderr } = await tasks('logs', 'all')
      assert.is(code, 2)
      assert.match(stderr, /'all' has no log: it is a name for others.*\n {2}hint: .*logs a/)
    },
  ),
)

program.run()
