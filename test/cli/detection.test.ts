// timeout: 300
// What detection sees: libraries that somebody else has built, folders that are not ours, constants and
// disk that disagree. On a small real llama.cpp, with the built program.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'

import { checkoutOf, fixtureBitnet } from '../support/fixture-bitnet.ts'
import { suite } from '../support/suite.ts'
import { copyHome, digestOf, inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

const detection = suite('detection')
const FIXTURE = join(import.meta.dirname, '../support/fixture-llama')
const LLAMA = ['preflight', '--backend', 'llama']

const shelf = newFolder()
// Libraries as somebody builds them by hand: shelf/built/build/bin.
const built = join(shelf, 'built')
// A home in which they are installed, for a test to copy. What it holds names its own place.
const used = join(shelf, 'used')

detection.before(async () => {
  buildInto(join(built, 'build'))
  fs.mkdirSync(used)
  const { code, stderr } = await withBuilt(used, LLAMA)
  if (code !== 0) throw new Error(stderr)
})
detection.after(() => removeFolder(shelf))

const LATE = (
  location: string,
  rebuild: string,
): string => `⚠️  llama.cpp libraries detected at runtime but not at build time

Location: ${location}

This means bitnet-probe was compiled before libraries were installed.
To enable full integration, rebuild bitnet-probe:

  ${rebuild}
`
const REPAIR = 'bitnet-tasks preflight --backend llama --repair=auto'

detection(
  'AC-047 AC-048 AC-049 AC-054 libraries of which no constant knows are named, with the way to use them',
  inHome(async (home) => {
    const place = join(home, '.cache/llama_cpp')
    fs.mkdirSync(dirname(place))
    copy(built, place)
    const before = digestOf(place)
    const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--repair=never'], { home })
    assert.is(code, 1)
    assert.is(stdout, '')
    const warning = LATE(join(place, 'build/bin'), `LLAMA_CPP_DIR=${place} ${REPAIR}`)
    assert.is(
      stderr.slice(0, stderr.indexOf('❌')),
      `${warning}\nOr enable auto-repair:\n\n  ${REPAIR}\n\n`,
    )
    assert.is(digestOf(place), before)
    const json = await bitnetTasks([...LLAMA, '--repair=never', '--json'], { home })
    assert.is(JSON.parse(json.stdout).backends[0].detectedAtRuntime, join(place, 'build/bin'))
  }),
)

const VARIABLES = ['BITNET_CROSSVAL_LIBDIR', 'BITNET_CPP_DIR', 'BITNET_CPP_PATH', 'LLAMA_CPP_DIR']
for (const name of VARIABLES)
  detection(
    `AC-047 AC-055 they are found by way of ${name}`,
    inHome(async (home) => {
      const value = name.endsWith('LIBDIR') ? join(built, 'build/bin') : built
      const env = { [name]: value, PATH: join(home, 'empty') }
      const { code, stderr } = await bitnetTasks([...LLAMA, '--repair=never'], { home, env })
      assert.is(code, 1)
      assert.match(stderr, 'libraries detected at runtime but not at build time')
      assert.match(stderr, `\nLocation: ${join(built, 'build/bin')}\n`)
    }),
  )

detection(
  'AC-050 no such warning when the build has found them, nor when a library is none',
  inHome(async (home) => {
    copyHome(used, home)
    const env = { LLAMA_CPP_DIR: built, BITNET_CROSSVAL_LIBDIR: join(built, 'build/bin') }
    const there = await bitnetTasks([...LLAMA, '--repair=never'], { home: used, env })
    assert.is(there.code, 0)
    assert.is(there.stderr, '')
    // Built for the CPU and wanted for CUDA: unavailable, and yet no constant is too old.
    const cuda = [...LLAMA, '--repair=never', '--device', 'cuda']
    const other = await bitnetTasks(cuda, { home: used, env })
    assert.is(other.code, 1)
    assert.not.match(other.stderr, 'detected at runtime')
    const place = join(home, '.cache/llama_cpp')
    copy(built, place)
    fs.rmSync(join(place, 'build/bin/libggml.so'))
    fs.rmSync(join(place, 'build/bin/libggml.so.0'))
    fs.rmSync(join(place, 'build/bin/libggml.so.0.5.0'))
    fs.writeFileSync(join(place, 'build/bin/libggml.so'), '')
    const none = await bitnetTasks([...LLAMA, '--repair=never'], { home })
    assert.is(none.code, 1)
    assert.not.match(none.stderr, 'detected at runtime')
  }),
)

detection(
  'AC-055 --verbose prints each folder that is looked through, and what lies there',
  inHome(async (home) => {
    const place = join(home, '.cache/bitnet_cpp/build/bin')
    fs.mkdirSync(place, { recursive: true })
    fs.writeFileSync(join(place, 'libbitnet.so'), '')
    fs.writeFileSync(join(place, 'libllama.so.0'), 'no library\n')
    const { stderr } = await bitnetTasks([...LLAMA, '--repair=never', '--verbose'], { home })
    const all = stderr.split('\n')
    const first = all.findIndex((line) => line.startsWith('[preflight] Search list'))
    const lines = all.slice(first, first + 16)
    const root = join(home, '.cache/bitnet_cpp')
    const own = join(home, '.cache/llama_cpp')
    assert.equal(lines, [
      '[preflight] Search list of BitNet-rs (default):',
      `  ${root}/build/3rdparty/llama.cpp/build/bin: not there`,
      `  ${root}/build/lib: not there`,
      `  ${root}/build/bin: libbitnet.so (is empty), libllama.so.0 (is a text file)`,
      `  ${root}/build/3rdparty/llama.cpp/src: not there`,
      `  ${root}/build/3rdparty/llama.cpp/ggml/src: not there`,
      `  ${root}/build: no libraries`,
      `  ${root}/lib: not there`,
      '[preflight] Search list of llama.cpp (default):',
      `  ${own}/build/3rdparty/llama.cpp/build/bin: not there`,
      `  ${own}/build/lib: not there`,
      `  ${own}/build/bin: not there`,
      `  ${own}/build/3rdparty/llama.cpp/src: not there`,
      `  ${own}/build/3rdparty/llama.cpp/ggml/src: not there`,
      `  ${own}/build: not there`,
      `  ${own}/lib: not there`,
    ])
  }),
)

detection(
  'AC-040 AC-041 --verbose shows the constants that the tool was compiled with',
  async () => {
    const { stdout, stderr } = await withBuilt(used, [...LLAMA, '--verbose'])
    assert.match(stdout, '✓ llama.cpp AVAILABLE (cached)')
    assert.match(
      stderr,
      '\n[preflight] Constants of bitnet-probe (llama.cpp): HAS_BITNET=false, HAS_LLAMA=true, BACKEND_STATE=llama\n',
    )
    assert.match(
      stderr,
      `  ${built}/build/bin: libggml-base.so, libggml-cpu.so, libggml.so, libllama.so\n`,
    )
  },
)

detection(
  'libraries in a folder that was named are used as they are, without a network, and not touched',
  inHome(async (home) => {
    const theirs = join(home, 'theirs')
    copy(built, theirs)
    const before = digestOf(theirs)
    const env = { LLAMA_CPP_DIR: theirs }
    const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--offline'], { home, env })
    assert.is(code, 0, stderr)
    const live = liveIn(home)
    assert.match(stdout, `  Libraries installed: ${live}/lib\n`)
    assert.match(
      stderr,
      `[preflight] the llama.cpp libraries in '${theirs}' are used as they are\n`,
    )
    assert.is(
      fs.realpathSync(join(live, 'lib/libllama.so')),
      join(theirs, 'build/bin/libllama.so.0.5.0'),
    )
    assert.is(digestOf(theirs), before)
    // Built elsewhere by hand: what the tool loads is theirs, by its own RPATH.
    const tool = execFileSync(join(live, 'bin/bitnet-probe'), { env: {}, encoding: 'utf8' })
    for (const { path } of JSON.parse(tool).libraries)
      assert.is(dirname(path), join(theirs, 'build/bin'))
    const cached = await bitnetTasks(LLAMA, { home, env })
    assert.match(cached.stdout, '✓ llama.cpp AVAILABLE (cached)')
    assert.is(cached.stderr, '')
  }),
)

detection('env prints what works for them: a C++ program links and runs', async () => {
  const { stdout } = await withBuilt(used, ['env', '--emit', 'sh'])
  const program = join(shelf, 'mine.cpp')
  fs.writeFileSync(
    program,
    'extern "C" const char *llama_print_system_info(void);\n#include <cstdio>\nint main() { std::puts(llama_print_system_info()); }\n',
  )
  const script = `set -eu
    ${stdout}
    c++ ${program} -L"$LLAMA_CPP_DIR/lib" -lllama -Wl,-rpath-link,"$LLAMA_CPP_DIR/lib" -o ${shelf}/mine
    ${shelf}/mine`
  const env = { PATH: process.env['PATH'] }
  assert.is(execFileSync('sh', ['-c', script], { env, encoding: 'utf8' }), 'CPU : FIXTURE = 1 | \n')
  // With what it printed in the environment, the answer is the same.
  const LLAMA_CPP_DIR = /LLAMA_CPP_DIR='(.*)'/.exec(stdout)?.[1] ?? ''
  const again = await bitnetTasks(LLAMA, { home: used, env: { LLAMA_CPP_DIR } })
  assert.match(again.stdout, '✓ llama.cpp AVAILABLE (cached)')
})

detection(
  'when they are built anew it is noticed, and they are taken again as they are now',
  inHome(async (home) => {
    const theirs = join(home, 'theirs')
    copy(built, theirs)
    const env = { LLAMA_CPP_DIR: theirs }
    assert.is((await bitnetTasks([...LLAMA, '--offline'], { home, env })).code, 0)
    const library = join(theirs, 'build/bin/libggml-base.so.0.5.0')
    fs.appendFileSync(library, 'more')
    const noticed = await bitnetTasks([...LLAMA, '--repair=never'], { home, env })
    assert.is(noticed.code, 1)
    assert.match(noticed.stderr, /libggml-base\.so\S* was changed after the build/)
    // Also by way of what env gives: it still knows whose they are, and nothing is fetched.
    const own = { LLAMA_CPP_DIR: liveIn(home) }
    const taken = await bitnetTasks([...LLAMA, '--offline'], { home, env: own })
    assert.is(taken.code, 0, taken.stderr)
    assert.match(taken.stdout, '(auto-repaired)')
    const constants = JSON.parse(
      fs.readFileSync(join(liveIn(home), 'detect-constants.json'), 'utf8'),
    )
    const files: readonly { path: string; size: number }[] = constants.files
    assert.is(
      files.find(({ path }) => path === 'lib/libggml-base.so')?.size,
      fs.statSync(library).size,
    )
    assert.is((await bitnetTasks(LLAMA, { home, env })).stderr, '')
  }),
)

const SHAPES: readonly (readonly [string, (theirs: string) => void])[] = [
  [
    'that find each other only by the loader’s variable, beside headers',
    (theirs) => {
      buildInto(join(theirs, 'build'), '-DCMAKE_SKIP_RPATH=ON')
      copy(join(FIXTURE, 'include'), join(theirs, 'include'))
      copy(join(FIXTURE, 'ggml/include'), join(theirs, 'ggml/include'))
    },
  ],
  [
    'that have versioned names alone, in build/lib',
    (theirs) => {
      copy(join(built, 'build/bin'), join(theirs, 'build/lib'))
      for (const name of fs.readdirSync(join(theirs, 'build/lib')))
        if (name.endsWith('.so')) fs.rmSync(join(theirs, 'build/lib', name))
    },
  ],
  [
    'that lie in two folders, as BitNet’s older llama.cpp leaves them',
    (theirs) => {
      const [src, ggml] = ['src', 'ggml/src'].map((name) =>
        join(theirs, 'build/3rdparty/llama.cpp', name),
      ) as [string, string]
      for (const folder of [src, ggml]) fs.mkdirSync(folder, { recursive: true })
      for (const name of fs.readdirSync(join(built, 'build/bin')))
        fs.cpSync(
          join(built, 'build/bin', name),
          join(name.startsWith('libllama') ? src : ggml, name),
          { verbatimSymlinks: true },
        )
    },
  ],
]
for (const [title, make] of SHAPES)
  detection(
    `AC-052 AC-053 libraries ${title} are used`,
    inHome(async (home) => {
      const theirs = join(home, 'theirs')
      make(theirs)
      const env = { LLAMA_CPP_DIR: theirs }
      const { code, stderr } = await bitnetTasks([...LLAMA, '--offline'], { home, env })
      assert.is(code, 0, stderr)
      const names = fs.readdirSync(join(liveIn(home), 'lib'))
      for (const name of ['libllama.so', 'libggml.so']) assert.ok(names.includes(name), name)
      const hasHeaders = fs.existsSync(join(theirs, 'include'))
      assert.is(fs.existsSync(join(liveIn(home), 'include/llama.h')), hasHeaders)
    }),
  )

detection(
  'AC-051 a library that ends the process that loads it is named, and nothing is installed',
  inHome(async (home) => {
    const theirs = join(home, 'theirs')
    copy(built, theirs)
    const library = join(theirs, 'build/bin/libggml-base.so.0.5.0')
    fs.writeFileSync(
      join(home, 'crash.c'),
      '#include <stdlib.h>\n__attribute__((constructor)) static void crash(void) { abort(); }\n',
    )
    const soname = '-Wl,-soname,libggml-base.so.0'
    execFileSync('cc', ['-shared', '-fPIC', join(home, 'crash.c'), '-o', library, soname])
    const env = { LLAMA_CPP_DIR: theirs }
    const { code, stdout, stderr } = await bitnetTasks(LLAMA, { home, env })
    assert.is.not(code, 0)
    assert.is(stdout, '')
    assert.match(stderr, /load-libraries: \S+\/libggml-base\.so\n/)
    assert.is(fs.existsSync(liveIn(home)), false)
  }),
)

detection(
  'a file that only bears the name of a library is nothing to use',
  inHome(async (home) => {
    const theirs = join(home, 'theirs/lib')
    fs.mkdirSync(theirs, { recursive: true })
    fs.writeFileSync(join(theirs, 'libllama.so'), '')
    fs.writeFileSync(join(theirs, 'libggml.so'), 'INPUT(-lggml)\n')
    const env = { LLAMA_CPP_DIR: join(home, 'theirs') }
    const { code, stderr } = await bitnetTasks([...LLAMA, '--verbose'], { home, env })
    assert.is(code, 4, stderr)
    assert.match(stderr, `  ${theirs}: libggml.so (is a text file), libllama.so (is empty)\n`)
    assert.match(
      stderr,
      'it holds nothing that could be used: no libraries of llama.cpp, no source tree, no single archive of one',
    )
  }),
)

detection(
  'a source tree in a folder that was named is built out of tree; uncommitted changes and all stay',
  inHome(async (home) => {
    const theirs = join(home, 'work/llama.cpp')
    copy(FIXTURE, theirs)
    execFileSync('git', ['-C', theirs, 'init', '--quiet'])
    execFileSync('git', ['-C', theirs, 'add', '--all'])
    fs.appendFileSync(join(theirs, 'src/llama.cpp'), '// not committed\n')
    const before = digestOf(theirs)
    const env = { LLAMA_CPP_DIR: theirs }
    const { code, stderr } = await bitnetTasks([...LLAMA, '--offline'], { home, env })
    assert.is(code, 0, stderr)
    assert.match(
      stderr,
      `[preflight] llama.cpp is built from the source tree '${theirs}', which is only read\n`,
    )
    assert.is(digestOf(theirs), before)
    assert.equal(fs.readdirSync(join(home, 'work')), ['llama.cpp'])
    assert.match((await bitnetTasks(LLAMA, { home, env })).stdout, '(cached)')
    const { stdout } = await bitnetTasks(['doctor'], { home, env })
    assert.match(stdout, `${liveIn(home)} (cpu, local, `)
    assert.match(stdout, `, stands for ${theirs}\n`)
  }),
)

const PLACED: readonly (readonly [string, (folder: string) => void])[] = [
  ['unpacked there with tar', (folder) => execFileSync('tar', ['-xzf', archive(), '-C', folder])],
  [
    'an archive with an odd name',
    (folder) => fs.copyFileSync(archive(), `${folder}/llama (1).tar.gz`),
  ],
]
for (const [title, place] of PLACED)
  for (const where of ['the default folder', 'a named folder'])
    detection(
      `AC-071 a source placed in ${where} is accepted offline: ${title}`,
      inHome(async (home) => {
        const isDefault = where === 'the default folder'
        const folder = join(home, isDefault ? '.cache/llama_cpp' : 'theirs')
        fs.mkdirSync(folder, { recursive: true })
        place(folder)
        const before = digestOf(folder)
        const env = isDefault ? {} : { LLAMA_CPP_DIR: folder }
        const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--offline'], { home, env })
        assert.is(code, 0, stderr)
        assert.match(stdout, `  Libraries installed: ${liveIn(home)}/lib\n`)
        assert.is(digestOf(folder), before)
        assert.match((await bitnetTasks(LLAMA, { home, env })).stdout, '(cached)')
      }),
    )

detection(
  'AC-071 an archive given with --source is built offline, again only when it changes, and stays as it was',
  inHome(async (home) => {
    const theirs = join(home, 'v0.5.0.tar.gz')
    fs.copyFileSync(archive(), theirs)
    const before = fs.readFileSync(theirs)
    const asked = [...LLAMA, '--source', 'v0.5.0.tar.gz', '--offline']
    const { code, stdout, stderr } = await bitnetTasks(asked, { home })
    assert.is(code, 0, stderr)
    assert.match(stdout, `  Libraries installed: ${join(home, '.cache/llama_cpp')}/lib\n`)
    const again = await bitnetTasks(asked, { home })
    assert.is(again.code, 0, again.stderr)
    assert.not.match(again.stderr, /(?:fetch-source|cmake-build)\S* started/)
    assert.equal(fs.readFileSync(theirs), before)
    assert.match((await bitnetTasks(LLAMA, { home })).stdout, '(cached)')
  }),
)

detection(
  'AC-071 a damaged archive says so, and leaves nothing half unpacked',
  inHome(async (home) => {
    const folder = join(home, 'theirs')
    fs.mkdirSync(folder)
    fs.writeFileSync(join(folder, 'a.tgz'), fs.readFileSync(archive()).subarray(0, 2000))
    const env = { LLAMA_CPP_DIR: folder }
    const { code, stdout, stderr } = await bitnetTasks([...LLAMA, '--offline'], { home, env })
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.match(stderr, `'${folder}/a.tgz': it is cut short, damaged, or not compressed by gzip`)
    assert.equal(fs.readdirSync(join(home, '.cache/bitnet-tasks/sources')), [])
  }),
)

detection(
  'AC-051 --verify loads what is installed where every size and time is as it was, and puts it right',
  inHome(async (home) => {
    const theirs = join(home, 'theirs')
    copy(FIXTURE, theirs)
    const env = { LLAMA_CPP_DIR: theirs }
    assert.is((await bitnetTasks([...LLAMA, '--offline'], { home, env })).code, 0)
    const sound = await bitnetTasks([...LLAMA, '--verify'], { home, env })
    assert.is(sound.stderr, '[preflight] llama.cpp: every library loads\n')
    assert.match(sound.stdout, '(cached)')
    const library = join(liveIn(home), 'lib/libggml-base.so.0.5.0')
    const kept = join(home, 'kept')
    execFileSync('cp', ['-p', library, kept])
    fs.writeFileSync(library, fs.readFileSync(library).fill(0, 64, 512))
    execFileSync('touch', ['-r', kept, library])
    assert.match((await bitnetTasks(LLAMA, { home, env })).stdout, '(cached)')
    const looked = await bitnetTasks([...LLAMA, '--verify', '--repair=never'], { home, env })
    assert.is(looked.code, 1)
    assert.match(looked.stderr, 'what is installed does not work: ')
    assert.match(looked.stderr, 'libggml-base.so.0')
    assert.match(looked.stderr, `  ${REPAIR.replace('auto', 'always')}\n`)
    const repaired = await bitnetTasks([...LLAMA, '--verify', '--offline'], { home, env })
    assert.is(repaired.code, 0, repaired.stderr)
    assert.match(repaired.stdout, '(auto-repaired)')
    assert.is((await bitnetTasks([...LLAMA, '--verify'], { home, env })).code, 0)
  }),
)

detection(
  'libraries of bitnet.cpp are used where they hold the BitNet kernels, with a shim beside links to them',
  inHome(async (home) => {
    const theirs = checkoutOf(
      fixtureBitnet(join(home, 'upstream'), { header: true }),
      join(home, 'BitNet'),
    )
    cmake(theirs, join(theirs, 'build'))
    const before = digestOf(theirs)
    const env = { BITNET_CPP_DIR: theirs }
    const args = ['preflight', '--backend', 'bitnet', '--offline']
    const { code, stdout, stderr } = await bitnetTasks(args, { home, env })
    assert.is(code, 0, stderr)
    assert.match(stdout, '  libbitnet: a shim of bitnet-tasks; the BitNet kernels are in libggml\n')
    const lib = join(liveIn(home), 'lib')
    assert.equal(fs.readdirSync(lib).sort(), ['libbitnet.so', 'libggml.so', 'libllama.so'])
    assert.is(
      fs.readlinkSync(join(lib, 'libggml.so')),
      join(theirs, 'build/3rdparty/llama.cpp/ggml/src/libggml.so'),
    )
    assert.is(digestOf(theirs), before)
    const plain = { BITNET_CPP_DIR: built }
    const refused = await bitnetTasks(args, { home, env: plain })
    assert.is(refused.code, 5, refused.stderr)
    assert.match(refused.stderr, "does not export 'quantize_i2_s'")
  }),
)

detection(
  'AC-072 a build that ends well and made no library is a build failure: exit 5',
  inHome(async (home) => {
    const theirs = join(home, 'llama.cpp')
    copy(FIXTURE, theirs)
    const renamed = ['llama', 'ggml', 'ggml-base', 'ggml-cpu'].map(
      (name) => `set_target_properties(${name} PROPERTIES OUTPUT_NAME x${name})\n`,
    )
    fs.appendFileSync(join(theirs, 'CMakeLists.txt'), renamed.join(''))
    const args = [...LLAMA, '--source', theirs]
    const { code, stdout, stderr } = await bitnetTasks(args, { home })
    assert.is(code, 5, stderr)
    assert.is(stdout, '')
    assert.match(stderr, "stage: the build made no library 'llama' in ")
  }),
)

for (const [what, goes, says] of [
  ['no source tree', 'CMakeLists.txt', 'does not contain CMakeLists.txt: it is no source tree'],
  [
    'half of one',
    'include',
    'does not contain include/llama.h or ggml/include/llama.h: it is no whole source tree',
  ],
] as const)
  detection(
    `a folder in --source that is ${what} is told by its path, with what to do`,
    inHome(async (home) => {
      const theirs = join(home, 'llama.cpp')
      copy(FIXTURE, theirs)
      fs.rmSync(join(theirs, goes), { recursive: true })
      const { code, stderr } = await bitnetTasks([...LLAMA, '--source', theirs], { home })
      assert.is(code, 5, stderr)
      assert.match(stderr, `setup-cpp-auto failed: check-source: '${theirs}' ${says}\n`)
      assert.match(stderr, '  1. The source tree lacks files.')
      assert.not.match(stderr, /apt-get|Cloning/)
    }),
  )

detection(
  'a tree in --source that has no folders but those that its own cmake wants is built, and one that comes counts',
  inHome(async (home) => {
    const theirs = join(home, 'llama.cpp')
    copy(FIXTURE, theirs)
    for (const name of ['vendor', 'LICENSE']) fs.rmSync(join(theirs, name), { recursive: true })
    const args = ['cmake-build[llama,cpu]', '--source', 'llama.cpp']
    const { code, stderr } = await bitnetTasks(['run', ...args], { home })
    assert.is(code, 0, stderr)
    assert.is((await bitnetTasks(['plan', ...args], { home })).stdout, '0 to run, 3 fresh\n')
    fs.mkdirSync(join(theirs, 'vendor'))
    fs.writeFileSync(join(theirs, 'vendor/new.h'), '')
    const { stdout } = await bitnetTasks(['explain', ...args], { home })
    assert.match(stdout, "the input '{given-llama}/vendor/new.h' is new")
  }),
)

detection.run()

/** Runs with the libraries that were built by hand in the backend's variable. */
function withBuilt(home: string, args: readonly string[]) {
  return bitnetTasks(args, { home, env: { LLAMA_CPP_DIR: built } })
}

function buildInto(build: string, ...options: readonly string[]): void {
  cmake(FIXTURE, build, ...options)
}

function cmake(source: string, build: string, ...options: readonly string[]): void {
  const all = ['-DCMAKE_BUILD_TYPE=Release', '-DBUILD_SHARED_LIBS=ON', ...options]
  execFileSync('cmake', ['-S', source, '-B', build, '-G', 'Ninja', ...all], { stdio: 'pipe' })
  execFileSync('cmake', ['--build', build, '--target', 'llama'], { stdio: 'pipe' })
}

function copy(from: string, to: string): void {
  fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
}

/** The one installation of ours that stands for a folder of somebody else. */
function liveIn(home: string): string {
  const beside = join(home, '.cache/bitnet-tasks/installed')
  const names = fs.existsSync(beside) ? fs.readdirSync(beside) : []
  const own = names.filter((name) => !name.startsWith('.'))
  assert.ok(own.length <= 1, own.join(' '))
  return join(beside, own[0] ?? 'nothing')
}

function archive(): string {
  const path = join(shelf, 'llama.cpp-0.5.0.tar.gz')
  if (!fs.existsSync(path)) {
    copy(FIXTURE, join(shelf, 'llama.cpp-0.5.0'))
    execFileSync('tar', ['-C', shelf, '-czf', path, 'llama.cpp-0.5.0'])
  }
  return path
}
