// The list of folders that BitNet-rs looks through, and what counts there as a library. The order and the
// names are those of crossval/build.rs at its commit f2ae3adc.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import {
  bitnetRsList,
  holding,
  LIBRARY_FOLDERS,
  lookInto,
  REQUIRED,
  searchList,
  seenAs,
} from '../../src/preflight/search.ts'
import { BACKENDS } from '../../tasks/backends.ts'
import { newFolder, removeFolder } from '../cli/support/home.ts'
import { suite } from '../support/suite.ts'

const search = suite('search')
const folder = newFolder()
const real = join(folder, 'real.so')

search.before(() => {
  fs.writeFileSync(join(folder, 'a.c'), 'int a(void) { return 1; }\n')
  execFileSync('cc', ['-shared', '-fPIC', 'a.c', '-o', 'real.so'], { cwd: folder })
})
search.after(() => removeFolder(folder))

const SEVEN = [
  'build/3rdparty/llama.cpp/build/bin',
  'build/lib',
  'build/bin',
  'build/3rdparty/llama.cpp/src',
  'build/3rdparty/llama.cpp/ggml/src',
  'build',
  'lib',
]
const under = (root: string): readonly string[] => SEVEN.map((name) => `${root}/${name}`)
const foldersOf = (env: Readonly<Record<string, string>>) => bitnetRsList(env, '/src/crossval')

search('AC-055 seven folders below the default cache', () => {
  assert.equal([...LIBRARY_FOLDERS], SEVEN)
  const list = foldersOf({ HOME: '/home/me' })
  assert.is(list.because, 'default')
  assert.equal(list.folders, under('/home/me/.cache/bitnet_cpp'))
})

search('AC-055 BITNET_CPP_DIR comes before BITNET_CPP_PATH, and both before the default', () => {
  const both = { HOME: '/h', BITNET_CPP_DIR: '/opt/a', BITNET_CPP_PATH: '/opt/b' }
  assert.equal(foldersOf(both).folders, under('/opt/a'))
  assert.is(foldersOf(both).because, 'BITNET_CPP_DIR')
  const old = { HOME: '/h', BITNET_CPP_PATH: '/opt/b' }
  assert.equal(foldersOf(old).folders, under('/opt/b'))
  assert.is(foldersOf(old).because, 'BITNET_CPP_PATH')
})

search('AC-055 BITNET_CROSSVAL_LIBDIR counts alone as soon as it is set, even to nothing', () => {
  const set = { HOME: '/h', BITNET_CPP_DIR: '/opt/a', BITNET_CROSSVAL_LIBDIR: '/opt/lib' }
  assert.equal(foldersOf(set).folders, ['/opt/lib'])
  assert.is(foldersOf(set).because, 'BITNET_CROSSVAL_LIBDIR')
  assert.equal(foldersOf({ HOME: '/h', BITNET_CROSSVAL_LIBDIR: '' }).folders, [])
})

search(
  'AC-055 AC-279 relative paths are those of the crossval folder, where cargo runs its script',
  () => {
    assert.equal(foldersOf({ BITNET_CPP_DIR: '../../opt' }).folders, under('/opt'))
    assert.equal(foldersOf({ BITNET_CROSSVAL_LIBDIR: 'lib' }).folders, ['/src/crossval/lib'])
    assert.equal(foldersOf({ BITNET_CPP_DIR: '' }).folders, under('/src/crossval'))
  },
)

search('llama.cpp is looked for in its own folder as well, which BitNet-rs does not do', () => {
  const lists = searchList(BACKENDS.llama, { HOME: '/h', LLAMA_CPP_DIR: '/opt/l' }, '/src')
  assert.equal(
    lists.map(({ of, because }) => [of, because]),
    [
      ['BitNet-rs', 'default'],
      ['llama.cpp', 'LLAMA_CPP_DIR'],
    ],
  )
  assert.equal(lists[1]?.folders, under('/opt/l'))
  const byDefault = searchList(BACKENDS.llama, { HOME: '/h' }, '/src')
  assert.equal(byDefault[1]?.folders, under('/h/.cache/llama_cpp'))
})

const SEEN: readonly (readonly [string, 'bitnet' | 'llama' | undefined])[] = [
  ['libbitnet.so', 'bitnet'],
  ['libbitnet_kernels.a', 'bitnet'],
  ['libllama.so', 'llama'],
  ['libllama.dylib', 'llama'],
  ['libllama.0.dylib', 'llama'],
  ['libggml-base.so', 'llama'],
  ['libggml.a', 'llama'],
  ['libllama.so.0', undefined],
  ['libllama.so.0.5.0', undefined],
  ['llama.dll', undefined],
  ['libllama.lib', undefined],
  ['llama.so', undefined],
  ['libother.so', undefined],
]
for (const [file, as] of SEEN)
  search(`AC-055 BitNet-rs takes '${file}' for ${as ?? 'nothing'}`, () => {
    assert.is(seenAs(file), as)
  })

search('AC-042 what must be there: libbitnet; libllama and libggml', () => {
  assert.equal(REQUIRED['bitnet'], ['bitnet'])
  assert.equal(REQUIRED['llama'], ['llama', 'ggml'])
  const root = place('both', { 'lib/libllama.so': real })
  assert.is(holding(['llama', 'ggml'], [join(root, 'lib')]), undefined)
  fs.copyFileSync(real, join(root, 'lib/libggml.so'))
  assert.is(holding(['llama', 'ggml'], [join(root, 'lib')])?.length, 1)
})

search(
  'AC-053 build/lib and build/bin are both looked into, and libraries may lie in two folders',
  () => {
    for (const below of ['build/lib', 'build/bin']) {
      const files = { [`${below}/libllama.so`]: real, [`${below}/libggml.so`]: real }
      const root = place(`one-${below.slice(6)}`, files)
      const found = holding(['llama', 'ggml'], under(root))
      assert.equal(
        found?.map((one) => one.folder),
        [join(root, below)],
      )
    }
    const root = place('two', {
      'build/3rdparty/llama.cpp/src/libllama.so': real,
      'build/3rdparty/llama.cpp/ggml/src/libggml.so': real,
    })
    assert.equal(
      holding(['llama', 'ggml'], under(root))?.map((one) => one.folder),
      [join(root, SEVEN[3] as string), join(root, SEVEN[4] as string)],
    )
  },
)

search('a versioned name alone is found, and it is known that BitNet-rs would not', () => {
  const root = place('versioned', { 'lib/libllama.so.0': real, 'lib/libggml.so.0': real })
  assert.is(holding(['llama', 'ggml'], [join(root, 'lib')])?.length, 1)
  const { libraries } = lookInto(join(root, 'lib'))
  assert.equal(libraries, [
    { file: 'libggml.so.0', base: 'ggml', trouble: undefined },
    { file: 'libllama.so.0', base: 'llama', trouble: undefined },
  ])
})

search('an empty or a text file under the name of a library is none', () => {
  const root = place('false', { 'lib/libllama.so': real })
  fs.writeFileSync(join(root, 'lib/libggml.so'), '')
  assert.is(holding(['llama', 'ggml'], [join(root, 'lib')]), undefined)
  assert.is(lookInto(join(root, 'lib')).libraries[0]?.trouble, 'is empty')
  fs.writeFileSync(join(root, 'lib/libggml.so'), 'version https://git-lfs.github.com/spec/v1\n')
  assert.is(lookInto(join(root, 'lib')).libraries[0]?.trouble, 'is a text file')
})

search('what is not there, and what is no folder, holds nothing', () => {
  const nothing = { exists: false, libraries: [] }
  assert.equal(lookInto(join(folder, 'nowhere')), { folder: join(folder, 'nowhere'), ...nothing })
  assert.equal(lookInto(real), { folder: real, exists: true, libraries: [] })
})

search.run()

function place(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name)
  for (const [path, from] of Object.entries(files)) {
    fs.mkdirSync(join(root, path, '..'), { recursive: true })
    fs.copyFileSync(from, join(root, path))
  }
  return root
}
