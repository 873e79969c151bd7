// Whose a folder is, where an installation goes, and what somebody else's folder offers.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'

import { liveFolder, namedFolder } from '../../src/folders.ts'
import { givenIn } from '../../src/preflight/given.ts'
import { givenFor, originFor } from '../../src/preflight/given-for.ts'
import { isForeign, storeOf } from '../../src/preflight/store.ts'
import { BACKENDS } from '../../tasks/backends.ts'
import { newFolder, removeFolder } from '../cli/support/home.ts'
import { suite } from '../support/suite.ts'

interface World {
  home: string
}

const given = suite<World>('given', { home: '' })
const shelf = newFolder()
const real = join(shelf, 'real.so')
const { llama } = BACKENDS

given.before(() => {
  fs.writeFileSync(join(shelf, 'a.c'), 'int a(void) { return 1; }\n')
  execFileSync('cc', ['-shared', '-fPIC', 'a.c', '-o', 'real.so'], { cwd: shelf })
})
given.before.each((world) => {
  world.home = newFolder()
})
given.after.each(({ home }) => removeFolder(home))
given.after(() => removeFolder(shelf))

given('AC-064 AC-065 the default folder, and the variable that comes before it', ({ home }) => {
  assert.is(namedFolder(llama, { HOME: home }), join(home, '.cache/llama_cpp'))
  assert.is(liveFolder(llama, { HOME: home }), join(home, '.cache/llama_cpp'))
  assert.is(liveFolder(llama, { HOME: home, LLAMA_CPP_DIR: `${home}/mine` }), `${home}/mine`)
})

given('AC-279 a path that climbs is made plain before anything is done with it', ({ home }) => {
  const LLAMA_CPP_DIR = `${home}/a/../../${home.split('/').at(-1)}/./b//c/`
  assert.is(liveFolder(llama, { HOME: home, LLAMA_CPP_DIR }), `${home}/b/c`)
  assert.is(liveFolder(llama, { HOME: home, LLAMA_CPP_DIR: 'here' }), join(process.cwd(), 'here'))
})

given(
  'an empty folder, one that is not there yet and a link of ours are nobody else’s',
  ({ home }) => {
    fs.mkdirSync(join(home, 'empty'))
    assert.is(isForeign(join(home, 'empty')), false)
    assert.is(isForeign(join(home, 'nothing')), false)
    const live = join(home, 'live')
    fs.symlinkSync(`.live.generations/gone`, live)
    assert.is(storeOf(live), join(home, '.live.generations'))
    assert.is(isForeign(live), false)
    file(home, 'marked/.bitnet-tasks.json', '{}')
    assert.is(isForeign(join(home, 'marked')), false)
  },
)

given('files, and links that lead elsewhere, are somebody else’s', ({ home }) => {
  file(home, 'theirs/notes.txt')
  for (const [name, target] of [
    ['link', 'theirs'],
    ['dangling', 'nowhere'],
  ] as const) {
    fs.symlinkSync(target, join(home, name))
    assert.is(isForeign(join(home, name)), true)
  }
  assert.is(isForeign(join(home, 'theirs')), true)
  assert.is(isForeign(join(home, 'theirs/notes.txt')), true)
})

given('for a folder of somebody else an installation of ours stands in the cache', ({ home }) => {
  file(home, 'theirs/notes.txt')
  file(home, 'others/notes.txt')
  const liveFor = (name: string): string =>
    liveFolder(llama, { HOME: home, LLAMA_CPP_DIR: join(home, name) })
  assert.match(
    liveFor('theirs'),
    new RegExp(`^${home}/.cache/bitnet-tasks/installed/llama-\\w{14}$`),
  )
  assert.is(liveFor('theirs'), liveFor('theirs/'))
  assert.is.not(liveFor('theirs'), liveFor('others'))
  assert.is(originFor(llama, { HOME: home, LLAMA_CPP_DIR: `${home}/theirs` }), `${home}/theirs`)
  assert.is(originFor(llama, { HOME: home, LLAMA_CPP_DIR: `${home}/mine` }), undefined)
})

given(
  'what an older tool built in the default folder is moved aside, and not built around',
  ({ home }) => {
    const live = join(home, '.cache/llama_cpp')
    tree(live)
    assert.is.not(liveFolder(llama, { HOME: home }), live)
    file(live, 'build/bin/libllama.so')
    assert.is(liveFolder(llama, { HOME: home }), live)
    assert.is(originFor(llama, { HOME: home }), undefined)
  },
)

given('AC-071 a source tree in the install folder, or alone in it, is accepted', ({ home }) => {
  tree(join(home, 'plain'))
  assert.equal(givenIn(llama, join(home, 'plain')), source(join(home, 'plain')))
  tree(join(home, 'unpacked/llama.cpp-0.5.0'))
  assert.equal(
    givenIn(llama, join(home, 'unpacked')),
    source(join(home, 'unpacked/llama.cpp-0.5.0')),
  )
  file(home, 'unpacked/readme')
  assert.is(givenIn(llama, join(home, 'unpacked')), undefined)
})

given('AC-071 one archive is accepted; two are a question that nobody answers', ({ home }) => {
  file(home, 'a/llama.cpp-0.5.0.tar.gz')
  assert.equal(givenIn(llama, join(home, 'a')), {
    kind: 'archive',
    path: join(home, 'a/llama.cpp-0.5.0.tar.gz'),
  })
  file(home, 'a/other.tgz')
  assert.is(givenIn(llama, join(home, 'a')), undefined)
})

given('half a clone is no source tree', ({ home }) => {
  file(home, 'half/CMakeLists.txt')
  assert.is(givenIn(llama, join(home, 'half')), undefined)
  fs.mkdirSync(join(home, 'half/include/llama.h'), { recursive: true })
  assert.is(givenIn(llama, join(home, 'half')), undefined)
})

given(
  'libraries count before the tree that they were built from, with their headers',
  ({ home }) => {
    const path = join(home, 'built')
    tree(path)
    for (const name of ['libllama.so', 'libllama.so.0', 'libggml.so'])
      library(path, `build/bin/${name}`)
    file(path, 'build/bin/libggml-cpu.so')
    assert.equal(givenIn(llama, path), {
      kind: 'libraries',
      path,
      libraries: [{ folder: 'build/bin', files: ['libggml.so', 'libllama.so', 'libllama.so.0'] }],
      headers: ['include', 'ggml/include'],
    })
  },
)

given(
  'libraries in two folders, and headers that lie as cmake installs them or not at all',
  ({ home }) => {
    const path = join(home, 'two')
    library(path, 'build/3rdparty/llama.cpp/src/libllama.so')
    library(path, 'build/3rdparty/llama.cpp/ggml/src/libggml.so')
    file(path, 'include/llama.h')
    const found = givenIn(llama, path)
    assert.equal(found?.kind === 'libraries' && found.headers, [])
    assert.equal(found?.kind === 'libraries' && found.libraries.map(({ folder }) => folder), [
      'build/3rdparty/llama.cpp/src',
      'build/3rdparty/llama.cpp/ggml/src',
    ])
    file(path, 'include/ggml.h')
    const whole = givenIn(llama, path)
    assert.equal(whole?.kind === 'libraries' && whole.headers, ['include'])
  },
)

given('files that are no libraries are not given', ({ home }) => {
  file(home, 'false/lib/libllama.so')
  library(join(home, 'false'), 'lib/libggml.so')
  assert.is(givenIn(llama, join(home, 'false')), undefined)
})

given('the folder of ours that env names still knows whose place it takes', ({ home }) => {
  tree(join(home, 'theirs'))
  const live = liveFolder(llama, { HOME: home, LLAMA_CPP_DIR: join(home, 'theirs') })
  const manifest = { version: 1, files: [], constants: {}, source: { given: join(home, 'theirs') } }
  file(live, '.bitnet-tasks.json', JSON.stringify(manifest))
  const env = { HOME: home, LLAMA_CPP_DIR: live }
  assert.is(liveFolder(llama, env), live)
  assert.equal(givenFor(llama, env), source(join(home, 'theirs')))
  // Elsewhere the same words mean nothing.
  file(home, 'copy/.bitnet-tasks.json', JSON.stringify(manifest))
  assert.is(originFor(llama, { HOME: home, LLAMA_CPP_DIR: join(home, 'copy') }), undefined)
})

given.run()

function source(path: string) {
  return { kind: 'source', path }
}

function file(root: string, name: string, text = 'text\n'): void {
  fs.mkdirSync(dirname(join(root, name)), { recursive: true })
  fs.writeFileSync(join(root, name), text)
}

function tree(path: string): void {
  for (const name of ['CMakeLists.txt', 'include/llama.h', 'ggml/include/ggml.h']) file(path, name)
}

function library(root: string, name: string): void {
  fs.mkdirSync(dirname(join(root, name)), { recursive: true })
  fs.copyFileSync(real, join(root, name))
}
