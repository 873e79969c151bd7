// timeout: 300
// What a person, a name, a folder or a fetched tree can make the program do: nothing that was not asked.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { commitAll, type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { compilerThat } from './support/compiler.ts'
import { inHome, newFolder, removeFolder } from './support/home.ts'
import { asNobody } from './support/nobody.ts'
import { bitnetTasks, type RunOptions } from './support/program.ts'

const security = suite('security')

const shelf = newFolder()
let repo: FixtureRepo

security.before(() => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
})
security.after(() => removeFolder(shelf))

const LLAMA = ['preflight', '--backend', 'llama']
const FIXTURE = [...LLAMA, '--ref', 'v0.5.0']

function options(home: string, more: Partial<RunOptions> = {}): RunOptions {
  return { home, ...more, env: { LLAMA_CPP_REPO: repo.url, ...more.env } }
}

// A ';' in a name is too much for CMake, a '|' and a line end for ninja.
const HOSTILE = "it's `touch canary` $(touch canary) && touch canary #"
security(
  'AC-275 a folder whose name is a script is a folder: git, cmake, the compiler and the steps get it as it is',
  inHome(async (home) => {
    const theirs = join(home, HOSTILE)
    fs.cpSync(repo.dir, theirs, { recursive: true })
    const env = { LLAMA_CPP_REPO: theirs, LLAMA_CPP_DIR: join(home, 'installed', HOSTILE) }
    const fetched = await bitnetTasks(FIXTURE, options(home, { env }))
    assert.is(fetched.code, 0, fetched.stderr)
    assert.ok(fetched.stdout.includes(`  Libraries installed: ${env.LLAMA_CPP_DIR}/lib\n`))
    const local = await bitnetTasks([...LLAMA, '--source', theirs], { home, env: {} })
    assert.is(local.code, 0, local.stderr)
    const found = fs.readdirSync(home, { recursive: true, encoding: 'utf8' })
    assert.equal(
      found.filter((path) => path.endsWith('canary')),
      [],
    )
  }),
)

const OURS = ['git', 'cmake', 'ninja', 'make', 'cc', 'c++', 'nm', 'sh', 'node', 'tar', 'npm']
security(
  'AC-278 programs are those on PATH: not of the working folder, and not of the tree that was fetched',
  inHome(async (home) => {
    const canary = join(home, 'canary')
    const theirs = fixtureRepo(join(home, 'theirs'))
    const work = join(home, 'work')
    fs.mkdirSync(work)
    for (const folder of [work, theirs.dir])
      for (const name of OURS.filter((name) => !fs.existsSync(join(folder, name))))
        fs.writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} >> ${canary}\n`, {
          mode: 0o755,
        })
    const commit = commitAll(theirs.dir, 'programs')
    const env = { LLAMA_CPP_REPO: theirs.url }
    const args = [...LLAMA, '--ref', commit]
    const { code, stderr } = await bitnetTasks(args, options(home, { cwd: work, env }))
    assert.is(code, 0, stderr)
    assert.is(fs.existsSync(canary), false)
  }),
)

security(
  'AC-278 nothing of a tree is run before it is known to be the pinned one',
  inHome(async (home) => {
    const canary = join(home, 'canary')
    const theirs = fixtureRepo(join(home, 'theirs'))
    const text = `execute_process(COMMAND touch ${canary})\n`
    fs.appendFileSync(join(theirs.dir, 'CMakeLists.txt'), text)
    const commit = commitAll(theirs.dir, 'runs a command')
    const env = { LLAMA_CPP_REPO: theirs.url }
    // Without --ref it must hold the pinned tree.
    const refused = await bitnetTasks(LLAMA, options(home, { env }))
    assert.is(refused.code, 1, refused.stderr)
    assert.is(fs.existsSync(canary), false)
    // Asked for by its commit it is what the person wants, and is built.
    const wanted = await bitnetTasks([...LLAMA, '--ref', commit], options(home, { env }))
    assert.is(wanted.code, 0, wanted.stderr)
    assert.is(fs.existsSync(canary), true)
  }),
)

security(
  'AC-279 a folder variable with .. in it is normalised before anything is made',
  inHome(async (home) => {
    const env = { LLAMA_CPP_DIR: `${home}/a/../b/./c/../llama` }
    const { code, stdout, stderr } = await bitnetTasks(FIXTURE, options(home, { env }))
    assert.is(code, 0, stderr)
    assert.match(stdout, `  Libraries installed: ${home}/b/llama/lib\n`)
    assert.equal(fs.readdirSync(home).sort(), ['.cache', 'b'])
    assert.equal(fs.readdirSync(join(home, 'b')).sort(), ['.llama.generations', 'llama'])
  }),
)

security(
  'AC-281 a missing permission or tool never leads to sudo or its like: it is only printed',
  inHome(async (home) => {
    const canary = join(home, 'canary')
    const fakes = join(home, 'fakes')
    fs.mkdirSync(fakes)
    for (const name of ['sudo', 'doas', 'su', 'pkexec', 'runas', 'apt-get', 'chown'])
      fs.writeFileSync(join(fakes, name), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 })
    const real = process.env['PATH']
    const nothing = { PATH: fakes }
    const tools = await bitnetTasks(FIXTURE, options(home, { env: nothing }))
    assert.is(tools.code, 5, tools.stderr)
    assert.match(tools.stderr, /\n {5}(?:sudo )?apt-get install /)
    fs.rmSync(join(home, '.cache'), { recursive: true })
    fs.mkdirSync(join(home, 'closed'), { mode: 0o555 })
    // Whoever is nobody there can make its cache, and not the installation.
    fs.chmodSync(home, 0o777)
    const closed = { PATH: `${fakes}:${real}`, LLAMA_CPP_DIR: join(home, 'closed/llama') }
    const before = asNobody()
    const denied = await bitnetTasks(FIXTURE, options(home, { before, cwd: '/', env: closed }))
    assert.is(denied.code, 4, denied.stderr)
    assert.match(denied.stderr, `     sudo chown -R $USER ${join(home, 'closed')}\n`)
    assert.is(fs.existsSync(canary), false)
  }),
)

for (const broken of [undefined, 'configure', 'compile'] as const)
  security(
    `AC-126 AC-128 AC-282 what a repair sets is for its children, ${broken ? `also when it cannot ${broken}` : 'also when all goes well'}: its own environment ends as it began`,
    inHome(async (home) => {
      const seen = join(home, 'seen')
      const hook = join(home, 'hook.cjs')
      // Without execve the process that repaired lives to its end.
      const text = `process.execve = undefined
const before = JSON.stringify(process.env)
process.on('exit', () => {
  const what = [process.env.BITNET_REPAIR_IN_PROGRESS ?? 'none', before === JSON.stringify(process.env)]
  require('node:fs').appendFileSync(${JSON.stringify(seen)}, what.join(' ') + '\\n')
})
`
      fs.writeFileSync(hook, text)
      const guard = join(home, 'guard')
      const CXX = compilerThat(home, {
        'llama.cpp': `echo "$BITNET_REPAIR_IN_PROGRESS" > ${guard}`,
      })
      const LLAMA_CPP_REPO = fixtureRepo(join(home, 'theirs'), broken ? { broken } : {}).url
      const node = ['--require', hook]
      const env = { CXX, LLAMA_CPP_REPO }
      const { code, stderr } = await bitnetTasks(FIXTURE, options(home, { node, env }))
      assert.is(code, broken ? 5 : 0, stderr)
      if (broken !== 'configure') assert.is(fs.readFileSync(guard, 'utf8'), '1\n')
      assert.match(fs.readFileSync(seen, 'utf8'), /^(?:none true\n)+$/)
    }),
  )

security.run()
