// timeout: 300
// What env prints, evaluated by real shells, with installations in folders of every name that a folder can
// have: the variables are exactly the folders, and nothing in a name is run.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { debianProgram } from '../support/debian.ts'
import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, inHome, newFolder, removeFolder } from './support/home.ts'
import { bin, bitnetTasks, type Ended } from './support/program.ts'

const env = suite('env in real shells')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
let url: string

env.before(async () => {
  for (const shell of ['dash', 'fish', 'zsh']) debianProgram(shell)
  url = fixtureRepo(join(shelf, 'llama.cpp')).url
  fs.mkdirSync(repaired)
  const { code, stderr } = await setUp(repaired)
  if (code !== 0) throw new Error(stderr)
})
env.after(() => removeFolder(shelf))

function setUp(home: string, more: readonly string[] = []): Promise<Ended> {
  const args = ['setup-cpp-auto', '--emit=sh', '--backend', 'llama', '--ref', 'v0.5.0', ...more]
  return bitnetTasks(args, { home, env: { LLAMA_CPP_REPO: url } })
}

// A slash and NUL are all that a name cannot hold; a colon no search path can.
const NAMES = [
  'plain',
  'two words',
  "it's",
  '"double"',
  "'; touch canary; '",
  '"; touch canary; "',
  '$(touch canary)',
  '`touch canary`',
  '$HOME $\u007bHOME} $env;HOME',
  '%PATH% %%',
  '!PATH! !!',
  ';touch canary',
  '|touch canary',
  '&touch canary&',
  '>canary',
  'new\nline\ntouch canary\n',
  'tab\tand\rreturn',
  'trailing\\',
  '\\',
  "\\'",
  '-n',
  '~',
  '#hash',
  '* ? [a]',
  '{a,b}',
  '(touch canary)',
  'x=y',
  ' both ends ',
  '^caret^',
  'äöü€😀',
  '’‘‚‛“”',
]

interface Shell {
  readonly name: string
  readonly emit: 'sh' | 'fish'
  /** The script that evaluates what the command before it prints, and then shows its environment. */
  readonly script: (command: string, show: string) => string
}

const evaluating = (command: string, show: string): string => `eval "$(${command})"\n${show}`
const SHELLS: readonly Shell[] = [
  { name: 'sh', emit: 'sh', script: evaluating },
  // Under -eu an unset variable ends a script.
  { name: 'dash', emit: 'sh', script: (...words) => `set -eu\n${evaluating(...words)}` },
  { name: 'bash', emit: 'sh', script: (...words) => `set -eu\n${evaluating(...words)}` },
  { name: 'zsh', emit: 'sh', script: evaluating },
  { name: 'fish', emit: 'fish', script: (command, show) => `${command} | source\n${show}` },
]

const SHOWN = ['LLAMA_CPP_DIR', 'BITNET_CPP_DIR', 'BITNET_CROSSVAL_LIBDIR', 'LD_LIBRARY_PATH']

/** The variables of a program that the shell starts after it has evaluated. */
function seenBy(
  { name, emit, script }: Shell,
  home: string,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const text = script(`'${process.execPath}' '${bin}' env --emit ${emit}`, 'env -0')
  const printed = execFileSync(name, ['-c', text], {
    cwd: home,
    // In the C locale fish itself garbles what is not ASCII, before any of ours runs.
    env: { HOME: home, PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', ...own },
    encoding: 'utf8',
  })
  const seen = printed.split('\0').map((line) => line.split(/=(.*)/s) as [string, string])
  return Object.fromEntries(seen.filter(([name]) => SHOWN.includes(name)))
}

// An installation of bitnet.cpp as env looks at it: files of the recorded size and time, and its name.
function install(from: string, into: string, backend: 'llama' | 'bitnet'): void {
  fs.mkdirSync(into)
  execFileSync('cp', ['-a', `${fs.realpathSync(from)}/.`, `${into}/`])
  const path = join(into, '.bitnet-tasks.json')
  const manifest = JSON.parse(fs.readFileSync(path, 'utf8'))
  fs.writeFileSync(path, JSON.stringify({ ...manifest, backend }))
}

for (const shell of SHELLS)
  env(
    `AC-280 ${shell.name}: both backends in folders of hostile names come out as they are`,
    inHome(async (home) => {
      const live = join(repaired, '.cache/llama_cpp')
      for (const [i, name] of NAMES.entries()) {
        // Two names each time, one in front of the other in the search path.
        if (i % 2 === 1) continue
        const other = NAMES[i + 1] ?? 'last'
        const LLAMA_CPP_DIR = join(home, `${i}${name}`)
        const BITNET_CPP_DIR = join(home, `bitnet${other}`)
        install(live, LLAMA_CPP_DIR, 'llama')
        install(live, BITNET_CPP_DIR, 'bitnet')
        assert.equal(
          seenBy(shell, home, { LLAMA_CPP_DIR, BITNET_CPP_DIR }),
          {
            LLAMA_CPP_DIR,
            BITNET_CPP_DIR,
            BITNET_CROSSVAL_LIBDIR: `${BITNET_CPP_DIR}/lib`,
            LD_LIBRARY_PATH: `${BITNET_CPP_DIR}/lib:${LLAMA_CPP_DIR}/lib`,
          },
          JSON.stringify([name, other]),
        )
        fs.rmSync(LLAMA_CPP_DIR, { recursive: true })
        fs.rmSync(BITNET_CPP_DIR, { recursive: true })
      }
      assert.equal(
        fs.readdirSync(home).filter((name) => name.includes('canary') || name === 'lib'),
        [],
      )
    }),
  )

for (const shell of SHELLS)
  env(
    `${shell.name}: an older search path stays behind, an empty one leaves no working folder in it`,
    inHome(async (home) => {
      copyHome(repaired, home)
      const lib = join(home, '.cache/llama_cpp/lib')
      const path = (before: string): string | undefined =>
        seenBy(shell, home, { LD_LIBRARY_PATH: before })['LD_LIBRARY_PATH']
      assert.is(path(''), lib)
      assert.is(path('/old one:/$HOME'), `${lib}:/old one:/$HOME`)
    }),
  )

env(
  'AC-077 each system gets the exports of its own shells: GitHub keeps what was in the path before',
  inHome(async (home) => {
    copyHome(repaired, home)
    const own = { LD_LIBRARY_PATH: '/old' }
    const args = ['env', '--emit', 'github']
    const { stdout } = await bitnetTasks(args, { home, env: own })
    const lib = join(home, '.cache/llama_cpp/lib')
    assert.match(stdout, `LD_LIBRARY_PATH<<EOF\n${lib}:/old\nEOF\n`)
    const first = await bitnetTasks(args, { home })
    assert.match(first.stdout, `LD_LIBRARY_PATH<<EOF\n${lib}\nEOF\n`)
  }),
)

env(
  'a folder with a colon in its name is refused: no search path could hold it',
  inHome(async (home) => {
    const LLAMA_CPP_DIR = join(home, 'a:b')
    install(join(repaired, '.cache/llama_cpp'), LLAMA_CPP_DIR, 'llama')
    const { code, stdout, stderr } = await bitnetTasks(['env'], { home, env: { LLAMA_CPP_DIR } })
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.is(
      stderr,
      `LD_LIBRARY_PATH cannot hold '${LLAMA_CPP_DIR}/lib': ':' ends a folder there\n  hint: install into a folder without it\n`,
    )
  }),
)

env(
  'AC-018 setup-cpp-auto --emit=sh installs, in CI too, and prints exports alone',
  inHome(async (home) => {
    const args = ['setup-cpp-auto', '--emit=sh', '--backend', 'llama', '--ref', 'v0.5.0']
    const first = await bitnetTasks(args, { home, env: { LLAMA_CPP_REPO: url, CI: 'true' } })
    assert.is(first.code, 0, first.stderr)
    const live = join(home, '.cache/llama_cpp')
    const exports = `export LLAMA_CPP_DIR='${live}'
export BITNET_CROSSVAL_LIBDIR='${live}/lib'
export LD_LIBRARY_PATH='${live}/lib'"\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
`
    assert.is(first.stdout, exports)
    assert.match(first.stderr, '[repair] Step 3/3')
    assert.match(first.stderr, '✓ llama.cpp AVAILABLE (auto-repaired)')
    const again = await setUp(home)
    assert.is(again.stdout, exports)
    const quiet = await setUp(home, ['--quiet'])
    assert.is(quiet.stdout, exports)
    assert.is(quiet.stderr, '')
  }),
)

env(
  'setup-cpp-auto that fails prints nothing to evaluate, and its exit code says why',
  inHome(async (home) => {
    const broken = fixtureRepo(join(home, 'broken'), { broken: 'compile' }).url
    const args = ['setup-cpp-auto', '--backend', 'llama', '--ref', 'v0.5.0']
    const { code, stdout, stderr } = await bitnetTasks(args, {
      home,
      env: { LLAMA_CPP_REPO: broken },
    })
    assert.is(code, 5)
    assert.is(stdout, '')
    assert.match(stderr, 'UNAVAILABLE (build error during repair)')
  }),
)

env(
  'setup-cpp-auto without execve: the child prints the exports, once',
  inHome(async (home) => {
    const preload = join(home, 'no-execve.cjs')
    fs.writeFileSync(preload, 'process.execve = undefined\n')
    const args = ['setup-cpp-auto', '--emit=sh', '--backend', 'llama', '--ref', 'v0.5.0']
    const { code, stdout, stderr } = await bitnetTasks(args, {
      home,
      env: { LLAMA_CPP_REPO: url },
      node: ['--require', preload],
    })
    assert.is(code, 0, stderr)
    assert.is(stdout.split('export LLAMA_CPP_DIR=').length, 2, stdout)
  }),
)

env.run()
