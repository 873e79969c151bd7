// timeout: 300
// preflight on a small real llama.cpp: a git repository on disk, cmake, a compiler.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import {
  copyHome,
  digestOf,
  inHome,
  newFolder,
  removeFolder,
  toolFolder,
  uninstall,
} from './support/home.ts'
import { asNobody } from './support/nobody.ts'
import { bitnetTasks, type RunOptions, start } from './support/program.ts'
import { added, variant } from './support/variant.ts'

const preflight = suite('preflight')

const shelf = newFolder()
// A home in which the repair was done once; tests that need one copy it.
const repaired = join(shelf, 'repaired')
let repo: FixtureRepo

preflight.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(repaired)
  const { code, stderr } = await repair(repaired)
  if (code !== 0) throw new Error(stderr)
})
preflight.after(() => removeFolder(shelf))

const LLAMA = ['preflight', '--backend', 'llama']
const FIXTURE = [...LLAMA, '--ref', 'v0.5.0']

/** Repairs from the fixture's repository. */
function repair(home: string, args: readonly string[] = [], options: Partial<RunOptions> = {}) {
  return bitnetTasks([...FIXTURE, ...args], fromFixture(home, options))
}

function fromFixture(home: string, options: Partial<RunOptions> = {}): RunOptions {
  return { ...options, home, env: { LLAMA_CPP_REPO: repo.url, ...options.env } }
}

/** Puts all into a home that a repair makes, but for the installation. */
function onlyBuilt(home: string): void {
  copyHome(repaired, home)
  uninstall(home)
}

const live = (home: string): string => join(home, '.cache/llama_cpp')
const storeOf = (home: string): string => join(home, '.cache/.llama_cpp.generations')
const withoutTime = (text: string): string =>
  text.replace(/\d+\.\d\ds/g, 'N.NNs').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'WHEN')

const CACHED = (home: string): string => `✓ llama.cpp AVAILABLE (cached)
  Libraries found at build time: ${live(home)}/lib
  Last bitnet-probe build: WHEN
`
const REPAIRED = (home: string): string => `✓ llama.cpp AVAILABLE (auto-repaired)
  Setup completed in N.NNs
  Libraries installed: ${live(home)}/lib
`

preflight(
  'AC-039 AC-059 AC-130 AC-164 AC-209 AC-210 AC-211 AC-242 from nothing it repairs without a flag; stdout is the answer, the rest stderr',
  inHome(async (home) => {
    const { code, stdout, stderr } = await repair(home)
    assert.is(withoutTime(stdout), REPAIRED(home))
    assert.is(code, 0)
    const told = stderr.split('\n').map((line) => line.replace(/^\[ *\d+\.\d\ds\] /, ''))
    for (const line of [
      '[preflight] Backend not detected at build time, starting auto-repair...',
      `DETECT: Backend 'llama.cpp' not found at build time (nothing is installed at ${live(home)})`,
      'REPAIR: fetch-source[llama] started',
      'REPAIR: cmake-build[llama,cpu] started',
      'REBUILD: rebuild-tool[llama,cpu] started',
      '[repair] Re-executing with updated detection...',
      `[reexec] exe: ${fs.realpathSync(process.execPath)}`,
      '[reexec] exe exists: true',
      '[reexec] args: ["preflight", "--backend", "llama", "--ref", "v0.5.0"]',
      '[reexec] Attempting exec()...',
      '[repair] Re-exec detected, skipping repair (checking detection only)',
      'REDETECT: revalidate[llama,cpu] started',
    ])
      assert.ok(told.includes(line), `${line}\nis not in\n${stderr}`)
    assert.not.match(stderr, /fallback/i)
    // No task is begun twice, and none begins a repair of its own.
    const begun = told.filter((line) => / started$/.test(line))
    assert.equal(begun, [...new Set(begun)])
    assert.is(begun.filter((line) => line.includes('fetch-source')).length, 1)
    assert.equal(fs.readdirSync(join(home, '.cache')).sort(), [
      '.llama_cpp.generations',
      'bitnet-tasks',
      'bitnet_locks',
      'llama_cpp',
    ])
  }),
)

preflight(
  'AC-068 AC-164 AC-206 AC-207 the second time it is cached, and nothing is said beside the answer',
  inHome(async (home) => {
    copyHome(repaired, home)
    const before = digestOf(live(home))
    for (const args of [LLAMA, ['preflight', '--backend=llama']]) {
      const { code, stdout, stderr } = await bitnetTasks(args, { home })
      assert.is(withoutTime(stdout), CACHED(home), args.join(' '))
      assert.is(stderr, '')
      assert.is(code, 0)
    }
    assert.is(digestOf(live(home)), before)
  }),
)

preflight(
  "a flag behind '--backend=llama' is obeyed, cached or not",
  inHome(async (home) => {
    copyHome(repaired, home)
    const json = await bitnetTasks(['preflight', '--backend=llama', '--json'], { home })
    assert.is(JSON.parse(json.stdout).backends[0].how, 'cached')
    const odd = await bitnetTasks(['preflight', '--backend=llama', '--nonsense'], { home })
    assert.is(odd.code, 2)
  }),
)

preflight(
  'AC-018 AC-121 what env --emit sh prints lets a C++ program of the user link and run',
  inHome(async (home) => {
    copyHome(repaired, home)
    const { code, stdout, stderr } = await bitnetTasks(['env', '--emit', 'sh'], { home })
    assert.is(code, 0)
    assert.is(stderr, '')
    fs.writeFileSync(
      join(home, 'mine.cpp'),
      '#include <llama.h>\n#include <cstdio>\nint main() { std::puts(llama_print_system_info()); }\n',
    )
    const script = `set -eu
      ${stdout}
      c++ mine.cpp -I"$LLAMA_CPP_DIR/include" -I"$LLAMA_CPP_DIR/ggml/include" -L"$LLAMA_CPP_DIR/lib" -lllama -o mine
      ./mine`
    const said = execFileSync('sh', ['-c', script], {
      cwd: home,
      env: { PATH: process.env['PATH'] },
      encoding: 'utf8',
    })
    assert.is(said, 'CPU : FIXTURE = 1 | \n')
  }),
)

preflight('AC-253 libraries and tool find each other beside themselves, by $ORIGIN alone', () => {
  const lib = join(live(repaired), 'lib')
  const names = fs.readdirSync(lib).filter((name) => name.endsWith('.so'))
  assert.equal(names.sort(), ['libggml-base.so', 'libggml-cpu.so', 'libggml.so', 'libllama.so'])
  for (const name of names) assert.equal(runpath(join(lib, name)), ['$ORIGIN'], name)
  const tool = join(live(repaired), 'bin/bitnet-probe')
  assert.equal(runpath(tool), ['$ORIGIN/../lib'])
  const answer = JSON.parse(execFileSync(tool, { env: {}, encoding: 'utf8' }))
  assert.is(answer.constants.hasLlama, true)
  assert.is(answer.constants.hasBitnet, false)
  for (const { name, path } of answer.libraries)
    assert.is(path.startsWith(`${fs.realpathSync(lib)}/`), true, `${name} came from ${path}`)
})

const DAMAGES: Readonly<Record<string, (library: string) => void>> = {
  'cut short': (library) => fs.truncateSync(library, 100),
  deleted: (library) => fs.rmSync(library),
  'changed, its size and time kept': (library) => {
    const { atime, mtime } = fs.statSync(library)
    const bytes = fs.readFileSync(library)
    bytes.fill(0, 64, 128)
    fs.writeFileSync(library, bytes)
    fs.utimesSync(library, atime, new Date(mtime.getTime() + 1000))
  },
}
for (const [how, damage] of Object.entries(DAMAGES))
  preflight(
    `AC-067 a library that was ${how} is put right without compiling`,
    inHome(async (home) => {
      copyHome(repaired, home)
      const library = join(live(home), 'lib/libggml-base.so.0.5.0')
      const sound = fs.readFileSync(library)
      damage(library)
      const { code, stdout, stderr } = await repair(home)
      assert.is(withoutTime(stdout), REPAIRED(home), stderr)
      assert.is(code, 0)
      assert.equal(fs.readFileSync(library), sound)
      assert.not.match(stderr, /(cmake-build|cmake-configure|fetch-source)\S* started/)
      assert.is((await bitnetTasks(LLAMA, { home })).code, 0)
    }),
  )

preflight(
  'AC-007 AC-026 AC-251 AC-252 --repair=always repairs what is there; its installation stays whole, its RPATH one entry',
  inHome(async (home) => {
    copyHome(repaired, home)
    const before = fs.readlinkSync(live(home))
    const { code, stdout, stderr } = await repair(home, ['--repair=always'])
    assert.is(withoutTime(stdout), REPAIRED(home), stderr)
    assert.is(code, 0)
    assert.match(stderr, /rebuild-tool\[llama,cpu\] started/)
    assert.not.equal(fs.readlinkSync(live(home)), before)
    assert.equal(runpath(join(live(home), 'bin/bitnet-probe')), ['$ORIGIN/../lib'])
    assert.is(withoutTime((await bitnetTasks(LLAMA, { home })).stdout), CACHED(home))
  }),
)

preflight(
  'AC-020 AC-022 nodes of the repair run by name, and when all is fresh nothing runs',
  inHome(async (home) => {
    copyHome(repaired, home)
    const again = await bitnetTasks(
      ['run', 'revalidate[llama,cpu]', '--ref', 'v0.5.0'],
      fromFixture(home),
    )
    assert.is(again.code, 0)
    assert.match(again.stderr, /^6 fresh/)
    const forced = await bitnetTasks(
      ['run', 'gen-detect-constants[llama,cpu]', '--ref', 'v0.5.0', '--force'],
      fromFixture(home),
    )
    assert.is(forced.code, 0, forced.stderr)
    assert.match(forced.stderr, '\n3 fresh, 1 unchanged in ')
  }),
)

preflight(
  'AC-019 AC-060 a source can be fetched alone, of the backend that is named and from the repository that is',
  inHome(async (home) => {
    const args = ['run', 'fetch-source[llama]', '--ref', 'v0.5.0']
    const { code, stderr } = await bitnetTasks(args, fromFixture(home))
    assert.is(code, 0, stderr)
    assert.match(stderr, '\n1 changed in ')
    const sources = join(home, '.cache/bitnet-tasks/sources')
    assert.equal(fs.readdirSync(sources), ['llama', 'llama.provenance.json'])
    const { from } = JSON.parse(fs.readFileSync(join(sources, 'llama.provenance.json'), 'utf8'))
    assert.is(from, repo.url)
  }),
)

preflight(
  'AC-313 --backend-version chooses what --ref chooses, and --version stays the version of the program',
  inHome(async (home) => {
    const other = variant(join(home, 'other'), { 'src/llama.cpp': added('// newer') })
    execFileSync('git', ['-C', other.dir, 'tag', 'v0.5.2'])
    const options = { home, env: { LLAMA_CPP_REPO: other.url } }
    const { code, stderr } = await bitnetTasks([...LLAMA, '--backend-version', 'v0.5.2'], options)
    assert.is(code, 0, stderr)
    const manifest = JSON.parse(fs.readFileSync(join(live(home), '.bitnet-tasks.json'), 'utf8'))
    assert.equal([manifest.source.ref, manifest.source.commit], ['v0.5.2', other.commit])
    const { version } = JSON.parse(
      fs.readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
    )
    assert.is((await bitnetTasks(['--version'], { home })).stdout, `${version}\n`)
    const two = await bitnetTasks([...FIXTURE, '--backend-version', 'v0.5.2'], options)
    assert.is(two.code, 2, two.stderr)
  }),
)

preflight(
  'a file edited in the fetched tree is damage: explain says so, and the next repair puts it right',
  inHome(async (home) => {
    copyHome(repaired, home)
    const path = join(home, '.cache/bitnet-tasks/sources/llama/src/llama.cpp')
    const sound = fs.readFileSync(path, 'utf8')
    fs.appendFileSync(path, '// edited\n')
    const { stdout } = await bitnetTasks(
      ['explain', 'fetch-source[llama]', '--ref', 'v0.5.0'],
      fromFixture(home),
    )
    assert.match(
      stdout,
      /^fetch-source\[llama\] is stale\n {2}- its output 'sources\/llama\/src\/llama\.cpp' was changed by something else \(damage\) /,
    )
    const { code, stdout: answer, stderr } = await repair(home)
    assert.is(code, 0, stderr)
    assert.is(withoutTime(answer), CACHED(home))
    assert.is(fs.readFileSync(path, 'utf8'), sound)
    assert.match(stderr, /fetch-source\[llama\] unchanged/)
    assert.not.match(stderr, /cmake-build\S* started/)
  }),
)

const DISABLED = (home: string): string => `❌ llama.cpp UNAVAILABLE (repair disabled)
  Backend 'llama' libraries not found and auto-repair disabled: nothing is installed at ${live(home)}

Quick Fix:
  bitnet-tasks preflight --backend llama --repair=auto

Manual Setup:
  See: docs/howto/cpp-setup.md

❌ Backend unavailable (repair disabled)
Exit code: 1 (unavailable)
`

preflight(
  'AC-038 AC-165 AC-213 AC-238 --repair=never says how to repair, starts no process and makes no file',
  inHome(async (home) => {
    const { options, started } = watched(home)
    const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--repair=never'], options)
    assert.is(stdout, '')
    assert.is(stderr, DISABLED(home))
    assert.is(code, 1)
    assert.is(started(), '')
    assert.is(fs.existsSync(live(home)), false)
    assert.is(fs.existsSync(join(home, '.cache/bitnet_locks')), false)
  }),
)

preflight(
  'a HOME that is set and empty is not the working folder',
  inHome(async (home) => {
    const { stdout } = await bitnetTasks(['preflight', '--repair=never', '--json'], {
      home,
      env: { HOME: '' },
    })
    for (const { folder } of JSON.parse(stdout).backends) assert.match(folder, /^\//)
  }),
)

for (const name of ['CI', 'GITHUB_ACTIONS', 'JENKINS_HOME', 'GITLAB_CI', 'CIRCLECI'])
  preflight(
    `AC-028 AC-037 no flag in CI means never: ${name}`,
    inHome(async (home) => {
      const { options, started } = watched(home)
      const env = { ...options.env, [name]: 'true' }
      const { code, stdout, stderr } = await bitnetTasks(LLAMA, { ...options, env })
      assert.is(stdout, '')
      assert.is(stderr, DISABLED(home))
      assert.is(code, 1)
      assert.is(started(), '')
    }),
  )

preflight(
  'AC-027 AC-036 --repair=auto repairs in CI as well',
  inHome(async (home) => {
    const { code, stdout } = await repair(home, ['--repair=auto'], { env: { CI: 'true' } })
    assert.is(withoutTime(stdout), REPAIRED(home))
    assert.is(code, 0)
  }),
)

const DEPRECATED: readonly (readonly [string, string, number])[] = [
  ['--repair', '--repair flag is deprecated. Use --repair=auto instead.', 0],
  ['--repair=yes', '--repair=yes is deprecated. Use --repair=auto instead.', 0],
  ['--no-repair', '--no-repair flag is deprecated. Use --repair=never instead.', 1],
  ['--repair=disabled', '--repair=disabled is deprecated. Use --repair=never instead.', 1],
]
for (const [flag, warning, expected] of DEPRECATED)
  preflight(
    `AC-009 AC-010 AC-011 AC-013 ${flag} still works, with a warning`,
    inHome(async (home) => {
      copyHome(repaired, home)
      const library = join(live(home), 'lib/libllama.so')
      fs.rmSync(library)
      const { code, stderr } = await repair(home, [flag])
      assert.is(code, expected, stderr)
      const head = `⚠️  WARNING: ${warning}\n   The ${flag.includes('=') ? 'value' : 'flag'} will be removed in version 0.3.0.\n`
      assert.is(stderr.slice(0, head.length), head)
      assert.is(fs.existsSync(library), expected === 0)
    }),
  )

const USAGE: readonly (readonly [string, readonly string[], string])[] = [
  ['AC-002 an unknown backend', [...LLAMA.slice(0, 2), 'lama'], "must be 'bitnet' or 'llama'"],
  [
    'AC-008 an unknown mode',
    [...LLAMA, '--repair=maybe'],
    'Invalid repair mode: maybe. Use auto, never or always',
  ],
  [
    'AC-012 --repair together with --no-repair',
    [...LLAMA, '--repair=auto', '--no-repair'],
    '--repair and --no-repair contradict each other',
  ],
  ['a version of no backend', ['preflight', '--backend-version', 'v1'], 'add --backend NAME'],
  [
    'two versions',
    [...LLAMA, '--ref', 'v1', '--backend-version', 'v2'],
    '--ref and --backend-version name two versions',
  ],
  ['an unknown flag', [...LLAMA, '--reapir=auto'], '(Did you mean --repair?)'],
  ['an unknown command', ['preflihgt'], '(Did you mean preflight?)'],
  ['an unknown device', [...LLAMA, '--device', 'tpu'], 'Allowed choices are cpu, cuda'],
  ['an argument that nobody asked for', [...LLAMA, 'now'], 'too many arguments'],
  ['a lock timeout that is no number', [...LLAMA, '--lock-timeout', 'soon'], 'whole number'],
  [
    'a source that is not there',
    [...LLAMA, '--source', 'nowhere'],
    '--source nowhere: there is no such folder or archive',
  ],
  [
    'a source that is neither a folder nor an archive',
    [...LLAMA, '--source', process.execPath],
    `is no folder, and no archive (.tar.gz, .tgz)\n  hint: give a folder with the backend's sources or an archive of one, or one of auto, git, npm`,
  ],
]
for (const [title, args, says] of USAGE)
  preflight(
    `AC-166 ${title} exits 2 and says what is valid`,
    inHome(async (home) => {
      const { options, started } = watched(home)
      const { code, stdout, stderr } = await bitnetTasks(args, options)
      assert.is(code, 2, stderr)
      assert.is(stdout, '')
      assert.ok(stderr.includes(says), stderr)
      assert.not.match(stderr, /\n\s+at /)
      assert.is(started(), '')
    }),
  )

preflight(
  'AC-314 --dry-run prints numbered commands, starts nothing and changes nothing',
  inHome(async (home) => {
    const { options, started } = watched(home, repo.url)
    const before = digestOf(home)
    const { code, stdout, stderr } = await bitnetTasks([...FIXTURE, '--dry-run'], options)
    assert.is(code, 0, stderr)
    assert.is(stderr, '')
    const lines = stdout.split('\n')
    assert.is(lines[0], 'Would execute:')
    assert.is(lines[1], 'fetch-source[llama]: it has not run yet')
    const commands = lines.filter((line) => /^ {2}\d+\. /.test(line))
    assert.equal(
      commands.map((line) => Number.parseInt(line, 10)),
      commands.map((_, i) => i + 1),
    )
    assert.ok(
      commands.some((line) => / cmake --build build\/llama-cpu\S* --target llama$/.test(line)),
    )
    assert.is(started(), '')
    assert.is(digestOf(home), before)
  }),
)

preflight(
  'AC-069 AC-070 for the CPU it is built without CUDA, for a GPU with it, and the dry run says so',
  inHome(async (home) => {
    for (const [device, option] of [
      ['cpu', '-DGGML_CUDA=OFF'],
      ['cuda', '-DGGML_CUDA=ON'],
    ] as const) {
      const { code, stdout } = await repair(home, ['--device', device, '--dry-run'])
      assert.is(code, 0)
      const [configure = ''] = /^ .* cmake -S .*$/m.exec(stdout) ?? []
      assert.ok(configure.includes(` ${option} `), configure)
      assert.match(stdout, `cmake-build[llama,${device}]`)
    }
  }),
)

preflight(
  'AC-247 --json is one document on stdout, for the good end and for the bad',
  inHome(async (home) => {
    const none = await bitnetTasks([...LLAMA, '--json', '--repair=never'], { home })
    assert.equal(JSON.parse(none.stdout), {
      version: 1,
      backends: [
        {
          backend: 'llama',
          available: false,
          how: 'unavailable',
          exitCode: 1,
          folder: live(home),
          error: `nothing is installed at ${live(home)}`,
          source: null,
        },
      ],
    })
    assert.is(none.stderr, DISABLED(home))
    assert.is(none.code, 1)
    onlyBuilt(home)
    const { stdout, code } = await repair(home, ['--json'])
    const { seconds, repair: details, ...rest } = JSON.parse(stdout).backends[0]
    assert.type(seconds, 'number')
    assert.is(details.duration, seconds)
    assert.equal(rest, {
      backend: 'llama',
      available: true,
      how: 'auto-repaired',
      exitCode: 0,
      folder: live(home),
      source: 'Repaired',
    })
    assert.is(code, 0)
  }),
)

preflight(
  'AC-092 without execve a child gives the verdict, once, and --quiet leaves only the answer',
  inHome(async (home) => {
    const hook = join(home, 'no-execve.cjs')
    fs.writeFileSync(hook, 'process.execve = undefined\n')
    onlyBuilt(home)
    const said = await repair(home, ['--json', '--verbose'], { node: ['--require', hook] })
    assert.is(JSON.parse(said.stdout).backends[0].how, 'auto-repaired')
    assert.match(said.stderr, /\[reexec\] Trying spawn fallback\.\.\./)
    assert.match(said.stderr, /\[reexec\] Fallback child exited with code: 0/)
    assert.not.match(said.stderr, /Attempting exec/)
    uninstall(home)
    const quiet = await repair(home, ['--quiet'])
    assert.is(quiet.stderr, '')
    assert.is(withoutTime(quiet.stdout), REPAIRED(home))
  }),
)

const NEEDED = ['git', 'cmake', 'ninja', 'cc', 'c++', 'nm', 'sh']
const LACKING: readonly (readonly [readonly string[], string, string])[] = [
  [['git'], "'git' is not on PATH (fetches the sources)", 'git'],
  [['cmake'], "'cmake' is not on PATH (configures the build)", 'cmake'],
  [['c++'], "'c++' or 'g++' or 'clang++' is not on PATH (compiles C++)", 'build-essential'],
  [['cc'], "'cc' or 'gcc' or 'clang' is not on PATH (compiles C)", 'build-essential'],
  [['ninja'], "'ninja' or 'make' is not on PATH (runs the build)", 'ninja-build'],
  [['git', 'cmake'], "'cmake' is not on PATH (configures the build)", 'git cmake'],
]
for (const [missing, named, packages] of LACKING)
  preflight(
    `AC-073 a missing ${missing.join(' and ')} is named before any work, with the command that installs it`,
    inHome(async (home) => {
      const tools = NEEDED.filter((name) => !missing.includes(name))
      const PATH = toolFolder(join(home, 'tools'), tools)
      const { code, stdout, stderr } = await repair(home, [], { env: { PATH } })
      assert.is(code, 5, stderr)
      assert.is(stdout, '')
      const sudo = process.getuid?.() === 0 ? '' : 'sudo '
      assert.match(
        stderr,
        "❌ Backend 'llama' UNAVAILABLE (missing tools; nothing was started)\n\nError:\n  ",
      )
      assert.ok(stderr.includes(`  ${named}\n`), stderr)
      assert.ok(stderr.includes(`     ${sudo}apt-get install ${packages}\n`), stderr)
      assert.match(stderr, 'Exit code: 5 (build error - install dependencies)')
      assert.is(fs.existsSync(join(home, '.cache/bitnet_locks')), false)
      assert.is(fs.existsSync(join(home, '.cache/bitnet-tasks/state')), false)
    }),
  )

preflight(
  'a machine whose compilers are called gcc and g++ repairs with them',
  inHome(async (home) => {
    const tools = ['git', 'cmake', 'ninja', 'gcc', 'g++', 'nm', 'sh', 'as', 'ld', 'ar', 'ranlib']
    const PATH = toolFolder(join(home, 'tools'), tools)
    const { code, stderr } = await repair(home, [], { env: { PATH } })
    assert.is(code, 0, stderr)
  }),
)

preflight(
  'AC-168 AC-218 a home that cannot be written exits 4 with the path, and is left as it was',
  inHome(async (home) => {
    fs.chmodSync(home, 0o555)
    const before = digestOf(home)
    const { code, stdout, stderr } = await repair(home, [], { before: asNobody(), cwd: '/' })
    assert.is(code, 4, stderr)
    assert.is(stdout, '')
    assert.match(stderr, "❌ Backend 'llama' UNAVAILABLE (permission error during repair)")
    assert.match(stderr, `  Permission denied: ${home}/.cache/bitnet_locks`)
    assert.match(stderr, 'Exit code: 4 (permission error - manual fix required)')
    assert.is(digestOf(home), before)
    const dry = await repair(home, ['--dry-run'], { before: asNobody(), cwd: '/' })
    assert.is(dry.code, 0, dry.stderr)
    assert.match(dry.stdout, /^Would execute:\n/)
  }),
)

preflight(
  'AC-168 an installation folder that cannot be written is found out before anything is built',
  inHome(async (home) => {
    fs.mkdirSync(join(home, 'theirs'), { mode: 0o555 })
    fs.mkdirSync(join(home, '.cache'))
    const before = asNobody()
    if (before.length > 0) fs.chownSync(join(home, '.cache'), 65534, 65534)
    const env = { LLAMA_CPP_DIR: join(home, 'theirs/llama') }
    // The folder of a test is closed to others.
    fs.chmodSync(home, 0o755)
    const { code, stdout, stderr } = await repair(home, [], { env, before, cwd: '/' })
    assert.is(code, 4, stderr)
    assert.is(stdout, '')
    assert.match(stderr, `  Permission denied: ${join(home, 'theirs')}\n`)
    assert.not.match(stderr, 'started')
    assert.equal(fs.readdirSync(join(home, 'theirs')), [])
  }),
)

preflight(
  'LLAMA_CPP_DIR naming a folder of somebody else is refused, and nothing in it or beside it changes',
  inHome(async (home) => {
    const theirs = join(home, 'work/llama')
    fs.mkdirSync(theirs, { recursive: true })
    fs.writeFileSync(join(theirs, 'notes.txt'), 'mine')
    const before = digestOf(join(home, 'work'))
    const { code, stdout, stderr } = await repair(home, [], { env: { LLAMA_CPP_DIR: theirs } })
    assert.is(code, 4, stderr)
    assert.is(stdout, '')
    assert.ok(stderr.includes(theirs), stderr)
    assert.is(digestOf(join(home, 'work')), before)
    assert.is(fs.existsSync(live(home)), false)
  }),
)

preflight(
  'AC-065 LLAMA_CPP_DIR names where the installation goes',
  inHome(async (home) => {
    copyHome(repaired, home)
    fs.rmSync(live(home))
    const LLAMA_CPP_DIR = join(home, "it's here/llama")
    const { code, stdout, stderr } = await repair(home, [], { env: { LLAMA_CPP_DIR } })
    assert.is(code, 0, stderr)
    assert.match(stdout, `  Libraries installed: ${LLAMA_CPP_DIR}/lib\n`)
    assert.is(fs.existsSync(live(home)), false)
    const { stdout: text } = await bitnetTasks(['env'], { home, env: { LLAMA_CPP_DIR } })
    const shown = execFileSync('sh', ['-c', `${text}\nprintf %s "$LLAMA_CPP_DIR"`], {
      encoding: 'utf8',
    })
    assert.is(shown, LLAMA_CPP_DIR)
  }),
)

preflight(
  'the default folder of an older tool is moved aside whole and kept',
  inHome(async (home) => {
    copyHome(repaired, home)
    fs.rmSync(live(home))
    fs.mkdirSync(join(live(home), 'build'), { recursive: true })
    fs.writeFileSync(join(live(home), 'build/old.txt'), 'theirs')
    const { code, stderr } = await repair(home)
    assert.is(code, 0, stderr)
    const aside = fs.readdirSync(storeOf(home)).filter((name) => name.startsWith('aside-'))
    assert.is(aside.length, 1)
    const kept = join(storeOf(home), aside[0] as string)
    assert.is(fs.readFileSync(join(kept, 'build/old.txt'), 'utf8'), 'theirs')
    assert.match(stderr, `[repair] The folder that was there is kept as ${kept}\n`)
    // The next repair sweeps what it has replaced, and leaves this.
    fs.rmSync(live(home))
    assert.match((await repair(home)).stdout, '(auto-repaired)')
    assert.is(fs.readFileSync(join(kept, 'build/old.txt'), 'utf8'), 'theirs')
  }),
)

preflight(
  'a link of the user in the place of the installation is kept too',
  inHome(async (home) => {
    copyHome(repaired, home)
    fs.rmSync(live(home))
    fs.mkdirSync(join(home, 'disk2'))
    fs.writeFileSync(join(home, 'disk2/old.txt'), 'theirs')
    fs.symlinkSync(join(home, 'disk2'), live(home))
    const { code, stderr } = await repair(home)
    assert.is(code, 0, stderr)
    const aside = fs.readdirSync(storeOf(home)).find((name) => name.startsWith('aside-')) ?? ''
    assert.is(fs.readlinkSync(join(storeOf(home), aside)), join(home, 'disk2'))
    assert.is(fs.readFileSync(join(home, 'disk2/old.txt'), 'utf8'), 'theirs')
    assert.equal(fs.readdirSync(join(home, 'disk2')), ['old.txt'])
  }),
)

preflight(
  'AC-127 AC-129 AC-170 AC-277 a repair inside a repair is refused with exit 6, and changes nothing',
  inHome(async (home) => {
    const { options, started } = watched(home, repo.url)
    const env = { ...options.env, BITNET_REPAIR_IN_PROGRESS: '1' }
    const { code, stdout, stderr } = await bitnetTasks(FIXTURE, { ...options, env })
    assert.is(code, 6, stderr)
    assert.is(stdout, '')
    assert.match(stderr, 'Repair already in progress (recursion detected)')
    assert.match(stderr, 'Exit code: 6 (recursion detected)')
    assert.is(started(), '')
    assert.is(fs.existsSync(join(home, '.cache/bitnet_locks')), false)
  }),
)

preflight(
  'AC-119 AC-123 AC-124 AC-125 AC-237 AC-277 with BITNET_REPAIR_PARENT set it only validates',
  inHome(async (home) => {
    const { options, started } = watched(home, repo.url)
    const env = { ...options.env, BITNET_REPAIR_PARENT: '1' }
    const none = await bitnetTasks([...FIXTURE, '--repair=always'], { ...options, env })
    assert.is(none.code, 8, none.stderr)
    assert.is(none.stdout, '')
    assert.match(
      none.stderr,
      /^\[repair\] Re-exec detected, skipping repair \(checking detection only\)\n❌ Backend still unavailable after repair\n/,
    )
    copyHome(repaired, home)
    const there = await bitnetTasks(FIXTURE, { ...options, env })
    assert.is(there.code, 0)
    assert.is(
      there.stdout,
      `✓ llama.cpp AVAILABLE (detected after repair)\n  Libraries found at build time: ${live(home)}/lib\n`,
    )
    assert.is(started(), '')
  }),
)

preflight(
  'AC-187 AC-194 two at once: one installs, the other waits, both exit 0',
  inHome(async (home) => {
    const both = await Promise.all([repair(home), repair(home)])
    assert.equal(
      both.map(({ code }) => code),
      [0, 0],
      both.map(({ stderr }) => stderr).join('\n---\n'),
    )
    // Who waited comes in when the other has installed, or while that hands over to its fresh process.
    // Then either may be the one that installs, and the other finds it done.
    const [, second] = both.map(({ stdout }) => withoutTime(stdout)).sort()
    assert.is(both.filter(({ stdout }) => withoutTime(stdout) === REPAIRED(home)).length, 1)
    assert.match(second as string, /^✓ llama\.cpp AVAILABLE \((cached|detected after repair)\)\n/)
    const told = both.map(({ stderr }) => stderr).join('')
    assert.match(
      told,
      /waiting for process \d+ on \S+ since \S+ \(repair llama\); lock: .*\/bitnet_locks\/llama\.lock\n/,
    )
    for (const task of ['fetch-source', 'cmake-configure', 'cmake-build', 'rebuild-tool'])
      assert.is(told.match(new RegExp(`${task}\\S* started`, 'g'))?.length, 1, task)
    assert.equal(fs.readdirSync(storeOf(home)).length, 1)
  }),
)

preflight(
  'AC-165 AC-188 --no-wait while another repairs fails at once, with exit 1 and the lock in the message',
  inHome(async (home) => {
    const first = start(FIXTURE, fromFixture(home))
    await first.says('fetch-source[llama] started')
    const { code, stdout, stderr } = await repair(home, ['--no-wait'])
    assert.is(code, 1, stderr)
    assert.is(stdout, '')
    const lock = join(home, '.cache/bitnet_locks/llama.lock')
    assert.match(
      stderr,
      `❌ Another repair operation for llama is in progress (lock: ${lock})\n\nError:\n  another run holds the lock '${lock}' (process ${first.pid} on `,
    )
    assert.is((await first.ended).code, 0)
  }),
)

preflight.run()

/** Where a program or library looks for others first: each entry as it stands in the file. */
function runpath(path: string): string[] {
  const text = execFileSync('readelf', ['-d', path], { encoding: 'utf8' })
  const entries = text.matchAll(/\((?:RUNPATH|RPATH)\).*\[(.*)\]/g)
  return [...entries].map(([, value]) => value as string)
}

/** PATH is an empty folder, and whoever starts a process all the same is written down. */
function watched(
  home: string,
  url?: string,
): { readonly options: RunOptions; readonly started: () => string } {
  const folder = newFolder()
  const log = join(folder, 'started')
  const hook = join(folder, 'hook.cjs')
  fs.writeFileSync(log, '')
  fs.writeFileSync(
    hook,
    `const { ChildProcess } = require('node:child_process')
const own = ChildProcess.prototype.spawn
ChildProcess.prototype.spawn = function (options) {
  require('node:fs').appendFileSync(${JSON.stringify(log)}, options.args.join(' ') + '\\n')
  return own.call(this, options)
}
`,
  )
  const env = { PATH: join(folder, 'empty'), LLAMA_CPP_REPO: url }
  return {
    options: { home, env, node: ['--require', hook] },
    started: () => {
      const text = fs.readFileSync(log, 'utf8')
      removeFolder(folder)
      return text
    },
  }
}
