// timeout: 300
// watch over a repair, and over a long time.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { hookIn } from './support/hook.ts'
import { endAll, WatchProcess } from './support/watching.ts'

const watch = suite('watch over time')

watch(
  'AC-021 detection runs again when libraries appear, and when they change',
  inHome(async (home) => {
    const tree = fixtureRepo(join(home, 'tree'), { broken: 'compile' }).dir
    const source = join(tree, 'src/llama.cpp')
    const detection = ['gen-detect-constants[llama,cpu]', 'revalidate[llama,cpu]']
    const options = { home, cwd: home }
    const watching = new WatchProcess(
      [...detection, '--source', tree, '--backend', 'llama'],
      options,
    )
    const ended = (node: string, how: string) =>
      watching.next('finished', (event) => event.node === node && event.outcome === how)
    try {
      await ended('cmake-build[llama,cpu]', 'failed')
      const constants = join(home, '.cache/bitnet-tasks/constants/llama-cpu/detect-constants.json')
      assert.is(fs.existsSync(constants), false)
      // Libraries appear.
      const whole = fs.readFileSync(source, 'utf8').replace('int broken_on_purpose( {\n', '')
      fs.writeFileSync(source, whole)
      await ended('revalidate[llama,cpu]', 'changed')
      await watching.next('idle')
      const first = fs.readFileSync(constants, 'utf8')
      assert.match(first, '"hasLlama": true')
      // They change.
      fs.writeFileSync(source, `${whole}extern "C" int llama_is_newer() { return 1; }\n`)
      await ended('gen-detect-constants[llama,cpu]', 'changed')
      await ended('revalidate[llama,cpu]', 'unchanged')
      assert.is.not(fs.readFileSync(constants, 'utf8'), first)
    } finally {
      await endAll()
    }
  }),
)

const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
const copy = task('copy', () => ({ inputs: ['in/*.txt'], outputs: ['out/all'], run: sh\`cat in/*.txt > out/all\` }))
export default defineGraph({ tasks: [copy] })
`

/** What the graph's only command makes of the files that are there. */
function expected(home: string): string {
  const names = fs.readdirSync(join(home, 'in')).filter((name) => name.endsWith('.txt'))
  return names
    .sort()
    .map((name) => fs.readFileSync(join(home, 'in', name), 'utf8'))
    .join('')
}

// A run removes it before it makes it anew.
function textOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Resolves when the output is what the files make of it. */
async function isRight(home: string): Promise<void> {
  const wanted = expected(home)
  const output = join(home, 'out/all')
  // Without any event there is a look every 10 s: what took longer to be seen was missed.
  for (const end = Date.now() + 9000; Date.now() < end; await pause(10))
    if (textOf(output) === wanted) return
  throw new Error('an edit was missed')
}

const withCopy = (
  body: (home: string, watching: WatchProcess) => Promise<void>,
  hook: (home: string) => readonly string[] = () => [],
) =>
  inHome(async (home) => {
    fs.writeFileSync(join(home, 'bitnet.tasks.ts'), GRAPH)
    fs.mkdirSync(join(home, 'in'))
    fs.writeFileSync(join(home, 'in/a.txt'), 'a\n')
    const watching = new WatchProcess([], { home, node: hook(home) })
    try {
      await watching.next('idle')
      await body(home, watching)
    } finally {
      await endAll()
    }
  })

interface Holdings {
  readonly files: number
  /** Folders that the kernel watches for it. */
  readonly watches: number
  /** What garbage collection leaves of its heap: all objects, and bytes. */
  readonly objects: number
  readonly bytes: number
}

async function holdings(home: string, pid: number): Promise<Holdings> {
  const files = fs.readdirSync(`/proc/${pid}/fd`).length
  const infos = fs.readdirSync(`/proc/${pid}/fdinfo`).map((fd) => infoOf(pid, fd))
  const watches = infos.join('\n').match(/^inotify wd:/gm)?.length ?? 0
  const heap = await heapOf<Pick<Holdings, 'objects' | 'bytes'>>(home, pid)
  return { files, watches, ...heap }
}

/** What the hook of a test says of the heap. */
async function heapOf<T>(home: string, pid: number): Promise<T> {
  const path = join(home, 'heap.json')
  process.kill(pid, 'SIGUSR2')
  while (!fs.existsSync(path)) await pause(10)
  const heap = JSON.parse(fs.readFileSync(path, 'utf8'))
  fs.rmSync(path)
  return heap
}

const heapHook = (home: string, measure: string): readonly string[] =>
  hookIn(
    home,
    `const [fs, v8] = [require('node:fs'), require('node:v8')]
const measure = () => { ${measure} }
process.on('SIGUSR2', () => {
  fs.writeFileSync('heap', JSON.stringify(measure()))
  fs.renameSync('heap', 'heap.json')
})`,
  )

// Counting the objects is a garbage collection too. What the kernel has given of memory would say less: in
// it is what nobody has collected yet.
const countObjects = (home: string): readonly string[] =>
  heapHook(
    home,
    `const objects = v8.queryObjects(Object, { format: 'count' })
return { objects, bytes: process.memoryUsage().heapUsed }`,
  )

// Many that outlive a collection or two are what V8 makes room for.
const makeObjects = (home: string): readonly string[] =>
  heapHook(
    home,
    `const room = () => v8.getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').space_size
const before = room()
for (let i = 0; i < 100; i++) Array.from({ length: 60_000 }, (_, at) => ({ at }))
return { before, after: room() }`,
  )

function infoOf(pid: number, fd: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')
  } catch {
    return ''
  }
}

watch(
  'AC-271 a hundred runs later it holds no more files, watches and objects',
  withCopy(async (home, watching) => {
    const edits = async (count: number): Promise<Holdings> => {
      for (let i = 1; i <= count; i++) {
        // Folders come and go as well.
        if (i % 10 === 5) fs.mkdirSync(join(home, 'in/folder'))
        if (i % 10 === 0) fs.rmdirSync(join(home, 'in/folder'))
        fs.appendFileSync(join(home, 'in/a.txt'), `${i}\n`)
        await watching.next('done')
        await watching.next('idle')
      }
      return holdings(home, watching.pid)
    }
    const early = await edits(20)
    const late = await edits(100)
    assert.ok(early.watches > 0)
    assert.equal([late.files, late.watches], [early.files, early.watches])
    // Less than one for ten runs: now and then a timer more is under way.
    assert.ok(late.objects < early.objects + 10, `${early.objects} grew to ${late.objects}`)
    assert.ok(late.bytes < early.bytes + 1024 * 1024, `${early.bytes} grew to ${late.bytes}`)
  }, countObjects),
)

watch(
  'V8 takes no more room for young objects than the start needed, however many come later',
  withCopy(async (home, watching) => {
    const { before, after } = await heapOf<{ before: number; after: number }>(home, watching.pid)
    assert.ok(before > 0)
    assert.ok(after <= before, `${before} grew to ${after}`)
  }, makeObjects),
)

watch(
  'whoever edits as soon as he sees the output, sixty times, is never left with an old one',
  withCopy(async (home) => {
    for (let i = 0; i < 60; i++) {
      fs.writeFileSync(join(home, 'in/a.txt'), `edit ${i}\n`)
      await isRight(home)
    }
  }),
)

watch(
  'a thousand changes, in bursts and one by one, and none is missed',
  withCopy(async (home) => {
    const random = new Random(7)
    for (let i = 1; i <= 1000; i++) {
      const path = join(home, `in/f${random.below(40)}.txt`)
      const kind = random.below(10)
      if (kind === 0) fs.rmSync(path, { force: true })
      else if (kind < 4) {
        fs.writeFileSync(`${path}~`, `saved ${i}\n`)
        fs.renameSync(`${path}~`, path)
      } else if (kind === 4) {
        fs.rmSync(join(home, 'in'), { recursive: true })
        fs.mkdirSync(join(home, 'in'))
        fs.writeFileSync(join(home, 'in/a.txt'), 'again\n')
      } else fs.appendFileSync(path, `${i}\n`)
      if (random.oneIn(10)) await pause(random.below(40))
      if (i % 100 === 0) await isRight(home)
    }
  }),
)

watch.run()
