// timeout: 300
// The cache on a real disk: git branches there and back, its command, a full disk, a kill.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, type Ended, type RunOptions, start } from './support/program.ts'
import { smallDisk } from './support/small-disk.ts'

const cache = suite('cache')

// Every command notes that it ran, outside of what it declares.
const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'

const note = (name: string) => \`echo \${name} >> ran.log\`
const objects = ['one', 'two'].map((name) =>
  task(name, () => ({
    inputs: ['src/' + name + '.txt'],
    outputs: ['out/' + name + '.o', 'out/' + name + '.link'],
    run: [sh(note(name)), sh\`cat src/\${name}.txt src/\${name}.txt > out/\${name}.o\`, sh\`ln -s \${name}.o out/\${name}.link\`],
  })),
)
const all = task('all', () => ({
  needs: objects.map((object) => object()),
  outputs: ['out/all/**'],
  run: [sh(note('all')), sh\`mkdir -p out/all/deep && cat out/one.o out/two.link > out/all/deep/all && chmod 750 out/all/deep/all\`],
}))
export default defineGraph({ tasks: [...objects, all] })
`

interface Place {
  readonly home: string
  readonly git: (...args: readonly string[]) => void
  readonly tasks: (...args: readonly string[]) => Promise<Ended>
  /** Names of the nodes whose commands ran since it was last asked. */
  readonly ran: () => readonly string[]
  /** All that lies among the outputs: mode, link text or content of each. */
  readonly outputs: () => Readonly<Record<string, string>>
}

/** A repository with two branches that differ in src/one.txt; on the first of them. */
function withBranches(body: (at: Place) => Promise<void>): () => Promise<void> {
  return inHome(async (home) => {
    const who = [
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.org',
      '-c',
      'commit.gpgsign=false',
    ]
    const git = (...args: readonly string[]): void => {
      execFileSync('git', [...who, '-C', home, ...args], {
        stdio: 'ignore',
        env: { ...process.env, HOME: home },
      })
    }
    const log = join(home, 'ran.log')
    fs.mkdirSync(join(home, 'src'))
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    fs.writeFileSync(join(home, '.gitignore'), '/*\n!/src\n!/bitnet.tasks.ts\n')
    fs.writeFileSync(join(home, 'src/one.txt'), 'first\n')
    fs.writeFileSync(join(home, 'src/two.txt'), `${'two'.repeat(30_000)}\n`)
    git('init', '-q', '-b', 'first')
    git('add', '-A')
    git('commit', '-qm', 'first')
    git('checkout', '-qb', 'second')
    fs.writeFileSync(join(home, 'src/one.txt'), 'second\n')
    git('commit', '-qam', 'second')
    git('checkout', '-q', 'first')
    await body({
      home,
      git,
      tasks: (...args) => bitnetTasks(args, { home }),
      ran: () => {
        const text = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : ''
        fs.rmSync(log, { force: true })
        return text.split('\n').filter(Boolean).sort()
      },
      outputs: () => outputsOf(join(home, 'out')),
    })
  })
}

function outputsOf(folder: string): Readonly<Record<string, string>> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name)
      const stat = fs.lstatSync(path)
      const is = stat.isSymbolicLink()
        ? fs.readlinkSync(path)
        : stat.isFile()
          ? fs.readFileSync(path, 'utf8')
          : ''
      return [name, `${(stat.mode & 0o777).toString(8)} ${is}`]
    }),
  )
}

const ALL = ['all', 'one', 'two']

cache(
  'another git branch and back runs no command, and every output is as it was',
  withBranches(async ({ git, tasks, ran, outputs }) => {
    assert.is((await tasks('run')).code, 0)
    assert.equal(ran(), ALL)
    const first = outputs()
    git('checkout', '-q', 'second')
    assert.is((await tasks('run')).code, 0)
    assert.equal(ran(), ['all', 'one'])
    const second = outputs()
    for (const [branch, expected] of [
      ['first', first],
      ['second', second],
      ['first', first],
    ] as const) {
      git('checkout', '-q', branch)
      const { code, stderr } = await tasks('run')
      assert.is(code, 0)
      assert.match(stderr, /^1 fresh, 2 restored in /m)
      assert.equal(ran(), [])
      assert.equal(outputs(), expected)
      assert.match((await tasks('run')).stderr, /^3 fresh$/m)
    }
  }),
)

cache(
  'plan, explain and --dry-run foretell it, and nothing is written by asking',
  withBranches(async ({ git, tasks, ran }) => {
    await tasks('run')
    git('checkout', '-q', 'second')
    await tasks('run')
    git('checkout', '-q', 'first')
    ran()
    const plan = await tasks('plan')
    assert.match(plan.stdout, /^ {2}one .*; the cache has it: restored, nothing runs$/m)
    assert.match(plan.stdout, /^0 to run, 2 to restore, 1 fresh$/m)
    const { nodes } = JSON.parse((await tasks('plan', '--json')).stdout)
    assert.equal(
      nodes.map((node: { foretold: string }) => node.foretold),
      ['restored', 'restored'],
    )
    assert.match((await tasks('explain', 'one')).stdout, /\n {2}the cache has it: restored/)
    assert.not.match((await tasks('run', '--dry-run')).stdout, /cat src/)
    assert.match((await tasks('run', '--dry-run', '--no-cache')).stdout, /1\. echo one/)
    assert.equal(ran(), [])
  }),
)

cache(
  '--no-cache runs all, restores nothing and stores nothing',
  withBranches(async ({ home, git, tasks, ran }) => {
    await tasks('run', '--no-cache')
    assert.is(fs.existsSync(join(home, '.bitnet-tasks/cache')), false)
    await tasks('run', '--force')
    git('checkout', '-q', 'second')
    await tasks('run')
    git('checkout', '-q', 'first')
    ran()
    assert.is((await tasks('run', '--no-cache')).code, 0)
    assert.equal(ran(), ['all', 'one'])
  }),
)

cache(
  '`cache` says what it holds, checks, shrinks and empties it',
  withBranches(async ({ home, git, tasks, ran }) => {
    await tasks('run')
    git('checkout', '-q', 'second')
    await tasks('run')
    const stats = await tasks('cache', 'stats')
    assert.match(stats.stdout, /^stored {6}5 results, 3 larger files$/m)
    assert.match(stats.stdout, /^size {8}\S+ KiB of 5 GiB$/m)
    const told = JSON.parse((await tasks('cache', 'stats', '--json')).stdout)
    assert.equal([told.version, told.entries, told.limits.maxAgeDays], [1, 5, 30])
    const cas = join(home, '.bitnet-tasks/cache/cas')
    for (const name of fs.readdirSync(cas, { recursive: true, encoding: 'utf8' })) {
      const [, digest, size] = /([0-9a-f]{64})-(\d+)$/.exec(name) ?? []
      if (digest === undefined) continue
      assert.is(String(fs.statSync(join(cas, name)).size), size)
      assert.is(
        execFileSync('sha256sum', [join(cas, name)], { encoding: 'utf8' }).slice(0, 64),
        digest,
      )
    }
    assert.match((await tasks('cache', 'verify')).stdout, /^the cache is whole: 5 results/)
    assert.match((await tasks('cache', 'gc')).stdout, /^removed 0 results, 0 bytes; 5 are left/)

    const [blob = ''] = fs
      .readdirSync(cas, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('-'))
    fs.chmodSync(join(cas, blob), 0o600)
    fs.appendFileSync(join(cas, blob), 'x')
    const damaged = await tasks('cache', 'verify')
    assert.is(damaged.code, 1)
    assert.match(damaged.stdout, /^damaged, and moved into quarantine:\n {2}cas\/../)
    assert.is((await tasks('cache', 'verify')).code, 0)

    assert.match((await tasks('cache', 'clean')).stdout, /^removed \d results, /)
    assert.is(fs.existsSync(cas), false)
    ran()
    git('checkout', '-q', 'first')
    await tasks('run')
    assert.equal(ran(), ['all', 'one'])
    const wrong = await tasks('cache', 'verfy')
    assert.is(wrong.code, 2)
    assert.match(wrong.stderr, /a cache cannot 'verfy'\n {2}hint: did you mean 'cache verify'\?/)
  }),
)

cache(
  'a cache on a disk that is full: the run is good, says so once, and goes on without',
  withBranches(async ({ home, tasks, ran }) => {
    const folder = join(home, '.bitnet-tasks/cache')
    fs.mkdirSync(folder, { recursive: true })
    const options: RunOptions = { home, before: smallDisk(folder, 64) }
    const { code, stderr } = await bitnetTasks(['run'], options)
    assert.is(code, 0, stderr)
    assert.is(stderr.split('could not be stored in the cache (ENOSPC)').length, 2, stderr)
    assert.equal(ran(), ALL)
    assert.match((await tasks('run')).stderr, /^3 fresh$/m)
  }),
)

cache(
  'outputs that were restored are no links to the cache: an edit in place leaves it whole',
  withBranches(async ({ home, git, tasks, ran, outputs }) => {
    await tasks('run')
    const first = outputs()
    git('checkout', '-q', 'second')
    await tasks('run')
    for (const branch of ['first', 'second', 'first']) {
      git('checkout', '-q', branch)
      await tasks('run')
      fs.appendFileSync(join(home, 'out/two.o'), 'edited in place')
      fs.appendFileSync(join(home, 'out/all/deep/all'), 'edited in place')
    }
    ran()
    assert.match((await tasks('run')).stderr, /^1 fresh, 2 restored in /m)
    assert.equal(ran(), [])
    assert.equal(outputs(), first)
    assert.is((await tasks('cache', 'verify')).code, 0)
  }),
)

cache(
  'runs that begin together, on both branches in turn, leave a cache that is whole',
  withBranches(async ({ home, git, tasks, outputs }) => {
    await tasks('run')
    const first = outputs()
    for (const branch of ['second', 'first', 'second', 'first']) {
      git('checkout', '-q', branch)
      const all = [1, 2, 3, 4].map(() => start(['run'], { home }).ended)
      for (const { code, stderr } of await Promise.all(all)) assert.is(code, 0, stderr)
    }
    assert.equal(outputs(), first)
    assert.is((await tasks('cache', 'verify')).code, 0)
  }),
)

cache.run()
