// timeout: 120
// docs/wireit.md: its worked example does what it says, and its table names tests that are there.
import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'

import { inHome } from '../cli/support/home.ts'
import { inHomeOf, killAllIn } from '../cli/support/processes.ts'
import { bitnetTasks, builtBin } from '../cli/support/program.ts'
import { suite } from '../support/suite.ts'

const docs = suite('docs/wireit.md')

const root = join(import.meta.dirname, '../..')
const page = fs.readFileSync(join(root, 'docs/wireit.md'), 'utf8')
const blocks = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(
  ([, kind = '', name = '', text = '']) => ({ kind, name, text }),
)

const put = (path: string, text: string): void => {
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.writeFileSync(path, text)
}

const COMPILER = {
  compilerOptions: {
    ...{ outDir: 'lib', rootDir: 'src', module: 'nodenext', target: 'es2024', types: [] },
    ...{ incremental: true, tsBuildInfoFile: 'tsconfig.tsbuildinfo' },
  },
  include: ['src'],
}

/** The package of the page, as a graph, in a home of its own. */
function writeExample(home: string): void {
  for (const { name, text } of blocks) if (name !== '') put(join(home, name), text)
  put(join(home, 'tsconfig.json'), JSON.stringify(COMPILER))
  put(join(home, 'src/greet.ts'), "export const greet = (name: string): string => 'hi ' + name\n")
  put(
    join(home, 'src/greet.test.ts'),
    "import { greet } from './greet.js'\nif (greet('you') !== 'hi you') throw new Error('greet')\n",
  )
  fs.mkdirSync(join(home, 'node_modules/.bin'), { recursive: true })
  fs.symlinkSync(join(root, 'node_modules/typescript'), join(home, 'node_modules/typescript'))
  fs.symlinkSync('../typescript/bin/tsc', join(home, 'node_modules/.bin/tsc'))
  fs.symlinkSync(builtBin, join(home, 'node_modules/.bin/bitnet-tasks'))
}

docs(
  'the graph beside the wireit block has the same scripts, and they do the same',
  inHome(async (home) => {
    writeExample(home)
    const before = JSON.parse(blocks.find(({ kind }) => kind === 'json')?.text ?? '')
    const list = await bitnetTasks(['list', '--json'], { home })
    const nodes = JSON.parse(list.stdout).nodes.map(({ name }: { name: string }) => name)
    assert.equal(nodes, Object.keys(before.wireit))

    const env = { HOME: home, PATH: process.env['PATH'], npm_config_update_notifier: 'false' }
    const npm = async (...words: readonly string[]): Promise<string> => {
      const { stderr } = await promisify(execFile)('npm', ['run', '-s', ...words], {
        cwd: home,
        env,
      })
      return (stderr.trimEnd().split('\n').at(-1) as string).replace(/ in .*/, '')
    }
    assert.is(await npm('check'), '3 changed')
    assert.is(await npm('check'), '3 fresh')
    put(join(home, 'src/more.ts'), 'export {}\n')
    await npm('build')
    assert.ok(fs.existsSync(join(home, 'lib/more.js')))
    fs.rmSync(join(home, 'src/more.ts'))
    assert.is(await npm('build'), '1 restored')
    assert.equal(fs.readdirSync(join(home, 'lib')).sort(), ['greet.js', 'greet.test.js'])
    // With another edit it has to run, and cleans because a source is gone.
    put(join(home, 'src/more.ts'), 'export {}\n')
    await npm('build')
    fs.rmSync(join(home, 'src/more.ts'))
    fs.appendFileSync(join(home, 'src/greet.ts'), 'export const more = 1\n')
    assert.is(await npm('check'), '2 changed, 1 unchanged')
    assert.equal(fs.readdirSync(join(home, 'lib')).sort(), ['greet.js', 'greet.test.js'])
    Object.assign(env, { SEED: '2' })
    assert.is(await npm('check'), '2 fresh, 1 unchanged')
    assert.is(await npm('test', '--', '--', '--test-name-pattern', 'x'), '1 fresh, 1 unchanged')
  }),
)

docs(
  'what is written for a service starts it, waits for it, and ends it whatever comes of the task',
  inHome(async (home) => {
    const port = await freePort()
    const block = blocks.find(({ text }) => text.startsWith('const e2e'))?.text ?? ''
    const graph = `import { defineGraph, sh, task } from 'bitnet-tasks'
${block.replace('8080', `${port}`)}
export default defineGraph({ tasks: [e2e] })
`
    put(join(home, 'bitnet.tasks.ts'), graph)
    put(
      join(home, 'server.js'),
      `require('node:http').createServer((_, answer) => answer.end('ready')).listen(${port})\n`,
    )
    const ask = `fetch('http://localhost:${port}').then((a) => a.text()).then((text) => { console.log(text)`
    try {
      for (const code of [0, 3]) {
        put(join(home, 'e2e/all.js'), `${ask}; process.exit(${code}) })\n`)
        const { code: own, stderr } = await bitnetTasks(['run'], { home })
        assert.is(own, code === 0 ? 0 : 1, stderr)
        assert.match((await bitnetTasks(['logs', 'e2e'], { home })).stdout, /^ready$/m)
        assert.equal(inHomeOf(home), [])
      }
    } finally {
      killAllIn(home)
    }
  }),
)

docs('every row of the table names tests that are there', () => {
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.split(' | ').length === 4)
    .filter((line) => !line.startsWith('| scenario') && !line.startsWith('| ---'))
  assert.ok(rows.length > 50)
  const files = new Map([...page.matchAll(/^\[([\w-]+)\]: (.*)$/gm)].map(([, a, b]) => [a, b]))
  for (const path of files.values())
    assert.ok(fs.existsSync(join(root, 'docs', path as string)), path)
  const named = new Set<string>()
  for (const row of rows) {
    const tests = [...(row.split(' | ')[3] as string).matchAll(/\[([\w-]+)\]/g)].map(([, a]) => a)
    assert.ok(tests.length > 0, row)
    for (const name of tests as string[]) {
      assert.ok(files.has(name), name)
      named.add(name)
    }
  }
  assert.equal([...named].sort(), [...files.keys()].sort())
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

docs.run()
