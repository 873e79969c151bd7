// timeout: 300
// The hand-over and `-- COMMAND` in a BitNet-rs checkout, where `cargo run` of xtask is the second way.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { changesIn, fixtureWorkspace } from '../support/fixture-workspace.ts'
import { suite } from '../support/suite.ts'
import { BUILD, cargo, edit, program, RUST, runpath } from './support/checkout.ts'
import { copyHome, newFolder, removeFolder, toolFolder, uninstall } from './support/home.ts'
import { hookIn } from './support/hook.ts'
import { bin, bitnetTasks, type Ended, type RunOptions } from './support/program.ts'

const checkout = suite('re-exec in a checkout')

// One home at one path, put back before each test: cargo compiles anew what lies elsewhere. Its backend is
// built and nothing is installed; its xtask was built before there were libraries.
const shelf = newFolder()
const home = join(shelf, 'home')
const saved = join(shelf, 'saved')
const workspace = join(home, 'BitNet-rs')
const live = join(home, '.cache/llama_cpp')
let repo: FixtureRepo

checkout.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fixtureWorkspace(workspace)
  cargo(workspace, BUILD, { HOME: home })
  const { code, stderr } = await preflight([], { cwd: home })
  if (code !== 0) throw new Error(stderr)
  uninstall(home)
  copyHome(home, fs.mkdirSync(saved, { recursive: true }) ?? saved)
})
checkout.before.each(() => {
  removeFolder(home)
  fs.mkdirSync(home)
  copyHome(saved, home)
})
checkout.after(() => removeFolder(shelf))

const LLAMA = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']

function preflight(args: readonly string[], more: Partial<RunOptions> = {}): Promise<Ended> {
  const env = { LLAMA_CPP_REPO: repo.url, ...RUST, ...more.env }
  return bitnetTasks([...LLAMA, ...args], { home, cwd: workspace, ...more, env })
}

const NO_EXEC = 'process.execve = undefined'
const FLIPPED = { hasBitnet: false, hasLlama: true, state: 'llama', devices: 16 }
const RUN = 'cargo run -p xtask --features crossval --no-default-features --'

checkout(
  'V.10 AC-121 AC-309 from nothing one command repairs, rebuilds, re-executes and runs xtask',
  async () => {
    const { code, stdout, stderr } = await preflight(['--', 'constants'])
    assert.is(code, 0, stderr)
    assert.equal(JSON.parse(stdout), FLIPPED)
    assert.match(stderr, '[repair] ✓ xtask rebuild completed\n')
    assert.match(stderr, '[reexec] Attempting exec()...\n')
    assert.match(stderr, '✓ llama.cpp AVAILABLE (auto-repaired)\n')
    assert.not.match(stderr, /cargo run/)
    assert.is(changesIn(workspace), '')
    const odd = await preflight(['--', 'no such command', '--json'])
    assert.is(odd.code, 2)
    assert.match(odd.stderr, 'error: unrecognized subcommand Some("no such command")\n')
  },
)

checkout(
  'V.9 AC-092 AC-110 where exec cannot be, xtask says by cargo run that it knows, and the staged is judged here',
  async () => {
    const { code, stdout, stderr } = await preflight(['--', 'constants'], {
      node: hookIn(shelf, NO_EXEC),
    })
    assert.is(code, 0, stderr)
    assert.ok(
      stderr.includes(`[reexec] Trying cargo run fallback...
[reexec] Fallback command: ${RUN} ["preflight", "--backend", "llama", "--ref", "v0.5.0"]
`),
      stderr,
    )
    assert.match(stderr, '[reexec] Fallback child exited with code: 0\n')
    assert.match(stderr, '✓ llama.cpp AVAILABLE (auto-repaired)\n')
    assert.equal(JSON.parse(stdout), FLIPPED)
    assert.equal(runpath(program(workspace)), [join(fs.realpathSync(live), 'lib')])
    // It was run as it had been built: cargo had nothing to link.
    assert.not.match(stderr, /Compiling/)
    const cached = await preflight(['--repair=never'])
    assert.match(cached.stdout, /^✓ llama\.cpp AVAILABLE \(cached\)\n/)
  },
)

checkout(
  'AC-111 AC-118 AC-199 when xtask says no by cargo run its exit code is ours, and nothing is installed',
  async () => {
    edit(
      workspace,
      'xtask/src/main.rs',
      'let is_there =',
      'if true { exit(42) }\n    let is_there =',
    )
    const { code, stdout, stderr } = await preflight(['--', 'constants'], {
      node: hookIn(shelf, NO_EXEC),
    })
    assert.is(code, 42, stderr)
    assert.is(stdout, '')
    assert.match(stderr, '[reexec] Fallback child exited with code: 42\n')
    assert.is(fs.existsSync(live), false)
    edit(workspace, 'xtask/src/main.rs', 'if true { exit(42) }', '')
    const next = await preflight([])
    assert.is(next.code, 0, next.stderr)
    assert.not.match(next.stderr, /(fetch-source|cmake-\w+|rebuild-tool)\S* started/)
  },
)

checkout(
  'AC-114 AC-118 AC-165 a cargo that is gone at the hand-over: exit 1, and the next one ends it',
  async () => {
    const once = 'case "$1" in build) "$real" "$@"; code=$?; rm "$0"; exit $code;; esac'
    const rust = toolFolder(join(home, 'rust'), ['rustc'])
    const PATH = `${meddlingCargo(once)}:${rust}:/usr/bin:/bin`
    const { code, stdout, stderr } = await preflight([], {
      node: hookIn(shelf, NO_EXEC),
      env: { PATH },
    })
    assert.is(code, 1, stderr)
    assert.is(stdout, '')
    assert.match(stderr, `\nRe-exec failed: cargo not found in PATH\nTried: ${RUN} ...\n`)
    assert.is(fs.existsSync(live), false)
    assert.is((await preflight([])).code, 0)
  },
)

checkout(
  'V.10 an xtask that vanishes before it is run: cargo run puts it back and runs it',
  async () => {
    assert.is((await preflight([])).code, 0)
    const gone = `const { chdir } = process
process.chdir = (folder) => { chdir(folder); require('node:fs').rmSync(${JSON.stringify(program(workspace))}) }`
    const folder = join(workspace, 'crates')
    const { code, stdout, stderr } = await preflight(['--', 'constants'], {
      node: hookIn(shelf, gone),
      cwd: folder,
    })
    assert.is(code, 0, stderr)
    assert.equal(JSON.parse(stdout), FLIPPED)
    assert.match(stderr, `[tool] ${program(workspace)}: ENOENT: no such file or directory, access`)
    const words = RUN.replace(/ --$/, ` --manifest-path ${workspace}/Cargo.toml --`)
    assert.match(stderr, `[tool] ${words} ["constants"]\n`)
    // Linked again, for LLAMA_CPP_DIR is set now, and to the same folders.
    assert.equal(runpath(program(workspace)), [join(fs.realpathSync(live), 'lib')])
    const next = await preflight(['--repair=never'])
    assert.match(next.stdout, /^✓ llama\.cpp AVAILABLE \(cached\)\n/)
  },
)

checkout('without cargo an xtask that vanished is not run: both errors, exit 1', async () => {
  assert.is((await preflight([])).code, 0)
  const gone = `const { chdir } = process
process.chdir = (folder) => { chdir(folder); require('node:fs').rmSync(${JSON.stringify(program(workspace))}) }`
  const { code, stdout, stderr } = await bitnetTasks(
    ['preflight', '--backend', 'llama', '--', 'constants'],
    { home, cwd: workspace, node: hookIn(shelf, gone), env: { PATH: '/nowhere' } },
  )
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(stderr, `❌ '${program(workspace)}' could not be started\n`)
  assert.match(
    stderr,
    /\n {2}exec\(\) error: ENOENT: .*\n {2}cargo run error: ENOENT: .*'cargo' is in no folder of PATH/,
  )
})

checkout(
  'AC-126 AC-130 a cargo that calls preflight again gets exit 6, and xtask is rebuilt once',
  async () => {
    const log = join(shelf, 'log')
    const call = `'${process.execPath}' '${bin}' ${LLAMA.join(' ')} >>'${log}.said' 2>&1
echo "guard=$BITNET_REPAIR_IN_PROGRESS preflight=$?" >>'${log}'`
    const PATH = `${meddlingCargo(call)}:${process.env['PATH']}`
    const { code, stderr } = await preflight([], { env: { PATH } })
    assert.is(code, 0, stderr)
    const lines = fs.readFileSync(log, 'utf8').trimEnd().split('\n')
    assert.ok(lines.length > 0)
    assert.equal(
      lines.filter((line) => line !== 'guard=1 preflight=6'),
      [],
    )
    assert.is(stderr.split('rebuild-xtask started').length, 2)
    assert.not.match(fs.readFileSync(`${log}.said`, 'utf8'), /\] started|starting auto-repair/)
  },
)

checkout.run()

/** A folder for PATH with a cargo that first does something else. */
function meddlingCargo(first: string): string {
  const found = (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, 'cargo'))
    .find((path) => fs.existsSync(path))
  if (found === undefined) throw new Error("this test needs 'cargo' on PATH")
  const folder = join(home, 'meddling')
  fs.mkdirSync(folder)
  const text = `#!/bin/sh\nreal='${found}'\n${first}\nexec "$real" "$@"\n`
  fs.writeFileSync(join(folder, 'cargo'), text, { mode: 0o755 })
  return folder
}
