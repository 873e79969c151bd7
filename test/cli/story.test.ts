// timeout: 300
// What a repair tells while it goes on: its steps, in their order, at their times, each when it is true.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { begun } from './support/begun.ts'
import { copyHome, inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'
import { added, variant } from './support/variant.ts'

const story = suite('story of a repair')

const shelf = newFolder()
const first = join(shelf, 'first')
let repo: FixtureRepo
let told: Ended
let unreachable: Promise<Ended>
let tookMs: number

story.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(first)
  const start = performance.now()
  told = await repair(first, repo.url, ['--verbose'])
  tookMs = performance.now() - start
  if (told.code !== 0) throw new Error(told.stderr)
  const own = fs.mkdirSync(join(shelf, 'unreachable'), { recursive: true }) as string
  unreachable = begun(repair(own, 'http://127.0.0.1:1/x.git'))
})
story.after(() => removeFolder(shelf))

const live = (home: string): string => join(home, '.cache/llama_cpp')

function repair(home: string, url: string, more: readonly string[] = []): Promise<Ended> {
  const args = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0', ...more]
  return bitnetTasks(args, { home, env: { LLAMA_CPP_REPO: url } })
}

/** Each text occurs, and after the one before it. */
function inOrder(text: string, parts: readonly (string | RegExp)[]): void {
  let rest = text
  for (const part of parts) {
    const at = typeof part === 'string' ? rest.indexOf(part) : rest.search(part)
    assert.ok(at >= 0, `'${part}' is missing, or not in its place, in\n${text}`)
    rest = rest.slice(at + 1)
  }
}

story('AC-225 AC-226 AC-227 AC-228 AC-229 AC-230 AC-235 a repair is told in three steps', () => {
  inOrder(told.stderr, [
    "❌ Backend 'llama.cpp' NOT FOUND\nAuto-repairing... (this will take 5-10 minutes on first run)\n",
    '[preflight] Backend not detected at build time, starting auto-repair...\n',
    '[repair] Step 1/3: Installing C++ reference (60-120s estimated)\n',
    '[repair] Step 2/3: Rebuilding bitnet-probe binary (10-30s estimated)\n',
    /^\[repair\] Running: cmake --build \S+$/m,
    '[repair] ✓ bitnet-probe rebuilt successfully\n',
    '[repair] Step 3/3: Re-executing with updated detection\n',
    '[repair] Re-executing with updated detection...\n',
  ])
  assert.is(told.stderr.split('Step 1/3').length, 2)
  assert.is(told.stderr.split('Step 2/3').length, 2)
})

story('AC-231 AC-232 AC-233 what is fetched, built and installed is told with its place', () => {
  inOrder(told.stderr, [
    `[setup-cpp-auto] Cloning from ${repo.url}...\n`,
    '[setup-cpp-auto] Building with CMake...\n',
    `[setup-cpp-auto] ✓ C++ reference installed to ${live(first)}\n`,
  ])
})

story('AC-212 AC-234 it ends with the time that it took and the way to cross-validate', () => {
  inOrder(told.stderr, [
    /^\[preflight\] ✓ llama\.cpp AVAILABLE \(auto-repaired in \d+\.\ds\)$/m,
    /^To cross-validate:$/m,
    /^ {2}bitnet-tasks preflight --backend llama -- crossval-per-token \\\n {4}--model model\.gguf --tokenizer tokenizer\.json --prompt "Test" --max-tokens 4$/m,
  ])
  assert.match(
    told.stdout,
    /^✓ llama\.cpp AVAILABLE \(auto-repaired\)\n {2}Setup completed in \d+\.\d\ds\n {2}Libraries installed: .*\/lib\n$/,
  )
})

story('AC-240 AC-241 --verbose names each stage, in order', () => {
  const stage = (name: string, text: string): RegExp =>
    new RegExp(`^\\[ *\\d+\\.\\d\\ds\\] ${name}: ${text}$`, 'm')
  inOrder(told.stderr, [
    stage('DETECT', 'Detecting backend availability\\.\\.\\.'),
    stage('DETECT', "Backend 'llama\\.cpp' not found, attempting repair\\.\\.\\."),
    stage('REPAIR', 'Cloning llama\\.cpp from \\S+\\.\\.\\.'),
    stage('REPAIR', 'Building C\\+\\+ libraries\\.\\.\\.'),
    stage('REBUILD', 'Rebuilding bitnet-probe to detect libraries\\.\\.\\.'),
    stage('REDETECT', 'Re-validating backend availability\\.\\.\\.'),
    stage('SUCCESS', "Backend 'llama\\.cpp' is now AVAILABLE"),
  ])
})

story('AC-239 AC-249 the times run on through the re-exec, and are those of the clock', () => {
  const stamps = [...told.stderr.matchAll(/^\[( *\d+\.\d\d)s\] \S/gm)].map(([, at]) => Number(at))
  assert.ok(stamps.length > 15)
  assert.equal(
    stamps,
    stamps.toSorted((a, b) => a - b),
  )
  const whole = Number(/auto-repaired in (\d+\.\d)s/.exec(told.stderr)?.[1])
  const nodes = [...told.stderr.matchAll(/ (?:changed|unchanged) \((\d+\.\d)s\)$/gm)]
  const sum = nodes.reduce((all, [, seconds]) => all + Number(seconds), 0)
  assert.is(nodes.length, 6)
  // Each is rounded to a tenth of a second.
  assert.ok(whole > sum - 0.4, `${whole} s in all, and ${sum} s for its parts`)
  assert.ok(whole < tookMs / 1000 + 0.1, `${whole} s in all, and ${tookMs} ms on the clock`)
  assert.ok((stamps.at(-1) as number) <= whole + 0.1)
})

// Section R of the acceptance list.
const BANNED = /when available|if available|backend available|runtime availability/i

story('AC-289 nothing of what was really printed holds a banned term', async () => {
  const home = first
  const all = [
    told,
    await bitnetTasks(['doctor'], { home }),
    await bitnetTasks(['history'], { home }),
    await bitnetTasks(['list'], { home }),
    await bitnetTasks(['status'], { home }),
    await bitnetTasks(['env'], { home }),
  ]
  for (const { stdout, stderr } of all) {
    assert.ok(stdout !== '')
    assert.not.match(stdout + stderr, BANNED)
  }
  const disabled = await bitnetTasks(['preflight', '--repair=never'], { home })
  assert.ok(disabled.stderr !== '')
  assert.not.match(disabled.stdout + disabled.stderr, BANNED)
})

story('AC-196 a first installation has nothing to be backed up', () => {
  assert.not.match(told.stderr, 'backup')
})

story(
  'AC-195 AC-197 what is replaced is kept until the new one is validated, and then goes',
  inHome(async (home) => {
    copyHome(first, home)
    const { code, stderr } = await repair(home, repo.url, ['--repair=always'])
    assert.is(code, 0, stderr)
    inOrder(stderr, [
      '[repair] Creating backup of existing installation...\n',
      '[repair] Step 3/3',
      '[repair] ✓ Installation successful, removing backup...\n',
    ])
    assert.is(fs.readdirSync(join(home, '.cache/.llama_cpp.generations')).length, 1)
    // What took long the last time is expected to take as long again.
    assert.match(stderr, /Step 2\/3: Rebuilding bitnet-probe binary \(\d+s estimated\)/)
  }),
)

story(
  'AC-198 what does not validate leaves the old installation live',
  inHome(async (home) => {
    copyHome(first, home)
    const before = fs.readlinkSync(live(home))
    const crashing = variant(join(home, 'crashing'), {
      'src/llama.cpp': added(
        '#include <cstdlib>\n__attribute__((constructor)) static void die() { std::abort(); }',
      ),
    })
    const { code, stderr } = await repair(home, crashing.url)
    assert.is(code, 8, stderr)
    inOrder(stderr, [
      '[repair] Creating backup of existing installation...\n',
      '[repair] Installation failed, restoring backup...\n[repair] ✓ Backup restored\n',
      'UNAVAILABLE (revalidation failed after repair: backend still unavailable)',
    ])
    assert.is(fs.readlinkSync(live(home)), before)
  }),
)

story('AC-223 a failure is told where it happens, before its message', async () => {
  const { code, stderr } = await unreachable
  assert.is(code, 3, stderr)
  inOrder(stderr, [
    /^\[ +\d+\.\d\ds\] REPAIR: Auto-repair failed: network error$/m,
    "❌ Backend 'llama' UNAVAILABLE (network error during repair)\n",
    '  Failed to clone http://127.0.0.1:1/x.git\n',
    "  Network error during C++ download: fatal: unable to access 'http://127.0.0.1:1/x.git/': Failed to connect",
  ])
})

story(
  'AC-248 once it has repaired it says how long that takes',
  inHome(async (home) => {
    copyHome(first, home)
    fs.rmSync(live(home))
    const { stderr } = await repair(home, repo.url, ['--quiet'])
    assert.is(stderr, '')
    fs.rmSync(live(home))
    const again = await repair(home, repo.url)
    assert.is(again.code, 0, again.stderr)
    assert.match(again.stderr, /^Auto-repairing\.\.\. \(about \d+s, as earlier repairs\)$/m)
  }),
)

story.run()
