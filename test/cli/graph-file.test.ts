// Which graph file is meant, what is remembered of it, and how one begins.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

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
    const tsc = join(import.meta.dirname, '../../node_modules/.bin/tsc')
    const checked = (): string =>
      spawnSync(tsc, ['--noEmit', '--strict', 'bitnet.tasks.ts'], { cwd: home, encoding: 'utf8' })
        .stdout
    assert.is(checked(), '')
    fs.appendFileSync(join(home, 'bitnet.tasks.ts'), "count({ what: 'words' })\n")
    assert.match(checked(), /error TS2322: Type '"words"' is not assignable/)
  }),
)

files(
  'init touches no file that is there',
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), '// mine\n')
    const { code, stderr } = await bitnetTasks(['init'], { home })
    assert.is(code, 2)
    assert.match(stderr, "'bitnet.tasks.ts' is there already")
    assert.is(fs.readFileSync(join(home, 'bitnet.tasks.ts'), 'utf8'), '// mine\n')
  }),
)

files.run()
