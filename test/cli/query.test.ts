// Questions about the graph: what-if, affected and query, on the real disk.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'

const questions = suite('questions')

const GRAPH = `import { argv, defineGraph, sh, task } from 'bitnet-tasks'
const lex = task('lex', () => ({ inputs: ['src/lex.l'], outputs: ['out/lex.c'], run: argv('cp', 'src/lex.l', 'out/lex.c') }))
const link = task('link', () => ({ needs: [lex()], outputs: ['out/all'], run: sh\`cat out/lex.c > out/all\` }))
const other = task('other', () => ({ run: sh\`true\` }))
const fails = task('fails', () => ({ run: sh\`false\` }))
export default defineGraph({ tasks: [lex, link, other, fails] })
`

function asked(
  body: (ask: (...args: readonly string[]) => Promise<Ended>, home: string) => Promise<void>,
): () => Promise<void> {
  return inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    fs.mkdirSync(join(home, 'src'))
    fs.writeFileSync(join(home, 'src/lex.l'), '%%\n')
    await bitnetTasks(['run', 'link', 'other'], { home })
    await bitnetTasks(['run', 'fails'], { home })
    await body((...args) => bitnetTasks(args, { home }), home)
  })
}

questions(
  'what-if says what a change alone would make run, of inputs, outputs and programs',
  asked(async (ask) => {
    assert.is(
      (await ask('what-if', 'src/lex.l')).stdout,
      `  lex: the input 'src/lex.l' changed
? link: 'lex' will run first
2 would run, 1 would run anyway, 1 would stay fresh
`,
    )
    assert.match(
      (await ask('what-if', 'out/lex.c')).stdout,
      "  lex: its output 'out/lex.c' was changed by something else (damage)\n",
    )
    const { nodes } = JSON.parse((await ask('what-if', '/bin/cp', '--json')).stdout)
    assert.equal(
      nodes.map((one: { name: string; anyway: boolean }) => [one.name, one.anyway]),
      [
        ['lex', false],
        ['link', false],
        ['fails', true],
      ],
    )
    assert.match((await ask('what-if', 'bitnet.tasks.ts')).stderr, 'plan says after the edit')
    assert.is(
      (await ask('what-if', 'src')).stderr,
      "'src' is a folder\n  hint: name its files: src/*\n",
    )
  }),
)

questions(
  'affected names files as the person does, also those that are gone',
  asked(async (ask, home) => {
    const says = 'lex  reads src/lex.l\nlink  needs lex\n'
    assert.is((await ask('affected', 'src/lex.l')).stdout, says)
    assert.is((await ask('affected', 'src')).stdout, says)
    const below = await bitnetTasks(['affected', 'lex.l'], { home, cwd: join(home, 'src') })
    assert.is(below.stdout, says.replace('src/', ''))
    fs.rmSync(join(home, 'src/lex.l'))
    assert.is((await ask('affected', 'src/lex.l')).stdout, says)
    const none = await ask('affected', 'README')
    assert.equal([none.stdout, none.stderr], ['', 'no node reads or makes that\n'])
  }),
)

questions(
  'affected and what-if know a file by every path to it, where a folder is a link',
  asked(async (_, home) => {
    fs.symlinkSync('.', join(home, 'link'))
    const says = 'lex  reads src/lex.l\nlink  needs lex\n'
    for (const from of ['link', '.'])
      for (const path of ['src/lex.l', join(home, 'link/src/lex.l'), join(home, 'src/lex.l')]) {
        const ask = (...args: readonly string[]) => bitnetTasks(['-C', from, ...args], { home })
        assert.is((await ask('affected', path)).stdout, says, `${from}: ${path}`)
        assert.match((await ask('what-if', path)).stdout, "lex: the input 'src/lex.l' changed")
      }
    fs.rmSync(join(home, 'src/lex.l'))
    const gone = await bitnetTasks(['affected', join(home, 'link/src/lex.l')], { home })
    assert.is(gone.stdout, says)
  }),
)

questions(
  'a path is found from either end; one that is not there is exit 1 and said',
  asked(async (ask) => {
    assert.is((await ask('query', 'path', 'lex', 'link')).stdout, 'lex\nlink\n')
    assert.is((await ask('query', 'path', 'link', 'lex')).stdout, 'link\nlex\n')
    const none = await ask('query', 'path', 'lex', 'other')
    assert.equal([none.code, none.stdout], [1, ''])
    assert.is(none.stderr, "neither of 'lex' and 'other' needs the other\n")
    assert.match((await ask('query', 'dep', 'link')).stderr, "\n  hint: did you mean 'deps'?\n")
    assert.is(
      (await ask('query', 'deps')).stderr,
      "'deps' asks about one node, and 0 are named\n  hint: write: bitnet-tasks query deps NODE\n",
    )
  }),
)

questions(
  'explain follows the needs to what began it, now and in a past run; without nodes it tells all',
  asked(async (ask, home) => {
    fs.appendFileSync(join(home, 'src/lex.l'), '// more\n')
    const changed = /the input 'src\/lex\.l' changed \(\w{12} -> \w{12}\)/.source
    const now = new RegExp(
      `^link is fresh so far\n {2}- 'lex' will run first\n {2}because of lex: ${changed}\n$`,
    )
    assert.match((await ask('explain', 'link')).stdout, now)
    const all = (await ask('explain')).stdout
    assert.equal(all.match(/^\w+ is/gm), ['lex is', 'link is', 'fails is'])
    await ask('run', 'link')
    const past = new RegExp(
      `^link was changed.*\n {2}- 'lex' produced .*\n {2}because of lex: changed, ${changed}\n$`,
    )
    assert.match((await ask('explain', 'link', '--run', 'last')).stdout, past)
    const whole = (await ask('explain', '--run', 'last')).stdout
    assert.equal(whole.match(/^\w+ was/gm), ['lex was', 'link was'])
    const text = fs.readFileSync(join(home, 'bitnet.tasks.ts'), 'utf8')
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), text.replaceAll('link', 'bind'))
    assert.match((await ask('explain', 'link', '--run', 'last')).stdout, past)
  }),
)

questions(
  'explain of a past run in which nothing ran says so',
  asked(async (ask) => {
    await ask('run', 'link', '--only', '--from', 'lex')
    const quiet = await ask('explain', '--run', 'last')
    assert.equal([quiet.code, quiet.stdout], [0, ''])
    assert.match(quiet.stderr, /^every node was fresh in run [\d-]+\n$/)
  }),
)

questions(
  'of a long chain of needs its beginning and where it ends are told',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const n = Array.from({ length: 300 }, (_, i) => String(i))
const c = task('c', { n }, ({ n }) => ({ needs: n === '0' ? [] : [c({ n: String(Number(n) - 1) })], run: sh\`true\` }))
export default defineGraph({ tasks: [c] })
`,
    )
    await bitnetTasks(['run', '-q'], { home })
    await bitnetTasks(['clean', 'c[0]'], { home })
    const { stdout } = await bitnetTasks(['explain', 'c[299]'], { home })
    const lines = stdout.trimEnd().split('\n')
    assert.is(lines.length, 2 + 9 + 2)
    assert.equal(lines.slice(-2), [
      '  ... and 289 more, up to',
      '  because of c[0]: it has not run yet',
    ])
    const all = (await bitnetTasks(['explain'], { home })).stdout
    assert.not.match(all, 'because of')
    assert.is(all.match(/ is (stale|fresh)/g)?.length, 300)
    const path = (await bitnetTasks(['query', 'path', 'c[299]', 'c[0]'], { home })).stdout
    assert.is(path.split('\n').length, 301)
  }),
)

questions(
  'explain without nodes says that there is nothing to explain',
  asked(async (ask, home) => {
    const text = fs.readFileSync(join(home, 'bitnet.tasks.ts'), 'utf8')
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), text.replace('other, fails', 'other'))
    const { code, stdout, stderr } = await ask('explain')
    assert.equal([code, stdout, stderr], [0, '', 'every node is fresh\n'])
  }),
)

questions.run()
