// timeout: 1800
// alone
// The main job on real input: the built program repairs the real llama.cpp, from nothing. The tests of
// this suite run in their order and share one home, against the rule: the compile takes 80 to 200 s on
// two cores, and each test stands on what the one before it built.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { digestOf, newFolder, removeFolder } from '../cli/support/home.ts'
import { bitnetTasks, type Ended, type RunOptions, start } from '../cli/support/program.ts'
import { suite } from '../support/suite.ts'

const llama = suite('the real llama.cpp')

const home = newFolder()
const shelf = newFolder()
const mine = join(shelf, 'my llama.cpp')
llama.after(() => {
  removeFolder(home)
  removeFolder(shelf)
})

const PREFLIGHT = ['preflight', '--backend', 'llama']
const FROM_MINE = [...PREFLIGHT, '--source', mine]
const live = join(home, '.cache/llama_cpp')
const cache = join(home, '.cache/bitnet-tasks')
const fetched = join(cache, 'sources/llama')
const EDITED = 'src/llama.cpp'

const AVAILABLE = (how: string): string => `✓ llama.cpp AVAILABLE (${how})\n`
const CACHED = `${AVAILABLE('cached')}  Libraries found at build time: ${live}/lib
  Last bitnet-probe build: WHEN
`
const REPAIRED = `${AVAILABLE('auto-repaired')}  Setup completed in N.NNs
  Libraries installed: ${live}/lib
`
const withoutTime = (text: string): string =>
  text.replace(/\d+\.\d\ds/g, 'N.NNs').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'WHEN')

llama('from nothing to AVAILABLE in one command, its source from the npm registry', async () => {
  const ended = await withPeak([...PREFLIGHT, '--source', 'npm'])
  assert.is(ended.code, 0, ended.stderr)
  assert.is(withoutTime(ended.stdout), REPAIRED)
  assert.equal(startedIn(ended), [
    'fetch-source[llama]',
    'cmake-configure[llama,cpu]',
    'cmake-build[llama,cpu]',
    'gen-detect-constants[llama,cpu]',
    'rebuild-tool[llama,cpu]',
    'revalidate[llama,cpu]',
  ])
  assert.ok(ended.peakMiB < 150, `its own process took ${ended.peakMiB} MiB`)
})

llama('what it installed says where it came from: the pinned tree, whichever the mirror', () => {
  const { backend, device, constants, source } = manifest()
  assert.equal([backend, device], ['llama', 'cpu'])
  assert.equal(constants, { hasBitnet: false, hasLlama: true, state: 'llama' })
  assert.is(source.ref, 'v0.5.0')
  assert.is(source.tree, 'fd570ef54b10ec5fecb739e7e04c8ce44a6f415a')
  assert.is(source.from, 'node-llama-cpp@3.22.1')
})

llama('what it installed are real libraries that export what a consumer calls', () => {
  const names = fs.readdirSync(join(live, 'lib')).filter((name) => name.endsWith('.so'))
  assert.equal(names.sort(), ['libggml-base.so', 'libggml-cpu.so', 'libggml.so', 'libllama.so'])
  for (const name of names) {
    const bytes = fs.readFileSync(join(live, 'lib', name))
    assert.is(bytes.toString('latin1', 0, 4), '\x7fELF', name)
  }
  const library = join(live, 'lib/libllama.so')
  const symbols = execFileSync('nm', ['-D', '--defined-only', library], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  for (const symbol of ['llama_backend_init', 'llama_model_load_from_file'])
    assert.match(symbols, new RegExp(` T ${symbol}\n`))
  assert.ok(fs.existsSync(join(live, 'include/llama.h')))
  assert.ok(fs.existsSync(join(live, 'ggml/include/ggml.h')))
})

llama(
  'bitnet-probe runs without any variable, and the libraries it loads are the installed',
  () => {
    const tool = join(live, 'bin/bitnet-probe')
    const answer = JSON.parse(execFileSync(tool, { env: {}, encoding: 'utf8' }))
    assert.is(answer.constants.hasLlama, true)
    assert.is(answer.constants.hasBitnet, false)
    const from = `${fs.realpathSync(live)}/lib/`
    assert.is(answer.libraries.length, 4)
    for (const { name, path } of answer.libraries)
      assert.ok(path.startsWith(from), `${name} came from ${path}`)
  },
)

llama('the second time it is cached, starts no process and changes nothing', async () => {
  const before = digestOf(live)
  const hook = join(shelf, 'no-process.cjs')
  fs.writeFileSync(
    hook,
    "require('node:child_process').ChildProcess.prototype.spawn = () => { throw Error('started') }\n",
  )
  for (const args of [PREFLIGHT, [...PREFLIGHT, '--source', 'npm']]) {
    const { code, stdout, stderr } = await tasks(args, {
      node: ['--require', hook],
      env: { PATH: shelf },
    })
    assert.is(withoutTime(stdout), CACHED, args.join(' '))
    assert.is(stderr, '')
    assert.is(code, 0)
  }
  assert.is(digestOf(live), before)
})

llama(
  'a file edited in the fetched tree is damage: explain names it, a run puts it right',
  async () => {
    const path = join(fetched, EDITED)
    const sound = fs.readFileSync(path)
    const times = timesIn(fetched)
    fs.appendFileSync(path, '// damage\n')

    const explained = await tasks(['explain', 'fetch-source[llama]'])
    assert.is(explained.code, 0, explained.stderr)
    const [state, reason, ...more] = explained.stdout.trimEnd().split('\n')
    assert.is(state, 'fetch-source[llama] is stale')
    const said = `  - its output 'sources/llama/${EDITED}' was changed by something else (damage) (`
    assert.ok(reason?.startsWith(said), reason)
    assert.equal(more, [])

    const repaired = await tasks(['run', 'fetch-source[llama]', '--source', 'npm'])
    assert.is(repaired.code, 0, repaired.stderr)
    assert.match(repaired.stderr, /\] fetch-source\[llama\] unchanged \(/)
    assert.equal(startedIn(repaired), ['fetch-source[llama]'])
    assert.equal(fs.readFileSync(path), sound)

    const { stdout } = await tasks(['status', 'cmake-build[llama,cpu]'])
    assert.is(stdout, 'cmake-build[llama,cpu]  fresh\n')
    // ninja goes by time: what kept its bytes has kept its time, to the clock of the file system.
    const moved = Object.entries(timesIn(fetched))
      .filter(([name, time]) => !(Math.abs(time - (times[name] ?? 0)) < 1))
      .map(([name]) => name)
    assert.equal(moved, [EDITED])
    assert.equal(Object.keys(timesIn(fetched)), Object.keys(times))
    const toDo = execFileSync('ninja', ['-n', '-C', join(cache, 'build/llama-cpu'), 'llama'], {
      encoding: 'utf8',
    })
    assert.not.match(toDo, /Re-running CMake/)
    assert.ok((toDo.match(/ Building /g)?.length ?? 0) <= 1, toDo)
  },
)

llama('a source tree of the person is built where it lies, and never written to', async () => {
  execFileSync('cp', ['-a', fetched, mine])
  const before = digestOf(mine)
  const ended = await tasks(FROM_MINE)
  assert.is(ended.code, 0, ended.stderr)
  assert.ok([REPAIRED, CACHED].includes(withoutTime(ended.stdout)), ended.stdout)
  assert.equal(startedIn(ended).slice(0, 3), [
    'fetch-source[llama]',
    'cmake-configure[llama,cpu]',
    'cmake-build[llama,cpu]',
  ])
  assert.is(digestOf(mine), before)
  assert.equal((await tasks(PREFLIGHT)).code, 0)
})

llama('the unchanged tree again: the graph is asked, and nothing runs', async () => {
  const generation = fs.readlinkSync(live)
  const ended = await tasks(FROM_MINE)
  assert.is(withoutTime(ended.stdout), CACHED, ended.stderr)
  assert.equal(startedIn(ended), [])
  assert.is(fs.readlinkSync(live), generation)
})

llama('one file edited: exactly the build and what depends on its changed bytes runs', async () => {
  const old = fs.readlinkSync(live)
  assert.is(manifest().source.from, mine)
  edit('return "mmap+mlock";', 'return "mmap and mlock";')
  const edited = digestOf(mine)
  const ended = await tasks(FROM_MINE)
  assert.is(ended.code, 0, ended.stderr)
  assert.is(withoutTime(ended.stdout), REPAIRED)
  assert.equal(startedIn(ended), [
    'cmake-build[llama,cpu]',
    'gen-detect-constants[llama,cpu]',
    'rebuild-tool[llama,cpu]',
    'revalidate[llama,cpu]',
  ])
  assert.match(
    ended.stderr,
    `cmake-build[llama,cpu] is stale: the input '{given-llama}/${EDITED}' changed (`,
  )
  assert.is(digestOf(mine), edited)

  assert.ok(fs.readFileSync(join(live, 'lib/libllama.so')).includes('mmap and mlock'))
  const now = fs.readlinkSync(live)
  assert.is.not(now, old)
  // Beside the live generation nothing is left in the store.
  assert.equal(fs.readdirSync(join(home, '.cache/.llama_cpp.generations')), [now.split('/').at(-1)])
})

llama('a comment edited: the build runs, its bytes are unchanged, and there it stops', async () => {
  const generation = fs.readlinkSync(live)
  edit('#include "llama.h"\n', '#include "llama.h" // for everybody\n')
  const edited = digestOf(mine)
  const ended = await tasks(FROM_MINE)
  assert.is(ended.code, 0, ended.stderr)
  assert.is(withoutTime(ended.stdout), CACHED)
  assert.equal(startedIn(ended), ['cmake-build[llama,cpu]'])
  assert.match(ended.stderr, /\] REPAIR: cmake-build\[llama,cpu\] unchanged \(/)
  assert.is(fs.readlinkSync(live), generation)
  assert.is(digestOf(mine), edited)
})

llama.run()

/** The program in the shared home, as after a log-in: no CI, no XDG folders. */
function tasks(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ended> {
  return bitnetTasks(args, { ...options, home, env: { ...wayToRegistry(), ...options.env } })
}

// How this machine reaches the npm registry is no part of the home: proxy, certificates, npmrc. Without
// the registry the first test fails and says so.
function wayToRegistry(): NodeJS.ProcessEnv {
  const names =
    /^(NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|(https?|all|no)_proxy|npm_config_(registry|globalconfig|cafile))$/i
  const found = Object.entries(process.env).filter(([name]) => names.test(name))
  return {
    npm_config_userconfig: process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc'),
    ...Object.fromEntries(found),
  }
}

/** Runs to the end while it watches the memory of the program's own process, not of its children. */
async function withPeak(args: readonly string[]): Promise<Ended & { readonly peakMiB: number }> {
  const running = start(args, { home, env: wayToRegistry() })
  let peakKiB = 0
  // The kernel keeps the peak until the process becomes its successor: looking often loses next to nothing.
  const look = setInterval(() => {
    peakKiB = Math.max(peakKiB, peakOf(running.pid))
  }, 50)
  try {
    const ended = await running.ended
    assert.ok(peakKiB > 0, 'its memory was never seen')
    return { ...ended, peakMiB: peakKiB / 1024 }
  } finally {
    clearInterval(look)
  }
}

function peakOf(pid: number): number {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** The nodes that were started, in their order. */
function startedIn({ stderr }: Ended): readonly string[] {
  const lines = stderr.matchAll(/^\[ *\d+\.\d\ds\] (?:[A-Z]+: )?(\S+) started$/gm)
  return [...lines].map(([, node]) => node as string)
}

interface InstalledManifest {
  readonly backend: string
  readonly device: string
  readonly constants: Readonly<Record<string, unknown>>
  readonly source: Readonly<Partial<Record<'ref' | 'tree' | 'from', string>>>
}

function manifest(): InstalledManifest {
  return JSON.parse(fs.readFileSync(join(live, '.bitnet-tasks.json'), 'utf8'))
}

/** Edits the person's tree, with as many lines as before. */
function edit(from: string, to: string): void {
  const path = join(mine, EDITED)
  const text = fs.readFileSync(path, 'utf8')
  assert.is(text.split(from).length, 2, `'${from}' is there once`)
  fs.writeFileSync(path, text.replace(from, to))
}

function timesIn(folder: string): Readonly<Record<string, number>> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => fs.lstatSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map((name) => [name, fs.lstatSync(join(folder, name)).mtimeMs]))
}
