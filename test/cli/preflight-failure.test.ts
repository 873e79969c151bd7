// timeout: 300
// A repair that fails: the class and its exit code, what is said, and that the old installation stays.
import { execFileSync, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { begun } from './support/begun.ts'
import { compilerThat } from './support/compiler.ts'
import { copyHome, digestOf, inHome, newFolder, removeFolder } from './support/home.ts'
import { asNobody } from './support/nobody.ts'
import { bitnetTasks, type Ended, type RunOptions } from './support/program.ts'
import { added, variant } from './support/variant.ts'

const failure = suite('preflight that fails')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
let repo: FixtureRepo
let unreachable: Promise<void>

failure.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  fs.mkdirSync(repaired)
  const { code, stderr } = await repair(repaired, repo.url)
  if (code !== 0) throw new Error(stderr)
  const own = fs.mkdirSync(join(shelf, 'unreachable'), { recursive: true }) as string
  unreachable = begun(cannotBeReached(own))
})
failure.after(() => removeFolder(shelf))

const LLAMA = ['preflight', '--backend', 'llama']

function repair(
  home: string,
  url: string,
  ref = 'v0.5.0',
  env: RunOptions['env'] = {},
): Promise<Ended> {
  return bitnetTasks([...LLAMA, '--ref', ref], { home, env: { LLAMA_CPP_REPO: url, ...env } })
}

const live = (home: string): string => join(home, '.cache/llama_cpp')
const installation = (home: string): string =>
  digestOf(join(home, '.cache/.llama_cpp.generations')) + fs.readlinkSync(live(home))

/** Whatever went wrong: the installation of before is the same to the byte, and is found. */
async function keepsTheOld(home: string, fail: () => Promise<void>): Promise<void> {
  copyHome(repaired, home)
  const before = installation(home)
  await fail()
  assert.is(installation(home), before)
  const { code, stdout } = await bitnetTasks(LLAMA, { home })
  assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(cached\)\n/)
  assert.is(code, 0)
}

/** The log that the message names. */
function logIn(stderr: string): string {
  const path = /^ {2}full log: (.*)$/m.exec(stderr)?.[1]
  assert.ok(path, `no log is named in\n${stderr}`)
  return fs.readFileSync(path as string, 'utf8')
}

function tries(stderr: string): number {
  return stderr.split('fetch-source[llama] started').length - 1
}

failure(
  'AC-169 AC-199 AC-217 a source that does not compile: exit 5, the first error, its log, the old stays',
  inHome(async (home) => {
    const broken = fixtureRepo(join(home, 'broken'), { broken: 'compile' })
    await keepsTheOld(home, async () => {
      const { code, stdout, stderr } = await repair(home, broken.url)
      assert.is(code, 5, stderr)
      assert.is(stdout, '')
      assert.match(stderr, "❌ Backend 'llama' UNAVAILABLE (build error during repair)\n\nError:\n")
      assert.match(
        stderr,
        /\n {2}Build error during C\+\+ compilation: .*llama\.cpp:\d+:\d+: error: expected .*\n/,
      )
      assert.match(stderr, '\nExit code: 5 (build error - install dependencies)\n')
      assert.match(logIn(stderr), /llama\.cpp:\d+:\d+: error: /)
    })
  }),
)

failure(
  'AC-084 AC-086 AC-199 a consumer tool that does not compile: exit 5, never available, the old stays',
  inHome(async (home) => {
    await keepsTheOld(home, async () => {
      const CXX = compilerThat(home, {
        'probe.cpp': 'echo "probe.cpp:1:1: error: no" >&2; exit 1',
      })
      const { code, stdout, stderr } = await repair(home, repo.url, 'v0.5.0', { CXX })
      assert.is(code, 5, stderr)
      assert.is(stdout, '')
      assert.match(stderr, '\n  bitnet-probe rebuild failed: probe.cpp:1:1: error: no\n')
      assert.match(stderr, '\nExit code: 5 (build error - install dependencies)\n')
    })
  }),
)

failure(
  'AC-221 AC-200 AC-201 a first repair that fails leaves no installation, and the next good one works',
  inHome(async (home) => {
    const broken = fixtureRepo(join(home, 'broken'), { broken: 'configure' })
    const { code, stdout, stderr } = await repair(home, broken.url)
    assert.is(code, 5, stderr)
    assert.is(stdout, '')
    assert.match(
      stderr,
      /\n {2}Build error during C\+\+ compilation: CMake Error.*broken on purpose/,
    )
    const [, log = ''] = /\n {2}log of cmake: (.*)\n/.exec(stderr) ?? []
    assert.match(log, /build\/llama-cpu\/CMakeFiles\/CMake(?:ConfigureLog\.yaml|Output\.log)$/)
    assert.ok(fs.existsSync(log))
    assert.match(logIn(stderr), 'broken on purpose')
    assert.is(fs.existsSync(live(home)), false)
    assert.is(fs.existsSync(join(home, '.cache/.llama_cpp.generations')), false)
    assert.is((await repair(home, repo.url)).code, 0)
  }),
)

failure(
  'AC-165 AC-179 a repository that is not there, and a ref that it lacks, are no network errors: one try, exit 1',
  inHome(async (home) => {
    await keepsTheOld(home, async () => {
      const nowhere = await repair(home, join(home, 'nowhere'))
      assert.is(nowhere.code, 1, nowhere.stderr)
      assert.is(tries(nowhere.stderr), 1)
      assert.match(nowhere.stderr, /setup-cpp-auto failed: .*nowhere' does not/)
      const noRef = await repair(home, repo.url, 'v9.9.9')
      assert.is(noRef.code, 1, noRef.stderr)
      assert.is(tries(noRef.stderr), 1)
      assert.match(noRef.stderr, "setup-cpp-auto failed: fatal: couldn't find remote ref v9.9.9\n")
      assert.match(logIn(noRef.stderr), "couldn't find remote ref v9.9.9")
      assert.match(noRef.stderr, 'Exit code: 1 (source not found)')
      const third = await repair(home, repo.url, 'v9.9.9')
      assert.match(
        third.stderr,
        'fetch-source[llama] is stale: its last run failed: command failed with exit code 128: fetch-source sources/llama\n',
      )
    })
  }),
)

failure(
  'AC-167 AC-176 AC-177 AC-180 a host that cannot be reached: 4 tries, waits of 1, 2 and 4 s, exit 3',
  () => unreachable,
)

failure(
  'a commit id is the pin: a tag of that name elsewhere and a commit that is not there are refused',
  inHome(async (home) => {
    const missing = '1234567890123456789012345678901234567890'
    const moved = variant(join(home, 'moved'), { 'README.md': added('moved') })
    execFileSync('git', ['-C', moved.dir, 'update-ref', `refs/tags/${missing}`, moved.commit])
    await keepsTheOld(home, async () => {
      const { code, stdout, stderr } = await repair(home, moved.url, missing)
      assert.is(code, 1, stderr)
      assert.is(stdout, '')
      assert.is(tries(stderr), 1)
      assert.ok(logIn(stderr).includes(missing))
    })
    // The tag moved away; the commit is still had by its id.
    const byId = await repair(home, moved.url, repo.commit)
    assert.is(byId.code, 0, byId.stderr)
    const provenance = join(home, '.cache/bitnet-tasks/sources/llama.provenance.json')
    assert.is(JSON.parse(fs.readFileSync(provenance, 'utf8')).commit, repo.commit)
  }),
)

failure(
  'a repository whose tree is not the pinned one is refused, both trees are named, one try, exit 1',
  inHome(async (home) => {
    const env = { LLAMA_CPP_REPO: repo.url }
    const { code, stdout, stderr } = await bitnetTasks(LLAMA, { home, env })
    assert.is(code, 1, stderr)
    assert.is(stdout, '')
    assert.is(tries(stderr), 1)
    const pin = 'fd570ef54b10ec5fecb739e7e04c8ce44a6f415a'
    assert.match(
      stderr,
      `${repo.url} gave another source than the pin: tree ${repo.tree} at v0.5.0, the pin says ${pin}\n`,
    )
    assert.is(fs.existsSync(live(home)), false)
    assert.equal(fs.readdirSync(join(home, '.cache/bitnet-tasks')).includes('sources/llama'), false)
  }),
)

const ODD_REFS = ['--upload-pack=touch P', '-oProxyCommand=touch P', 'v1\nv2', '\x1b[2Jv1', 'a b']
const ODD_URLS = [
  'ext::sh -c "touch P"',
  '--upload-pack=touch P',
  'fd::17/x',
  'ssh://-oProxyCommand=touch P/x',
  'ssh://me@-oProxyCommand=touch P/x',
  'http://127.0.0.1:1/\r\nx',
  '\x1b]0;owned\x07',
]
failure(
  'refs and addresses that git would take for options or commands are refused before git starts: exit 2',
  inHome(async (home) => {
    const outcomes = await Promise.all([
      ...ODD_REFS.map((ref) => repair(home, repo.url, ref)),
      ...ODD_URLS.map((url) => repair(home, url)),
    ])
    for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
      const what = JSON.stringify([...ODD_REFS, ...ODD_URLS][i])
      assert.is(code, 2, `${what}: ${stderr}`)
      assert.is(stdout, '')
      const option = i < ODD_REFS.length ? '--ref' : 'LLAMA_CPP_REPO'
      assert.ok(stderr.startsWith(`${option} ${what} is refused: `), stderr)
      assert.not.match(stderr, 'fetch-source')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those must not come through
      assert.not.match(stderr, /[\x00-\x09\x0b-\x1f]/)
    }
    assert.equal(fs.readdirSync(home), ['.cache'])
    assert.equal(fs.readdirSync(join(home, '.cache/bitnet-tasks')), ['node'])
  }),
)

failure(
  'an address with a password is refused and the password is printed nowhere and kept nowhere',
  inHome(async (home) => {
    const { code, stdout, stderr } = await repair(home, 'https://me:geheim@127.0.0.1:1/x.git')
    assert.is(code, 2, stderr)
    assert.is(
      stderr,
      `LLAMA_CPP_REPO "https://***@127.0.0.1:1/x.git" is refused: it holds a name or a password
  hint: give a plain address, tag or commit; or clone it by hand and give --source DIR
`,
    )
    assert.is(stdout, '')
    const grep = spawnSync('grep', ['-r', 'geheim', home], { encoding: 'utf8' })
    assert.is(grep.stdout, '')
    assert.is(grep.status, 1)
  }),
)

failure(
  'AC-171 AC-203 a build that crashes when it is loaded: exit 8, and the old stays',
  inHome(async (home) => {
    const crashing = variant(join(home, 'crashing'), {
      'src/llama.cpp': added(
        '#include <cstdlib>\n__attribute__((constructor)) static void die() { std::abort(); }',
      ),
    })
    await keepsTheOld(home, async () => {
      const { code, stdout, stderr } = await repair(home, crashing.url)
      assert.is(code, 8, stderr)
      assert.is(stdout, '')
      assert.match(
        stderr,
        "❌ Backend 'llama' UNAVAILABLE (revalidation failed after repair: backend still unavailable)",
      )
      assert.match(stderr, /bitnet-probe failed \(SIGABRT\)/)
      assert.match(stderr, '\nExit code: 8 (revalidation failed)\n')
    })
  }),
)

failure(
  'AC-202 AC-219 what a roll back cannot remove is named, with the command that does it by hand',
  inHome(async (home) => {
    // Loaded where it is staged, the library closes the folder that it is to be removed from.
    const closing = `#include <dlfcn.h>
#include <sys/stat.h>
#include <cstdlib>
#include <string>
__attribute__((constructor)) static void close_store() {
  Dl_info info;
  dladdr(reinterpret_cast<void *>(&close_store), &info);
  const std::string path = info.dli_fname;
  const auto end = path.find("_cpp.generations");
  if (end == std::string::npos) return;
  chmod(path.substr(0, end + 16).c_str(), 0555);
  std::abort();
}`
    const odd = variant(join(home, 'odd'), { 'src/llama.cpp': added(closing) })
    fs.mkdirSync(join(home, '.cache'))
    if (asNobody().length > 0) execFileSync('chown', ['-R', '65534:65534', home])
    const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--ref', 'v0.5.0'], {
      home,
      env: { LLAMA_CPP_REPO: odd.url },
      before: asNobody(),
      cwd: '/',
    })
    assert.is(code, 8, stderr)
    assert.is(stdout, '')
    const store = join(home, '.cache/.llama_cpp.generations')
    const steps = stderr.slice(stderr.indexOf('Recovery Steps:'))
    const commands = [...steps.matchAll(/^ {5}rm -rf (.*)$/gm)].map(([, path]) => path as string)
    const left = fs.readdirSync(store).map((name) => join(store, name))
    assert.equal([...commands].sort(), left.sort(), stderr)
    assert.match(steps, 'Could not be removed, and is not used; by hand:')
    // As said, by hand.
    fs.chmodSync(store, 0o755)
    for (const path of commands) fs.rmSync(path, { recursive: true })
    assert.equal(fs.readdirSync(store), [])
  }),
)

failure(
  'AC-086 a library whose symbols cannot all be bound never becomes available: exit 8, named',
  inHome(async (home) => {
    const unbound = variant(join(home, 'unbound'), {
      'src/llama.cpp': added(
        'extern "C" void nowhere_at_all();\nvoid llama_never() { nowhere_at_all(); }',
      ),
    })
    const { code, stdout, stderr } = await repair(home, unbound.url)
    assert.is(code, 8, stderr)
    assert.is(stdout, '')
    assert.match(stderr, 'nowhere_at_all')
    assert.is(fs.existsSync(live(home)), false)
  }),
)

failure(
  "AC-072 a build that lacks what a backend must export is a build failure: exit 5, the symbol's name",
  inHome(async (home) => {
    const poor = variant(join(home, 'poor'), {
      'src/llama.cpp': (text) =>
        text.replace('llama_model_load_from_file(', 'llama_model_lod_from_file('),
    })
    const { code, stderr } = await repair(home, poor.url)
    assert.is(code, 5, stderr)
    assert.match(stderr, 'llama_model_load_from_file')
    assert.is(fs.existsSync(live(home)), false)
  }),
)

failure(
  "git's environment, its settings and the shells' have no effect: nothing runs, nothing is redirected",
  inHome(async (home) => {
    const canary = join(home, 'canary')
    const touch = `touch ${canary}`
    const hooks = join(home, 'hooks')
    fs.mkdirSync(join(hooks, 'hooks'), { recursive: true })
    for (const name of ['post-checkout', 'hooks/post-checkout', 'reference-transaction'])
      fs.writeFileSync(join(hooks, name), `#!/bin/sh\n${touch}\n`, { mode: 0o755 })
    fs.writeFileSync(join(home, 'rc.sh'), `${touch}\n`)
    fs.writeFileSync(
      join(home, '.gitconfig'),
      `[url "ext::sh -c '${touch}' "]\n\tinsteadOf = ${repo.url}\n[core]\n\thooksPath = ${hooks}\n\tfsmonitor = ${touch}\n[protocol "ext"]\n\tallow = always\n`,
    )
    const { code, stderr } = await repair(home, repo.url, 'v0.5.0', {
      GIT_DIR: join(home, 'elsewhere'),
      GIT_WORK_TREE: join(home, 'elsewhere'),
      GIT_INDEX_FILE: join(home, 'elsewhere/index'),
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'core.hooksPath',
      GIT_CONFIG_VALUE_0: hooks,
      GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
      GIT_TEMPLATE_DIR: hooks,
      GIT_SSH_COMMAND: touch,
      GIT_EXTERNAL_DIFF: touch,
      GIT_EXEC_PATH: hooks,
      GIT_ALLOW_PROTOCOL: 'ext',
      BASH_ENV: join(home, 'rc.sh'),
      ENV: join(home, 'rc.sh'),
      ZX_PREFIX: `${touch};`,
      ZX_POSTFIX: `;${touch}`,
      ZX_SHELL: '/bin/false',
      CDPATH: hooks,
    })
    assert.is(code, 0, stderr)
    assert.is(fs.existsSync(canary), false)
    assert.is(fs.existsSync(join(home, 'elsewhere')), false)
    const manifest = JSON.parse(fs.readFileSync(join(live(home), '.bitnet-tasks.json'), 'utf8'))
    assert.is(manifest.source.commit, repo.commit)
  }),
)

failure.run()

async function cannotBeReached(home: string): Promise<void> {
  await keepsTheOld(home, async () => {
    const start = performance.now()
    const { code, stdout, stderr } = await repair(home, 'http://127.0.0.1:1/x.git')
    const seconds = (performance.now() - start) / 1000
    assert.is(code, 3, stderr)
    assert.is(stdout, '')
    assert.equal(
      stderr.split('\n').filter((line) => line.startsWith('[repair] Network error')),
      [
        '[repair] Network error, retry 1/3 after 1000ms...',
        '[repair] Network error, retry 2/3 after 2000ms...',
        '[repair] Network error, retry 3/3 after 4000ms...',
      ],
    )
    assert.ok(seconds >= 7, `it took ${seconds} s`)
    assert.match(stderr, "❌ Backend 'llama' UNAVAILABLE (network error during repair)")
    assert.match(stderr, "fatal: unable to access 'http://127.0.0.1:1/x.git/'")
    assert.match(stderr, '\nExit code: 3 (network error - retryable)\n')
  })
}
