import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'
import { asNobody } from './support/nobody.ts'

const BIN = join(import.meta.dirname, '../../dist/src/bin.cjs')

interface Scene {
  dir: string
}

const seal = suite<Scene>('a sealed graph of a user', { dir: '' })

seal.before.each((scene) => {
  scene.dir = fs.mkdtempSync(join(tmpdir(), 'seal-'))
})
seal.after.each(({ dir }) => fs.rmSync(dir, { recursive: true, force: true }))

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
import { WORD } from './word.mjs'
const copy = task('copy', () => ({ inputs: ['a'], outputs: ['b'], run: sh\`cat a > b; echo \${WORD} >> b\` }))
export default defineGraph({ tasks: [copy] })
`

function write(dir: string, graph: string, word = "export const WORD = 'one'\n"): void {
  fs.writeFileSync(join(dir, 'bitnet.tasks.mjs'), graph)
  fs.writeFileSync(join(dir, 'word.mjs'), word)
  fs.writeFileSync(join(dir, 'a'), 'content\n')
  // Older than any clock's tick, so that a look at them can be sealed.
  const past = new Date(Date.now() - 60_000)
  for (const name of fs.readdirSync(dir)) fs.utimesSync(join(dir, name), past, past)
}

function run(dir: string, env: Record<string, string> = {}): void {
  const options = { cwd: dir, env: { ...process.env, HOME: dir, ...env }, stdio: 'ignore' } as const
  execFileSync(process.execPath, [BIN, 'run', '--quiet'], options)
}

// The change time of a file cannot be set: a look is sealed as soon as every file is old enough.
async function runUntilSealed(dir: string): Promise<boolean> {
  for (let round = 0; round < 50; round++) {
    run(dir)
    if (fs.existsSync(join(dir, '.bitnet-tasks/seal'))) return true
  }
  return false
}

seal(
  'a pure graph is sealed, and a change of a module that it imports is seen',
  async ({ dir }) => {
    write(dir, GRAPH)
    assert.ok(await runUntilSealed(dir))
    run(dir)
    assert.is(fs.readFileSync(join(dir, 'b'), 'utf8'), 'content\none\n')
    fs.writeFileSync(join(dir, 'word.mjs'), "export const WORD = 'two'\n")
    run(dir)
    assert.is(fs.readFileSync(join(dir, 'b'), 'utf8'), 'content\ntwo\n')
  },
)

const COPIES = 12
const MANY = `import { defineGraph, sh, task } from 'bitnet-tasks'
const copies = [...Array(${COPIES}).keys()].map((i) =>
  task('copy' + i, () => ({
    inputs: ['in' + i, 'shared?', 'extra/*?'],
    outputs: ['out' + i],
    run: sh\`cat in\${i} shared extra/* > out\${i} 2>/dev/null || true\`,
  })),
)
const all = task('all', () => ({
  needs: copies.map((copy) => copy()),
  outputs: ['all'],
  run: sh\`cat \${copies.map((_, i) => 'out' + i)} > all\`,
}))
export default defineGraph({ tasks: [...copies, all] })
`

// No pause between an edit and a run, and none between a run and the next edit.
seal('whatever is edited, a run leaves all as it should be, and does no more', ({ dir }) => {
  const random = new Random(11)
  const put = (name: string, text: string) => fs.writeFileSync(join(dir, name), text)
  const text = (name: string): string => fs.readFileSync(join(dir, name), 'utf8')
  put('bitnet.tasks.mjs', MANY)
  fs.mkdirSync(join(dir, 'extra'))
  for (let i = 0; i < COPIES; i++) put(`in${i}`, `first ${i}\n`)
  run(dir)
  run(dir)
  const edits: readonly ((i: number, round: number) => void)[] = [
    // Of the same size each time.
    (i, round) => put(`in${i}`, `${100 + round}\n`),
    (i) => put(`in${i}`, text(`in${i}`)),
    (i) => put(`out${i}`, 'damage\n'),
    (i) => fs.rmSync(join(dir, `out${i}`), { force: true }),
    (_, round) => put('shared', `${100 + round}\n`),
    () => fs.rmSync(join(dir, 'shared'), { force: true }),
    (i, round) => put(`extra/${i % 3}`, `${100 + round}\n`),
    (i) => fs.rmSync(join(dir, `extra/${i % 3}`), { force: true }),
    () => undefined,
  ]
  for (let round = 0; round < 60; round++) {
    for (let count = random.below(3); count >= 0; count--)
      random.pick(edits)(random.below(COPIES), round)
    run(dir)
    const extra = fs.readdirSync(join(dir, 'extra')).sort()
    const tail = [
      ...(fs.existsSync(join(dir, 'shared')) ? ['shared'] : []),
      ...extra.map((name) => `extra/${name}`),
    ]
    const wanted = [...Array(COPIES).keys()].map((i) => [`in${i}`, ...tail].map(text).join(''))
    assert.equal(
      [...Array(COPIES).keys()].map((i) => text(`out${i}`)),
      wanted,
      `round ${round}`,
    )
    assert.is(text('all'), wanted.join(''), `round ${round}`)
  }
})

const impure: Readonly<Record<string, string>> = {
  'reads the environment': "export const WORD = process.env.WORD ?? 'none'\n",
  'reads a file':
    "import { readFileSync } from 'node:fs'\nexport const WORD = readFileSync('/etc/passwd').length ? 'x' : 'y'\n",
  'reads a file, with a comment before the name of the module':
    "import { readFileSync } from /* node */ 'fs'\nexport const WORD = readFileSync('/etc/passwd').length ? 'x' : 'y'\n",
  'sorts as people do here':
    "export const WORD = ['ä', 'z'].sort((a, b) => a.localeCompare(b))[0]\n",
  'asks the time': 'export const WORD = String(Date.now() > 0)\n',
  'imports at run time':
    "const own = await import('./a.json', { with: { type: 'json' } }).catch(() => 'none')\nexport const WORD = String(own)\n",
}

for (const [what, word] of Object.entries(impure))
  seal(`a graph that ${what} is never sealed`, async ({ dir }) => {
    write(dir, GRAPH, word)
    run(dir, { WORD: 'first' })
    await new Promise((resolve) => setTimeout(resolve, 120))
    run(dir, { WORD: 'first' })
    run(dir, { WORD: 'first' })
    assert.not.ok(fs.existsSync(join(dir, '.bitnet-tasks/seal')))
  })

seal('a module that is a link, or lies behind one, is seen to lead elsewhere', async ({ dir }) => {
  for (const way of ['word.mjs', 'now/word.mjs']) {
    fs.rmSync(join(dir, '.bitnet-tasks'), { recursive: true, force: true })
    // What it writes through a link of the time before is put right below.
    write(dir, GRAPH.replace('./word.mjs', `./${way}`))
    for (const word of ['one', 'two']) {
      fs.mkdirSync(join(dir, word), { recursive: true })
      fs.writeFileSync(join(dir, word, 'word.mjs'), `export const WORD = '${word}'\n`)
    }
    const [link = ''] = way.split('/')
    const lead = (word: string): void => {
      fs.rmSync(join(dir, link), { force: true })
      fs.symlinkSync(way === link ? `${word}/word.mjs` : word, join(dir, link))
    }
    lead('one')
    assert.ok(await runUntilSealed(dir))
    lead('two')
    run(dir)
    assert.is(fs.readFileSync(join(dir, 'b'), 'utf8'), 'content\ntwo\n', way)
  }
})

seal('a file whose name is no UTF-8 is refused as an input, and not left out', ({ dir }) => {
  write(dir, GRAPH.replace("inputs: ['a']", "inputs: ['a', 'src/**']"))
  fs.mkdirSync(join(dir, 'src'))
  fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/src/x`), Buffer.from([0xff])]), '')
  const env = { ...process.env, HOME: dir }
  const { status, stderr } = spawnSync(process.execPath, [BIN, 'run'], {
    cwd: dir,
    env,
    encoding: 'utf8',
  })
  assert.is(status, 2, stderr)
  assert.match(stderr, "the name of 'src/x\ufffd' is not UTF-8")
})

seal('a variable that a graph reads when it is evaluated is seen', ({ dir }) => {
  write(dir, GRAPH, impure['reads the environment'])
  run(dir, { WORD: 'first' })
  run(dir, { WORD: 'first' })
  run(dir, { WORD: 'second' })
  assert.is(fs.readFileSync(join(dir, 'b'), 'utf8'), 'content\nsecond\n')
})

for (const closed of ['.bitnet-tasks/journal', '.bitnet-tasks'])
  seal(`what nobody may read is told in words: ${closed}`, async ({ dir }) => {
    write(dir, GRAPH)
    assert.ok(await runUntilSealed(dir))
    fs.chmodSync(dir, 0o755)
    fs.chmodSync(join(dir, '.bitnet-tasks'), 0o755)
    for (const name of ['seal', 'journal', 'snapshot'])
      fs.chmodSync(join(dir, '.bitnet-tasks', name), 0o644)
    fs.chmodSync(join(dir, closed), 0)
    const [command = '', ...args] = [...asNobody(), process.execPath, BIN, 'run']
    const env = { ...process.env, HOME: join(dir, 'nowhere') }
    const { status, stderr } = spawnSync(command, args, { cwd: dir, env, encoding: 'utf8' })
    // Who is not root could not remove it.
    fs.chmodSync(join(dir, closed), 0o755)
    assert.is(status, 4)
    assert.match(stderr, /^[^\n]*EACCES[^\n]*\n {2}hint: [^\n]*\n$/)
  })

seal.run()
