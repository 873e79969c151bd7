// timeout: 300
// The xtask of a BitNet-rs checkout: real cargo and rustc, a small workspace of its shape, the fixture of
// llama.cpp, and the built program.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureBitnet } from '../support/fixture-bitnet.ts'
import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { changesIn, fixtureWorkspace } from '../support/fixture-workspace.ts'
import { suite } from '../support/suite.ts'
import {
  BUILD,
  cargo,
  constantsOf,
  edit,
  program,
  RUST,
  runpath,
  xtask,
} from './support/checkout.ts'
import { copyHome, newFolder, removeFolder, toolFolder } from './support/home.ts'
import { bitnetTasks, type Ended, type RunOptions } from './support/program.ts'

const tool = suite('xtask')

// Three states of one home, at one path: cargo compiles anew what lies elsewhere. `empty`: a checkout whose
// xtask was built before there were libraries. `behind`: then the backend was installed. `known`: repaired.
const shelf = newFolder()
const home = join(shelf, 'home')
const workspace = join(home, 'BitNet-rs')
const live = join(home, '.cache/llama_cpp')
let repo: FixtureRepo

tool.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fixtureWorkspace(workspace)
  cargo(workspace, BUILD, { HOME: home })
  keep('empty')
  const installed = await bitnetTasks(FETCH, options({ cwd: home }))
  if (installed.code !== 0) throw new Error(installed.stderr)
  keep('behind')
  const repaired = await repair()
  if (repaired.code !== 0) throw new Error(repaired.stderr)
  keep('known')
})
tool.after(() => removeFolder(shelf))

type State = 'empty' | 'behind' | 'known'

function keep(state: State): void {
  fs.mkdirSync(join(shelf, state))
  copyHome(home, join(shelf, state))
}

function given(state: State): void {
  removeFolder(home)
  fs.mkdirSync(home)
  copyHome(join(shelf, state), home)
}

const LLAMA = ['preflight', '--backend', 'llama']
// The fixture's tree is not the pinned one.
const FETCH = [...LLAMA, '--ref', 'v0.5.0']

function options({ env, ...others }: Partial<RunOptions> = {}): RunOptions {
  return { home, cwd: workspace, ...others, env: { LLAMA_CPP_REPO: repo.url, ...RUST, ...env } }
}

/** Repairs from the top of the checkout. */
function repair(args: readonly string[] = [], more: Partial<RunOptions> = {}): Promise<Ended> {
  return bitnetTasks([...LLAMA, ...args], options(more))
}

const NOTHING = { hasBitnet: false, hasLlama: false, state: 'none', devices: 0 }
const FLIPPED = { hasBitnet: false, hasLlama: true, state: 'llama', devices: 16 }
const rebuildLog = (): string =>
  fs.readFileSync(join(home, '.cache/bitnet-tasks/state/logs/rebuild-xtask.1.log'), 'utf8')
const compiled = (log: string): readonly string[] =>
  [...log.matchAll(/Compiling (\S+) v/g)].map(([, name]) => name as string).sort()

const FEATURES = ['--features', 'crossval', '--no-default-features']

tool(
  'AC-078 AC-079 AC-085 AC-228 from nothing: the constants of xtask flip, and git sees no change',
  async () => {
    given('empty')
    assert.equal(constantsOf(workspace), NOTHING)
    const below = join(workspace, 'crates/bitnet-sys')
    const { code, stdout, stderr } = await bitnetTasks(FETCH, options({ cwd: below }))
    assert.is(code, 0, stderr)
    assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(auto-repaired\)\n/)
    assert.equal(constantsOf(workspace), FLIPPED)
    assert.is(changesIn(workspace), '')
    const told = stderr.split('\n')
    for (const line of [
      '[repair] Rebuilding xtask to pick up new library detection...',
      '[repair] Running: cargo build -p xtask --features crossval --no-default-features',
      '[repair] ✓ xtask rebuild completed',
      '[repair] HAS_BITNET=false, HAS_LLAMA=false -> true, BACKEND_STATE=none -> llama',
      '[repair] Re-executing with updated detection...',
    ])
      assert.ok(told.includes(line), `${line}\nis not in\n${stderr}`)
    assert.equal(runpath(program(workspace)), [join(fs.realpathSync(live), 'lib')])
  },
)

tool(
  'AC-089 neither a plain cargo build nor one with BITNET_CPP_DIR would see the libraries',
  () => {
    given('behind')
    cargo(workspace, BUILD, { HOME: home })
    assert.equal(constantsOf(workspace), NOTHING)
    const build = ['build', '-p', 'xtask', ...FEATURES]
    cargo(workspace, build, { HOME: home, BITNET_CPP_DIR: live })
    assert.equal(constantsOf(workspace), NOTHING)
  },
)

tool(
  'AC-068 AC-080 where the libraries are there, detection runs again and nothing else is compiled',
  async () => {
    given('behind')
    const written = (): number =>
      Math.round(fs.statSync(join(workspace, 'crossval/build.rs')).mtimeMs)
    const before = written()
    const { code, stdout, stderr } = await repair(['--tool-features', 'crossval'])
    assert.is(written(), before)
    assert.is(code, 0, stderr)
    assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(detected after repair\)\n/)
    assert.match(stderr, /DETECT: .* \(HAS_LLAMA is false in xtask\)\n/)
    assert.not.match(stderr, /(cmake|fetch-source|rebuild-tool)\S* started/)
    assert.equal(compiled(rebuildLog()), ['bitnet-crossval', 'xtask'])
    assert.equal(constantsOf(workspace), FLIPPED)
  },
)

tool(
  'AC-004 AC-005 AC-043 AC-056 both backends and one rebuild: all constants are true, the state is full',
  async () => {
    given('behind')
    const { url, tag } = fixtureBitnet(join(home, 'bitnet'))
    const env = { BITNET_CPP_REPO: url }
    const made = await bitnetTasks(
      ['preflight', '--backend', 'bitnet', '--ref', tag],
      options({ env }),
    )
    assert.is(made.code, 0, made.stderr)
    // The headers are of 2024, and serve both C++ files: nothing is left out.
    assert.match(made.stderr, /Running: cargo build -p xtask --features crossval-all --no-def/)
    assert.is(made.stderr.match(/rebuild-xtask started/g)?.length, 1)
    assert.equal(constantsOf(workspace), { ...FLIPPED, hasBitnet: true, state: 'full' })
    const root = fs.realpathSync(join(home, '.cache/bitnet_cpp'))
    assert.equal(runpath(program(workspace)), [
      join(root, 'lib'),
      join(fs.realpathSync(live), 'lib'),
    ])
    const both = await bitnetTasks(['preflight'], options())
    assert.is(both.code, 0, both.stderr)
    assert.equal(both.stdout.match(/✓ \S+ AVAILABLE \(cached\)/g), [
      '✓ bitnet.cpp AVAILABLE (cached)',
      '✓ llama.cpp AVAILABLE (cached)',
    ])
  },
)

tool(
  'AC-022 AC-208 the second time nothing runs, and the answer says when xtask was built',
  async () => {
    given('known')
    const { mtime, mtimeMs } = fs.statSync(program(workspace))
    const { code, stdout, stderr } = await repair()
    const at = mtime.toISOString()
    assert.is(
      stdout,
      `✓ llama.cpp AVAILABLE (cached)
  Libraries found at build time: ${live}/lib
  Last xtask build: ${at.slice(0, 10)} ${at.slice(11, 19)} UTC
`,
    )
    assert.is(stderr, '')
    assert.is(code, 0)
    assert.is(fs.statSync(program(workspace)).mtimeMs, mtimeMs)
    // Outside the checkout bitnet-probe is the tool that knows.
    const outside = await repair([], { cwd: home })
    assert.match(outside.stdout, /Last bitnet-probe build: /)
  },
)

tool(
  'AC-081 --clean-tool cleans the package that detects, and no other crate is compiled',
  async () => {
    given('known')
    fs.appendFileSync(join(workspace, 'crossval/src/lib.rs'), '// changed\n')
    touch('crossval/build.rs')
    cargo(workspace, ['build', '-p', 'xtask', ...FEATURES], { HOME: join(home, 'nobody') })
    const { code, stderr } = await repair(['--clean-tool'])
    assert.is(code, 0, stderr)
    assert.match(stderr, /\n\[repair\] Running: cargo clean -p bitnet-crossval\n/)
    assert.match(rebuildLog(), /^\$ cargo clean -p bitnet-crossval\n +Removed \d+ files/m)
    assert.equal(compiled(rebuildLog()), ['bitnet-crossval', 'xtask'])
    assert.equal(constantsOf(workspace), FLIPPED)
  },
)

tool(
  'AC-087 AC-121 after it xtask needs no variables, built again or not, and its other commands work',
  async () => {
    given('known')
    assert.is(xtask(workspace, 'greet'), 'hello\n')
    // xtask/build.rs runs again where our variables are not set, and makes another RPATH.
    assert.match(
      cargo(workspace, ['build', '-p', 'xtask', ...FEATURES], { HOME: home }),
      /Compiling xtask/,
    )
    assert.equal(constantsOf(workspace), FLIPPED)
    assert.ok(runpath(program(workspace)).includes(join(fs.realpathSync(live), 'lib')))
    assert.match((await repair()).stdout, /\(cached\)/)
  },
)

tool('AC-040 what a person builds by hand in between is noticed and put right', async () => {
  given('known')
  touch('crossval/build.rs')
  cargo(workspace, ['build', '-p', 'xtask', ...FEATURES], { HOME: join(home, 'nobody') })
  assert.equal(constantsOf(workspace), NOTHING)
  assert.is((await repair()).code, 0)
  assert.equal(constantsOf(workspace), FLIPPED)
  cargo(workspace, ['build', '-p', 'xtask', '--no-default-features'], { HOME: home })
  assert.is(constantsOf(workspace), null)
  assert.match((await repair()).stderr, /xtask was last built without --features crossval-all/)
  assert.equal(constantsOf(workspace), FLIPPED)
  fs.rmSync(join(workspace, 'target'), { recursive: true })
  assert.is((await repair()).code, 0)
  assert.equal(constantsOf(workspace), FLIPPED)
})

tool(
  'AC-047 AC-048 AC-049 AC-050 libraries that xtask does not know are told of, until it does',
  async () => {
    given('behind')
    const { code, stdout, stderr } = await repair(['--repair=never'])
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.is(
      stderr.split('❌')[0],
      `⚠️  llama.cpp libraries detected at runtime but not at build time

Location: ${live}/lib

This means xtask was compiled before libraries were installed.
To enable full integration, rebuild xtask:

  touch crossval/build.rs
  BITNET_CPP_DIR=${live} cargo build -p xtask --features crossval-all

Or enable auto-repair:

  bitnet-tasks preflight --backend llama --repair=auto

`,
    )
    assert.match(
      stderr,
      /❌ llama\.cpp UNAVAILABLE \(repair disabled\)\n {2}HAS_LLAMA is false in xtask/,
    )
    assert.equal(constantsOf(workspace), NOTHING)
    given('known')
    const after = await repair(['--repair=never'])
    assert.is(after.code, 0)
    assert.is(after.stderr, '')
  },
)

tool(
  'AC-083 AC-084 AC-086 AC-236 when cargo fails it is a build error, and what was installed stays',
  async () => {
    given('known')
    const before = fs.readlinkSync(live)
    edit(workspace, 'xtask/src/main.rs', 'fn main() {', 'fn main() { broken_on_purpose();')
    const { code, stdout, stderr } = await bitnetTasks([...FETCH, '--repair=always'], options())
    assert.is(code, 5, stderr)
    assert.is(stdout, '')
    assert.match(
      stderr,
      /\n {2}xtask rebuild failed: error\[E0425\]: cannot find function `broken_/,
    )
    assert.match(stderr, /\n {4}rebuild-xtask: cargo build failed with exit code 101\n/)
    assert.not.match(stderr, /rebuild completed|Re-executing/)
    assert.is(fs.readlinkSync(live), before)
    const store = join(home, '.cache/.llama_cpp.generations')
    assert.equal(fs.readdirSync(store), [before.split('/').at(-1)])
    assert.is((await repair(['--repair=never'], { cwd: home })).code, 0)
  },
)

tool('AC-082 when cargo clean fails, it says so', async () => {
  given('behind')
  const real = toolFolder(join(home, 'tools'), ['cargo'])
  const fake = join(home, 'fake')
  fs.mkdirSync(fake)
  const script = `#!/bin/sh\n[ "$1" = clean ] && exit 3\nexec ${join(real, 'cargo')} "$@"\n`
  fs.writeFileSync(join(fake, 'cargo'), script, { mode: 0o755 })
  const PATH = `${fake}:${process.env['PATH']}`
  const { code, stderr } = await repair(['--clean-tool'], { env: { PATH } })
  assert.is(code, 5, stderr)
  assert.match(stderr, /rebuild-xtask: cargo clean failed with exit code 3\n/)
  assert.equal(constantsOf(workspace), NOTHING)
})

tool(
  'AC-314 --dry-run names the rebuild of xtask, last or alone, and changes nothing',
  async () => {
    given('behind')
    const behind = await repair(['--dry-run', '--clean-tool'])
    assert.is(behind.code, 0, behind.stderr)
    assert.is(
      behind.stdout,
      `Would execute:
rebuild-xtask:
  1. cargo clean -p bitnet-crossval
  2. cargo build -p xtask --features crossval --no-default-features
`,
    )
    assert.equal(constantsOf(workspace), NOTHING)
    given('empty')
    const empty = await bitnetTasks([...FETCH, '--dry-run', '--json'], options())
    const { wouldExecute } = JSON.parse(empty.stdout).backends[0]
    assert.match(wouldExecute[0], /fetch-source/)
    assert.is(
      wouldExecute.at(-1),
      'cargo build -p xtask --features crossval-all --no-default-features',
    )
  },
)

tool('AC-088 an xtask without the features says which it needs', async () => {
  given('behind')
  edit(workspace, 'xtask/Cargo.toml', '\ncrossval = ', '\nother = ')
  edit(workspace, 'xtask/Cargo.toml', '"crossval", "ffi"]', '"ffi"]')
  const { code, stderr } = await repair()
  assert.is(code, 5, stderr)
  assert.match(
    stderr,
    /Auto-repair requires crossval features\. Rebuild with --features crossval-all\n/,
  )
})

tool('AC-114 without cargo nothing is started, and the message says where to get it', async () => {
  given('behind')
  const tools = toolFolder(join(home, 'tools'), ['sh'])
  const { code, stderr } = await repair([], { env: { PATH: tools } })
  assert.is(code, 5)
  assert.match(
    stderr,
    /\n {2}'cargo' is not on PATH \(rebuilds xtask; see https:\/\/rustup\.rs\/\)\n/,
  )
  assert.not.match(stderr, /cmake|git/)
  assert.not.match(stderr, /xtask started/)
})

tool('AC-055 variables of the person that would mislead detection do not reach cargo', async () => {
  given('behind')
  const { code, stderr } = await repair([], {
    env: {
      BITNET_CROSSVAL_LIBDIR: join(home, 'nowhere'),
      BITNET_CPP_PATH: join(home, 'nowhere'),
      CROSSVAL_RPATH_BITNET: home,
      CROSSVAL_HAS_BITNET: 'true',
    },
  })
  assert.is(code, 0, stderr)
  assert.equal(constantsOf(workspace), FLIPPED)
  assert.equal(runpath(program(workspace)), [join(fs.realpathSync(live), 'lib')])
})

tool('--tool-features builds with others, in the folder of CARGO_TARGET_DIR', async () => {
  given('behind')
  const env = { CARGO_TARGET_DIR: join(home, 'elsewhere') }
  const { code, stderr } = await repair(['--tool-features', 'crossval,inference'], { env })
  assert.is(code, 0, stderr)
  assert.match(stderr, /Running: cargo build -p xtask --features crossval,inference /)
  assert.not.match(stderr, /--tool-features chooses others/)
  assert.ok(fs.existsSync(join(home, 'elsewhere/debug/xtask')))
  assert.match((await repair([], { env })).stdout, /\(cached\)\n.*\n {2}Last xtask build/)
})

tool(
  'features that the installed headers cannot serve end in the words of the compiler',
  async () => {
    given('behind')
    const { code, stderr } = await repair(['--tool-features', 'crossval-all'])
    assert.is(code, 5, stderr)
    assert.match(stderr, /\n {2}xtask rebuild failed: .*error: 'llama_n_vocab' was not declared/)
  },
)

tool('--workspace names a checkout from elsewhere, and one that is none is refused', async () => {
  given('behind')
  const { code, stderr } = await repair(['--workspace', 'BitNet-rs'], { cwd: home })
  assert.is(code, 0, stderr)
  assert.equal(constantsOf(workspace), FLIPPED)
  const wrong = await repair(['--workspace', '.'], { cwd: home })
  assert.is(wrong.code, 2)
  assert.is(
    wrong.stderr,
    `--workspace .: '${home}' is no BitNet-rs checkout
  hint: give the folder that holds crossval/build.rs and xtask/Cargo.toml
`,
  )
})

tool(
  'AC-020 with --workspace its nodes run by name, and look again at what was built since',
  async () => {
    given('known')
    const run = (...args: readonly string[]): Promise<Ended> =>
      bitnetTasks([...args, '--workspace', '.'], options())
    const nodes = ['rebuild-xtask', 'revalidate-xtask']
    const first = await run('run', ...nodes)
    assert.is(first.code, 0, first.stderr)
    assert.match(first.stderr, /revalidate-xtask changed/)
    const again = await run('run', ...nodes)
    assert.not.match(again.stderr, /started/)
    // Somebody else links it anew, and without the libraries.
    touch('crossval/build.rs')
    cargo(workspace, ['build', '-p', 'xtask', ...FEATURES], { HOME: join(home, 'nobody') })
    const after = await run('run', ...nodes)
    assert.is(after.code, 1)
    assert.match(after.stderr, /revalidate-xtask: xtask was built by other hands since/)
    assert.is((await bitnetTasks(['run', 'rebuild-xtask'], options())).code, 2)
  },
)

tool('a folder whose name the linker would cut is refused before cargo runs', async () => {
  given('behind')
  const odd = join(home, 'a,b')
  fs.mkdirSync(odd)
  copyHome(join(home, '.cache'), join(odd, '.cache'))
  const { code, stderr } = await repair([], { home: odd })
  assert.is(code, 5, stderr)
  assert.match(stderr, /a,b\/.*\/lib' holds a comma, at which '-Wl,-rpath,' of xtask\/build\.rs/)
  assert.not.match(stderr, /Running: cargo/)
})

tool(
  'AC-120 an xtask that was built and does not answer is no verdict: exit 8, and the old stays',
  async () => {
    given('known')
    const before = fs.readlinkSync(live)
    edit(workspace, 'xtask/src/main.rs', 'if !is_there {', 'if is_there {')
    const { code, stderr } = await bitnetTasks([...FETCH, '--repair=always'], options())
    assert.is(code, 8, stderr)
    assert.match(
      stderr,
      /xtask preflight --backend llama failed \(exit code 1\): Error: backend still/,
    )
    assert.is(fs.readlinkSync(live), before)
    // It was built against what was dropped, and would not start.
    assert.is(xtask(workspace, 'greet'), 'hello\n')
    assert.equal(runpath(program(workspace)), [join(fs.realpathSync(live), 'lib')])
  },
)

tool('AC-120 so it is where only xtask was behind', async () => {
  given('behind')
  edit(workspace, 'xtask/src/main.rs', 'if !is_there {', 'if is_there {')
  const { code, stderr } = await repair()
  assert.is(code, 8, stderr)
  assert.match(stderr, /xtask preflight --backend llama failed \(exit code 1\)/)
})

tool('AC-087 where nothing is left after a rejection, xtask starts without a backend', async () => {
  given('empty')
  edit(workspace, 'xtask/src/main.rs', 'if !is_there {', 'if is_there {')
  const { code, stderr } = await bitnetTasks(FETCH, options())
  assert.is(code, 8, stderr)
  assert.is(fs.existsSync(live), false)
  assert.is(xtask(workspace, 'greet'), 'hello\n')
  assert.equal(constantsOf(workspace), NOTHING)
})

tool.run()

function touch(name: string): void {
  const now = new Date()
  fs.utimesSync(join(workspace, name), now, now)
}
