// timeout: 300
// The scripts and commands of the manual do what the manual says: they are taken out of it and run.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { EXIT_TABLE } from '../../src/exit-code.ts'
import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, inHome, newFolder, removeFolder } from './support/home.ts'
import { bin, bitnetTasks } from './support/program.ts'

const recipe = suite('recipes')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')

recipe.before(async () => {
  const { url } = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(repaired)
  const args = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']
  const { code, stderr } = await bitnetTasks(args, { home: repaired, env: { LLAMA_CPP_REPO: url } })
  if (code !== 0) throw new Error(stderr)
})
recipe.after(() => removeFolder(shelf))

// What the script for any CI says and how it ends, by the exit code of preflight.
const BASH: Readonly<Record<number, readonly [says: RegExp, ends: number]>> = {
  0: [/^backend libraries found$/, 0],
  1: [/^unavailable: repair disabled, lock not had, or an unknown error/, 1],
  2: [/^wrong arguments/, 2],
  3: [/^network failure after 3 retries: try again later$/, 75],
  4: [/^permission denied/, 4],
  5: [/^build failure/, 5],
  6: [/^recursion/, 6],
  8: [/^revalidation failed/, 8],
  130: [/^interrupted$/, 130],
  143: [/^interrupted$/, 143],
  7: [/^unexpected exit code 7$/, 7],
}
for (const [code, [says, ends]] of Object.entries(BASH))
  recipe(
    `AC-175 the script for any CI knows exit code ${code}`,
    inHome(async (home) => {
      const script = named('docs/howto/ci.md', 'preflight-ci.sh')
      const { status, stdout } = shell(home, script, exits(home, Number(code)))
      assert.match(stdout.trimEnd(), says)
      assert.is(status, ends)
    }),
  )

recipe(
  'AC-175 with the program itself: available, disabled, recursion, and a fresh process that finds nothing',
  inHome(async (home) => {
    const script = named('docs/howto/ci.md', 'preflight-ci.sh')
    const real = program(home)
    const seen = [
      shell(home, script, { ...real, BITNET_REPAIR_IN_PROGRESS: '1' }),
      shell(home, script, { ...real, BITNET_REPAIR_PARENT: '1' }),
      shell(home, script.replace('=auto', '=never'), real),
      shell(home, script.replace('=auto', '=maybe'), real),
    ].map(({ status }) => status)
    assert.equal(seen, [6, 8, 1, 2])
    copyHome(repaired, home)
    const { status, stdout } = shell(home, script, { ...real, CI: 'true' })
    assert.is(status, 0)
    assert.match(stdout, /AVAILABLE \(cached\)\n(?:.*\n)*backend libraries found\n$/)
  }),
)

// Whether the second step of the workflow ends well, and what it tells GitHub.
const GITHUB: Readonly<Record<number, readonly [says: RegExp, ends: number]>> = {
  0: [/^backend libraries found$/, 0],
  1: [/^::error::backend unavailable/, 1],
  2: [/^::error::wrong arguments/, 1],
  3: [/^::warning::network failure/, 0],
  4: [/^::error::permission denied/, 1],
  5: [/^::error::build failure/, 1],
  6: [/^::error::recursion/, 1],
  8: [/^::error::revalidation failed/, 1],
  143: [/^::error::interrupted \(exit code 143\)$/, 1],
}
for (const [code, [says, ends]] of Object.entries(GITHUB))
  recipe(
    `AC-175 the workflow for GitHub knows exit code ${code}`,
    inHome(async (home) => {
      const [preflight = '', act = ''] = steps('docs/howto/ci.md')
      const GITHUB_OUTPUT = join(home, 'output')
      const first = shell(home, preflight, { ...exits(home, Number(code)), GITHUB_OUTPUT })
      assert.is(first.status, 0)
      assert.is(fs.readFileSync(GITHUB_OUTPUT, 'utf8'), `exitcode=${code}\n`)
      const second = shell(home, act, { EXIT_CODE: code })
      assert.match(second.stdout.trimEnd(), says)
      assert.is(second.status, ends)
    }),
  )

recipe('AC-175 both know every exit code of the program', () => {
  for (const { code } of EXIT_TABLE) {
    assert.ok(BASH[code], `bash: ${code}`)
    assert.ok(GITHUB[code], `GitHub: ${code}`)
  }
})

recipe(
  'AC-298 the commands to clean up by hand leave nothing of ours and touch nothing else',
  inHome(async (home) => {
    copyHome(repaired, home)
    fs.mkdirSync(join(home, '.cache/other'))
    fs.writeFileSync(join(home, '.cache/other/file'), 'theirs')
    // As a kill in the middle of a fetch leaves it.
    fs.mkdirSync(join(home, '.cache/bitnet-tasks/sources/llama.part'))
    const { status } = shell(home, named('docs/howto/cpp-setup.md', 'cleanup.sh'), {})
    assert.is(status, 0)
    assert.equal(fs.readdirSync(join(home, '.cache')), ['other'])
    assert.is((await bitnetTasks(['preflight', '--repair=never'], { home })).code, 1)
  }),
)

recipe(
  'AC-290 every call of preflight in the reference is one that the program takes',
  inHome(async (home) => {
    copyHome(repaired, home)
    const work = join(home, 'work')
    for (const folder of [work, join(home, 'llama.cpp')]) fs.mkdirSync(folder)
    fs.writeFileSync(join(home, 'llama.cpp/CMakeLists.txt'), '')
    const calls = section('docs/reference.md', 'preflight').match(/^ {4}bitnet-tasks .*$/gm) ?? []
    for (const word of ['--repair=auto', '--repair=never', '--repair=always', '--verbose'])
      assert.ok(
        calls.some((call) => call.includes(word)),
        word,
      )
    for (const call of calls) {
      const [command = '', ...words] = call.replace(/#.*/, '').trim().split(/\s+/).slice(1)
      // In front: what stands behind `--` is another program's.
      const { code, stderr } = await bitnetTasks([command, '--dry-run', ...words], {
        home,
        cwd: work,
      })
      assert.is(code, 0, `${call}\n${stderr}`)
    }
  }),
)

recipe(
  'AC-300 what the migration page says to search for finds the older spellings, and no newer one',
  inHome(async (home) => {
    const older = ['--repair', '--no-repair', ...['true', 'no'].map((word) => `--repair=${word}`)]
    const newer = ['auto', 'never', 'always'].map((mode) => `--repair=${mode}`)
    fs.mkdirSync(join(home, 'scripts'))
    fs.mkdirSync(join(home, '.github'))
    const lines = [...older, ...newer].map((flag) => `run: bitnet-tasks preflight ${flag} -v`)
    fs.writeFileSync(join(home, 'scripts/ci.sh'), [...lines, 'x --repair', ''].join('\n'))
    const [search = ''] =
      /^grep .*$/m.exec(fs.readFileSync(page('docs/migration.md'), 'utf8')) ?? []
    const { stdout } = shell(home, search, {})
    const found = stdout
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split(':')[1]))
    assert.equal(found, [1, 2, 3, 4, lines.length + 1])
  }),
)

recipe(
  'AC-011 AC-013 AC-300 the table of older spellings: each warns, and means what the table says',
  inHome(async (home) => {
    // Nothing can be started: a repair ends before it begins, with exit 5.
    const options = { home, env: { PATH: join(home, 'empty') } }
    const table = fs.readFileSync(page('docs/migration.md'), 'utf8').split('\n## ')[0] as string
    const rows = [...table.matchAll(/^\| (.*?--(?:no-)?repair.*?) *\| `(--repair=\w+)` /gm)]
    const spellings = rows.flatMap(([, older = '', now = '']) =>
      [...older.matchAll(/--[\w=-]+/g)].map(([flag]) => ({ flag, now })),
    )
    assert.is(spellings.length, 8)
    for (const { flag, now } of spellings) {
      const old = await bitnetTasks(['preflight', flag], options)
      assert.match(old.stderr, ` is deprecated. Use ${now} instead.\n`, flag)
      assert.match(old.stderr, 'will be removed in version 0.3.0.\n', flag)
      const plain = await bitnetTasks(['preflight', now], options)
      assert.is(old.code, plain.code, flag)
      assert.ok(old.stderr.endsWith(plain.stderr), flag)
    }
  }),
)

recipe.run()

function page(path: string): string {
  return join(import.meta.dirname, '../..', path)
}

/** The code block of a page that says which file it is. */
function named(path: string, name: string): string {
  const text = fs.readFileSync(page(path), 'utf8')
  const [, body] = new RegExp(`^\`\`\`\\w+ ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(text) ?? []
  assert.ok(body, `${path} has a block '${name}'`)
  return body as string
}

/** The scripts of a workflow: what stands below each `run: |`. */
function steps(path: string): readonly string[] {
  const blocks = fs.readFileSync(page(path), 'utf8').matchAll(/^ {2}run: \|\n((?: {4}.*\n)+)/gm)
  return [...blocks].map(([, body = '']) => body.replace(/^ {4}/gm, ''))
}

function section(path: string, title: string): string {
  const [, body = ''] = fs.readFileSync(page(path), 'utf8').split(new RegExp(`^## ${title}$`, 'm'))
  return body.split(/^## /m)[0] as string
}

// As GitHub runs a step: bash -e.
function shell(home: string, script: string, env: Readonly<Record<string, string>>) {
  return spawnSync('bash', ['-e', '-c', script], {
    cwd: home,
    env: { HOME: home, PATH: process.env['PATH'], ...env },
    encoding: 'utf8',
  })
}

/** An environment in which `npx bitnet-tasks …` is the program itself. */
function program(home: string): { readonly PATH: string } {
  return npx(home, `shift; exec '${process.execPath}' '${bin}' "$@"`)
}

/** An environment in which `npx bitnet-tasks …` ends with that exit code. */
function exits(home: string, code: number): { readonly PATH: string } {
  return npx(home, `exit ${code}`)
}

function npx(home: string, body: string): { readonly PATH: string } {
  const folder = join(home, 'programs')
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(join(folder, 'npx'), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return { PATH: `${folder}:${process.env['PATH']}` }
}
