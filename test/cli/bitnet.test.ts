// timeout: 600
// bitnet.cpp on a small real one: two git repositories, cmake, the compilers of this machine.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'

import { BACKENDS } from '../../tasks/backends.ts'
import { silentServer } from '../support/dead-server.ts'
import {
  checkoutOf,
  type FixtureBitnet,
  fixtureBitnet,
  SUBMODULE,
} from '../support/fixture-bitnet.ts'
import { git } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, digestOf, inHome, newFolder, removeFolder, toolFolder } from './support/home.ts'
import { bin, bitnetTasks, type Ended, type RunOptions } from './support/program.ts'

const bitnet = suite('preflight of bitnet')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
let repo: FixtureBitnet
let first: Ended

bitnet.before(async () => {
  repo = fixtureBitnet(shelf)
  fs.mkdirSync(repaired)
  first = await repair(repaired)
  if (first.code !== 0) throw new Error(first.stderr)
})
bitnet.after(() => removeFolder(shelf))

const BITNET = ['preflight', '--backend', 'bitnet']

function repair(
  home: string,
  {
    of = repo,
    args = [],
    env = {},
  }: { of?: FixtureBitnet; args?: string[]; env?: RunOptions['env'] } = {},
): Promise<Ended> {
  const own = { BITNET_CPP_REPO: of.url, ...env }
  return bitnetTasks([...BITNET, '--ref', of.tag, ...args], { home, env: own })
}

const live = (home: string): string => join(home, '.cache/bitnet_cpp')
const cache = (home: string, path: string): string => join(home, '.cache/bitnet-tasks', path)
const withoutTime = (text: string): string =>
  text.replace(/\d+\.\d\ds/g, 'N.NNs').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'WHEN')
const readJson = (path: string) => JSON.parse(fs.readFileSync(path, 'utf8'))
const startedIn = ({ stderr }: Ended): readonly string[] =>
  [...stderr.matchAll(/\] [A-Z]+: (\S+) started$/gm)].map(([, node]) => node as string)

const SHIM = '  libbitnet: a shim of bitnet-tasks; the BitNet kernels are in libggml\n'
const REPAIRED = (home: string): string => `✓ bitnet.cpp AVAILABLE (auto-repaired)
  Setup completed in N.NNs
  Libraries installed: ${live(home)}/lib
${SHIM}`
const CACHED = (home: string): string => `✓ bitnet.cpp AVAILABLE (cached)
  Libraries found at build time: ${live(home)}/lib
  Last bitnet-probe build: WHEN
${SHIM}`

bitnet(
  'AC-001 AC-060 AC-061 AC-064 from nothing: the source, its submodule, the build, and ~/.cache/bitnet_cpp',
  () => {
    assert.is(withoutTime(first.stdout), REPAIRED(repaired))
    assert.equal(startedIn(first), [
      'fetch-source[bitnet]',
      'cmake-configure[bitnet,cpu]',
      'cmake-build[bitnet,cpu]',
      'gen-detect-constants[bitnet,cpu]',
      'rebuild-tool[bitnet,cpu]',
      'revalidate[bitnet,cpu]',
    ])
    const { source } = readJson(join(live(repaired), '.bitnet-tasks.json'))
    assert.equal(source, {
      ref: 'v1.0',
      commit: repo.commit,
      tree: repo.tree,
      from: repo.url,
      [SUBMODULE]: `${repo.llama.commit} from ${repo.llama.dir}`,
    })
  },
)

bitnet('of both repositories what a build needs is fetched, and nothing of git stays', () => {
  const sources = cache(repaired, 'sources/bitnet')
  const has = (path: string): boolean => fs.existsSync(join(sources, path))
  assert.equal(
    ['src', 'preset_kernels', `${SUBMODULE}/ggml`, `${SUBMODULE}/common`].filter(
      (path) => !has(path),
    ),
    [],
  )
  assert.equal(['media', '.git', `${SUBMODULE}/.git`, `${SUBMODULE}/models`].filter(has), [])
})

bitnet(
  'AC-043 AC-056 libraries of two folders lie in one, with the headers where BitNet-rs looks',
  () => {
    const at = (path: string): string => join(live(repaired), path)
    assert.equal(fs.readdirSync(at('lib')).sort(), ['libbitnet.so', 'libggml.so', 'libllama.so'])
    for (const path of ['include/llama.h', 'include/ggml-bitnet.h', 'ggml/include/ggml.h'])
      assert.ok(fs.existsSync(at(path)), path)
    const { hasBitnet, hasLlama, state } = readJson(at('.bitnet-tasks.json')).constants
    assert.equal({ hasBitnet, hasLlama, state }, { hasBitnet: true, hasLlama: true, state: 'full' })
    const symbols = (name: string): string =>
      execFileSync('nm', ['-D', '--defined-only', at(`lib/${name}`)], { encoding: 'utf8' })
    assert.match(symbols('libggml.so'), / T quantize_i2_s\n/)
    for (const name of fs.readdirSync(at('lib'))) {
      const dynamic = execFileSync('readelf', ['-d', at(`lib/${name}`)], { encoding: 'utf8' })
      assert.match(dynamic, /RUNPATH\).*\[\$ORIGIN\]/, name)
    }
  },
)

bitnet(
  'AC-057 libbitnet is a shim, tied to its libllama, and every place that names it says so',
  async () => {
    const library = join(live(repaired), 'lib/libbitnet.so')
    const dynamic = execFileSync('readelf', ['-d', library], { encoding: 'utf8' })
    assert.match(dynamic, /NEEDED\).*\[libllama\.so\]/)
    const symbols = execFileSync('nm', ['-D', library], { encoding: 'utf8' })
    assert.match(symbols, / T bitnet_shim_provenance\n/)
    const strings = fs.readFileSync(library, 'latin1')
    assert.ok(strings.includes('{"libbitnet":"shim","madeBy":"bitnet-tasks","source":"v1.0"}'))

    assert.is(readJson(join(live(repaired), 'detect-constants.json')).libbitnet, 'shim')
    assert.is(readJson(join(live(repaired), '.bitnet-tasks.json')).constants.libbitnet, 'shim')
    const header = fs.readFileSync(
      cache(repaired, 'constants/bitnet-cpu/detect_constants.h'),
      'utf8',
    )
    assert.match(header, '#define BT_LIBBITNET "shim"\n')
    const probe = join(live(repaired), 'bin/bitnet-probe')
    const said = JSON.parse(execFileSync(probe, { env: {}, encoding: 'utf8' }))
    assert.is(said.constants.libbitnet, 'shim')
    const from = `${fs.realpathSync(live(repaired))}/lib/`
    assert.equal(
      said.libraries.map(({ name, path }: Record<string, string>) => path === `${from}${name}`),
      [true, true, true],
    )
    const { stdout } = await bitnetTasks([...BITNET, '--json'], { home: repaired })
    assert.is(JSON.parse(stdout).backends[0].libbitnet, 'shim')
  },
)

bitnet(
  'AC-067 the second time it is cached, and with the same source named nothing runs either',
  inHome(async (home) => {
    copyHome(repaired, home)
    const plain = await bitnetTasks(BITNET, { home })
    assert.is(withoutTime(plain.stdout), CACHED(home))
    assert.is(plain.stderr, '')
    const named = await repair(home)
    assert.is(named.code, 0, named.stderr)
    assert.is(withoutTime(named.stdout), CACHED(home))
    assert.equal(startedIn(named), [])
  }),
)

bitnet(
  'AC-067 AC-201 after a repair that failed late the next one neither fetches nor compiles',
  inHome(async (home) => {
    // What the linker of the tool is to write is a folder that is not empty.
    fs.mkdirSync(cache(home, 'prefix/bitnet-cpu/bin/bitnet-probe/in the way'), { recursive: true })
    const failed = await repair(home)
    assert.is(failed.code, 5, failed.stderr)
    assert.is(startedIn(failed).at(-1), 'rebuild-tool[bitnet,cpu]')
    assert.is(fs.existsSync(live(home)), false)
    fs.rmSync(cache(home, 'prefix/bitnet-cpu/bin'), { recursive: true })
    const again = await repair(home)
    assert.is(again.code, 0, again.stderr)
    assert.equal(startedIn(again), ['rebuild-tool[bitnet,cpu]', 'revalidate[bitnet,cpu]'])
  }),
)

const LUT = /"(preset tl\d|of the tree)"/
bitnet(
  'AC-063 the kernel header of the tree is used where it has one, a preset for this processor where it has none',
  inHome(async (home) => {
    const newer = fixtureBitnet(join(home, 'newer'), { header: true })
    const { code, stderr } = await repair(home, { of: newer })
    assert.is(code, 0, stderr)
    const header = (at: string): string | undefined =>
      LUT.exec(fs.readFileSync(join(live(at), 'include/bitnet-lut-kernels.h'), 'utf8'))?.[1]
    assert.is(header(home), 'of the tree')
    const preset = process.arch === 'arm64' ? 'preset tl1' : 'preset tl2'
    assert.is(header(repaired), preset)
    // Not the header beside the libraries alone: the one that was compiled.
    const kernels = (at: string): string =>
      fs.readFileSync(join(live(at), 'lib/libggml.so'), 'latin1')
    assert.ok(kernels(repaired).includes(preset))
    assert.ok(kernels(home).includes('of the tree'))
  }),
)

bitnet(
  'a newer commit, whose libggml comes in pieces and whose libraries lie in bin, is taken whole',
  inHome(async (home) => {
    const newer = fixtureBitnet(join(home, 'newer'), {
      header: true,
      edit: ({ llama }) => {
        fs.rmSync(llama, { recursive: true })
        fs.cpSync(join(import.meta.dirname, '../support/fixture-llama'), llama, { recursive: true })
        const kernels = ['mad', 'lut'].map((name) => `../../../../src/ggml-bitnet-${name}.cpp`)
        fs.appendFileSync(
          join(llama, 'ggml/src/CMakeLists.txt'),
          `target_sources(ggml-base PRIVATE ${kernels.join(' ')})
target_include_directories(ggml-base PUBLIC ../../../../include)\n`,
        )
      },
    })
    const { code, stderr } = await repair(home, { of: newer })
    assert.is(code, 0, stderr)
    const names = fs.readdirSync(join(live(home), 'lib')).filter((name) => name.endsWith('.so'))
    const pieces = ['libggml-base.so', 'libggml-cpu.so', 'libggml.so']
    assert.equal(names.sort(), ['libbitnet.so', ...pieces, 'libllama.so'])
  }),
)

bitnet(
  'a tree without that header and without a preset is a build failure that names both: exit 5',
  inHome(async (home) => {
    const poor = fixtureBitnet(join(home, 'poor'), {
      edit: (folders) => fs.rmSync(join(folders.bitnet, 'preset_kernels'), { recursive: true }),
    })
    const { code, stdout, stderr } = await repair(home, { of: poor })
    assert.is(code, 5, stderr)
    assert.is(stdout, '')
    assert.match(
      stderr,
      "lacks 'include/bitnet-lut-kernels.h', and 'preset_kernels/bitnet_b1_58-3B/bitnet-lut-kernels-tl",
    )
  }),
)

bitnet(
  'AC-072 a llama.cpp without the BitNet kernels is no bitnet: exit 5, and the symbol is named',
  inHome(async (home) => {
    const plain = fixtureBitnet(join(home, 'plain'), {
      edit: ({ bitnet: folder }) => {
        const path = join(folder, 'src/ggml-bitnet-mad.cpp')
        fs.writeFileSync(path, '#include "ggml-bitnet.h"\n')
      },
    })
    const { code, stderr } = await repair(home, { of: plain })
    assert.is(code, 5, stderr)
    assert.match(stderr, "libggml.so' does not export 'quantize_i2_s'")
    assert.is(fs.existsSync(live(home)), false)
  }),
)

bitnet(
  'a submodule whose repository is not there: one try, exit 1, named with its commit; and BITNET_CPP_LLAMA_REPO helps',
  inHome(async (home) => {
    const moved = fixtureBitnet(join(home, 'moved'), { submoduleUrl: '../gone.git' })
    const { code, stderr } = await repair(home, { of: moved })
    assert.is(code, 1, stderr)
    assert.equal(startedIn({ stderr } as Ended), ['fetch-source[bitnet]'])
    assert.match(stderr, `'${join(home, 'moved/gone.git')}' does not appear to be a git repository`)
    assert.match(
      stderr,
      `submodule '${SUBMODULE}': git fetch failed (exit code 128); wanted: ${moved.llama.commit}`,
    )
    assert.match(stderr, `\n     git ls-remote ${join(home, 'moved/gone.git')}\n`)
    const env = { BITNET_CPP_LLAMA_REPO: moved.llama.dir }
    const helped = await repair(home, { of: moved, env })
    assert.is(helped.code, 0, helped.stderr)
  }),
)

bitnet(
  'AC-167 AC-273 a submodule on a server that is not there, a source on one that stays silent: 4 tries, exit 3',
  inHome(async (home) => {
    const folders = ['one', 'two'].map((name) => join(home, name)) as [string, string]
    for (const folder of folders) fs.mkdirSync(folder)
    const silent = await silentServer()
    const gone = { BITNET_CPP_LLAMA_REPO: 'http://127.0.0.1:1/llama.cpp.git' }
    // Of the three limits the one that is met.
    const args = ['--connect-timeout', '60', '--stall-timeout', '1', '--fetch-timeout', '600']
    // The waits between tries are the most of it: both at once.
    const [first, second] = await Promise.all([
      repair(folders[0], { env: gone }),
      repair(folders[1], { args, env: { BITNET_CPP_REPO: silent.url } }),
    ]).finally(silent.close)
    for (const { code, stderr } of [first, second]) {
      assert.is(code, 3, stderr)
      assert.is(stderr.split('fetch-source[bitnet] started').length - 1, 4)
    }
    assert.match(first.stderr, `unable to access 'http://127.0.0.1:1/llama.cpp.git/'`)
    assert.match(first.stderr, `submodule '${SUBMODULE}'`)
    assert.match(first.stderr, '\n  Failed to clone http://127.0.0.1:1/llama.cpp.git\n')
    assert.match(second.stderr, `\n  Failed to clone ${silent.url}\n`)
    assert.match(second.stderr, 'git fetch: connection timed out, no progress in 1 s')
  }),
)

bitnet(
  'a commit that the repository of the submodule lacks is a failure that names it: exit 1',
  inHome(async (home) => {
    const other = fixtureBitnet(join(home, 'other'), {
      edit: ({ llama }) => fs.writeFileSync(join(llama, 'README.md'), 'another\n'),
    })
    const { code, stderr } = await repair(home, { env: { BITNET_CPP_LLAMA_REPO: other.llama.dir } })
    assert.is(code, 1, stderr)
    assert.match(stderr, `wanted: ${repo.llama.commit}`)
  }),
)

const REFUSED: readonly (readonly [string, string])[] = [
  ['a server of this machine or its cloud', 'http://169.254.169.254/llama.cpp.git'],
  ['a program', 'ext::sh -c "touch P"'],
  ['an option', '--upload-pack=touch P'],
  ['a file address', 'file:///etc'],
]
for (const [what, submoduleUrl] of REFUSED)
  bitnet(
    `an address in .gitmodules that is ${what} is refused, and git is not given it`,
    inHome(async (home) => {
      const odd = fixtureBitnet(join(home, 'odd'), { submoduleUrl })
      const { code, stderr } = await repair(home, { of: odd })
      assert.is(code, 1, stderr)
      const named = JSON.stringify(JSON.stringify(submoduleUrl)).slice(1, -1)
      assert.ok(
        stderr.includes(`submodule '${SUBMODULE}': its address `) && stderr.includes('is refused'),
        `${named}: ${stderr}`,
      )
      assert.is(fs.existsSync(join(home, 'P')), false)
    }),
  )

bitnet(
  'AC-071 a checkout given with --source is built where it lies, without a network, and stays as it was',
  inHome(async (home) => {
    const mine = checkoutOf(repo, join(home, 'my BitNet'))
    const before = digestOf(mine)
    const args = [...BITNET, '--source', mine]
    const { code, stdout, stderr } = await bitnetTasks(args, { home })
    assert.is(code, 0, stderr)
    assert.is(withoutTime(stdout), REPAIRED(home))
    assert.is(digestOf(mine), before)
    assert.is(git(mine, 'status', '--porcelain', '--ignored'), '')
    const again = await bitnetTasks(args, { home })
    assert.equal(startedIn(again), [])
    fs.appendFileSync(join(mine, SUBMODULE, 'src/llama.cpp'), '// edited\n')
    const edited = await bitnetTasks([...args, '--verbose'], { home })
    assert.is(edited.code, 0, edited.stderr)
    assert.equal(startedIn(edited), ['cmake-build[bitnet,cpu]'])
    const compiled = edited.stderr.match(/Building CXX object \S+/g)
    assert.equal(compiled, [
      `Building CXX object ${SUBMODULE}/src/CMakeFiles/llama.dir/llama.cpp.o`,
    ])
  }),
)

bitnet(
  'a checkout without its submodule is a build failure that says how to get it: exit 5',
  inHome(async (home) => {
    const mine = checkoutOf(repo, join(home, 'mine'))
    git(mine, 'submodule', 'deinit', '--force', SUBMODULE)
    const { code, stderr } = await bitnetTasks([...BITNET, '--source', mine], { home })
    assert.is(code, 5, stderr)
    assert.match(stderr, `its submodule '${SUBMODULE}' does not contain CMakeLists.txt`)
    assert.match(stderr, `hint: git -C '${mine}' submodule update --init ${SUBMODULE}`)
  }),
)

bitnet(
  'AC-066 a repository at a file address or at a host of the cloud is refused before git starts: exit 2',
  inHome(async (home) => {
    for (const [url, why] of [
      [`file://${repo.dir}`, 'give the plain path of a folder'],
      ['http://169.254.169.254/x.git', 'no repository is at such a host'],
    ] as const) {
      const { code, stderr } = await repair(home, { env: { BITNET_CPP_REPO: url } })
      assert.is(code, 2, stderr)
      assert.is(
        stderr,
        `BITNET_CPP_REPO "${url}" is refused: ${why}\n  hint: give a plain address, tag or commit; or clone it by hand and give --source DIR\n`,
      )
    }
  }),
)

bitnet(
  'AC-057 libraries of somebody else get a shim beside them, unless they have a libbitnet themselves',
  inHome(async (home) => {
    const theirs = join(home, 'theirs')
    fs.mkdirSync(join(theirs, 'build'), { recursive: true })
    fs.cpSync(join(live(repaired), 'lib'), join(theirs, 'build/bin'), { recursive: true })
    fs.rmSync(join(theirs, 'build/bin/libbitnet.so'))
    const before = digestOf(theirs)
    const env = { BITNET_CPP_DIR: theirs }
    const kind = async (): Promise<string> => {
      const args = [...BITNET, '--repair=always', '--json']
      const { stdout, stderr } = await bitnetTasks(args, { home, env })
      return JSON.parse(stdout).backends[0].libbitnet ?? stderr
    }
    assert.is(await kind(), 'shim')
    assert.is(digestOf(theirs), before)
    fs.writeFileSync(join(home, 'own.c'), 'int bitlinear(void) { return 1; }\n')
    const own = join(theirs, 'build/bin/libbitnet.so')
    execFileSync('cc', ['-shared', '-fPIC', '-o', own, join(home, 'own.c')])
    assert.is(await kind(), 'genuine')
  }),
)

bitnet(
  'AC-291 the commands of the set-up page build it by hand, and preflight takes what they have built',
  inHome(async (home) => {
    const page = join(import.meta.dirname, '../../docs/howto/cpp-setup.md')
    const text = fs.readFileSync(page, 'utf8').split('\nbitnet.cpp:\n')[1] as string
    const { mirrors, pin } = BACKENDS.bitnet
    const [, block = ''] = /```sh\n(.*?)```/s.exec(text) ?? []
    const script = block
      .replace((mirrors[0] as { url: string }).url, repo.url)
      .replace(pin.ref, repo.tag)
      .replace('npx bitnet-tasks', `"${process.execPath}" "${bin}"`)
    // A folder as the address of a submodule is nothing that git takes from anybody.
    const GIT = ['COUNT=1', 'KEY_0=protocol.file.allow', 'VALUE_0=always']
    const env = Object.fromEntries(GIT.map((line) => `GIT_CONFIG_${line}`.split('=')))
    const said = execFileSync('sh', ['-euc', script], {
      cwd: home,
      env: { ...env, HOME: home, PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    })
    assert.match(said, /✓ bitnet\.cpp AVAILABLE \(auto-repaired\)\n/)
    assert.ok(said.endsWith(SHIM), said)
  }),
)

bitnet(
  'AC-003 AC-005 without --backend both are looked at, each with its verdict',
  inHome(async (home) => {
    copyHome(repaired, home)
    const never = await bitnetTasks(['preflight', '--repair=never'], { home })
    assert.is(never.code, 1)
    assert.is(withoutTime(never.stdout), CACHED(home))
    // That bitnet.cpp has a llama.cpp in it is no news of the other backend.
    assert.match(never.stderr, /^❌ llama\.cpp UNAVAILABLE \(repair disabled\)\n/)
  }),
)

for (const name of ['gcc', 'clang'] as const) {
  const pair = compilersOf(name)
  if (pair === undefined) {
    process.stderr.write(`bitnet.test.ts: no ${name} on this machine; nothing is built with it\n`)
    bitnet.skip()
    continue
  }
  bitnet(
    `AC-073 it is built with ${name}`,
    inHome(async (home) => {
      const { code, stderr } = await repair(home, { env: pair })
      assert.is(code, 0, stderr)
      const comment = execFileSync('readelf', [
        '-p',
        '.comment',
        join(live(home), 'lib/libggml.so'),
      ])
      assert.match(`${comment}`, name === 'gcc' ? /GCC: / : /clang version/)
    }),
  )
}

bitnet(
  'AC-073 compilers that are there under a name with a version are found, by cmake as well',
  inHome(async (home) => {
    const others = ['git', 'cmake', 'ninja', 'nm', 'sh', 'as', 'ld', 'ar', 'ranlib']
    const PATH = toolFolder(join(home, 'tools'), others)
    const { CC, CXX } = compilersOf('gcc') as { CC: string; CXX: string }
    fs.symlinkSync(CC, join(PATH, 'gcc-9'))
    fs.symlinkSync(CXX, join(PATH, 'g++-9'))
    const { code, stderr } = await repair(home, { env: { PATH } })
    assert.is(code, 0, stderr)
    const settings = fs.readFileSync(cache(home, 'build/bitnet-cpu/CMakeCache.txt'), 'utf8')
    assert.match(settings, /^CMAKE_CXX_COMPILER:\w+=.*\/tools\/g\+\+-9$/m)
    fs.rmSync(join(PATH, 'g++-9'))
    const half = await repair(home, { env: { PATH } })
    assert.is(half.code, 5, half.stderr)
    assert.match(half.stderr, "'c++' or 'g++' or 'clang++' is not on PATH (compiles C++)")
  }),
)

bitnet.run()

/** The newest of a family on PATH. */
function compilersOf(
  name: 'gcc' | 'clang',
): { readonly CC: string; readonly CXX: string } | undefined {
  const cxx = name === 'gcc' ? 'g++' : 'clang++'
  const versions = ['', ...Array.from({ length: 20 }, (_, i) => `-${25 - i}`)]
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const version of versions) {
    const [CC, CXX] = [name, cxx].map((tool) =>
      folders
        .map((folder) => join(folder, `${tool}${version}`))
        .find((path) => fs.existsSync(path)),
    )
    if (CC !== undefined && CXX !== undefined) return { CC, CXX }
  }
  return undefined
}
