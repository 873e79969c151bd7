// What cmake says that it has read becomes a depfile: asked of the real cmake, for small projects.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'

import { parseDepfile } from '../../../graph/depfile.ts'
import { argv, commandText } from '../../../graph/index.ts'
import { cmakeInputs, cmakeRoots } from '../../../tasks/cmake-inputs.ts'
import { suite } from '../../support/suite.ts'

const steps = suite('cmake-inputs')

const PROJECT: Readonly<Record<string, string>> = {
  'tree/CMakeLists.txt': `cmake_minimum_required(VERSION 3.14)
project(small C)
include("build scripts/one #1.cmake")
include(\${CMAKE_SOURCE_DIR}/../outside.cmake)
configure_file(version.h.in version.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS names.txt .git/index)
add_subdirectory(sub)
file(WRITE \${CMAKE_BINARY_DIR}/made.c "int made;")
add_executable(app main.c app.h \${CMAKE_BINARY_DIR}/made.c)
`,
  'tree/build scripts/one #1.cmake': '# nothing\n',
  'tree/version.h.in': '#define VERSION 1\n',
  'tree/names.txt': 'names\n',
  'tree/.git/index': 'of git\n',
  'tree/sub/CMakeLists.txt': 'add_library(sub STATIC sub.c)\n',
  'tree/sub/sub.c': 'int sub;\n',
  'tree/main.c': 'int main(void) { return 0; }\n',
  'tree/app.h': '#define APP\n',
  'tree/unused.cmake': '# nobody includes it\n',
  'outside.cmake': '# not of the tree\n',
}
const LISTFILES = [
  'CMakeLists.txt',
  'build scripts/one #1.cmake',
  'names.txt',
  'sub/CMakeLists.txt',
  'version.h.in',
]
const SOURCES = ['app.h', 'main.c', 'sub/sub.c']

function inFolder(body: (folder: string) => void): () => void {
  return () => {
    const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'cmake-inputs-')))
    try {
      for (const [name, text] of Object.entries(PROJECT)) {
        fs.mkdirSync(dirname(join(folder, name)), { recursive: true })
        fs.writeFileSync(join(folder, name), text)
      }
      body(folder)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  }
}

interface Asked {
  readonly source?: string
  readonly sources?: boolean
  readonly tree?: string
}

// The commands as a graph has them, one after the other; gives the text of the depfile.
function configured(folder: string, { source = 'tree', ...options }: Asked = {}): string {
  const cmake = argv('cmake', '-S', source, '-B', 'build', '-G', 'Ninja')
  const { depfile, run } = cmakeInputs('build', [cmake], options)
  const line = run.map((command) => commandText(command, cmakeRoots())).join(' && ')
  const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: folder, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  return fs.readFileSync(join(folder, depfile), 'utf8')
}

const below = (top: string, names: readonly string[]): string[] =>
  names.map((name) => `${top}/${name}`).sort()

steps(
  'it names what cmake read of the tree: not what cmake made, its own modules, or what lies outside',
  inFolder((folder) => {
    assert.equal(parseDepfile(configured(folder)), below('tree', LISTFILES))
  }),
)

steps(
  'with the sources of all targets, and the headers that these list, where they are asked for',
  inFolder((folder) => {
    const all = below('tree', [...LISTFILES, ...SOURCES])
    assert.equal(parseDepfile(configured(folder, { sources: true })), all)
    // The query of before lies in the build folder still.
    assert.equal(parseDepfile(configured(folder)), below('tree', LISTFILES))
  }),
)

steps(
  'what cmake makes in a build folder inside of the tree is none of it',
  inFolder((folder) => {
    const named = configured(join(folder, 'tree'), { source: '.', sources: true })
    assert.equal(parseDepfile(named), [...LISTFILES, ...SOURCES].sort())
  }),
)

steps(
  'a tree that cmake sees through links is named as it lies',
  inFolder((folder) => {
    fs.mkdirSync(join(folder, 'laid'))
    for (const name of fs.readdirSync(join(folder, 'tree')))
      fs.symlinkSync(`../tree/${name}`, join(folder, 'laid', name))
    fs.symlinkSync('tree', join(folder, 'link'))
    const named = parseDepfile(configured(folder, { source: 'laid', tree: 'link' }))
    assert.equal(named, below('link', LISTFILES))
  }),
)

steps(
  'what a link in the tree leads to is named by the link, and a folder is no file',
  inFolder((folder) => {
    fs.mkdirSync(join(folder, 'far/data'), { recursive: true })
    fs.writeFileSync(join(folder, 'far/CMakeLists.txt'), '# far\n')
    fs.symlinkSync('../far', join(folder, 'tree/near'))
    fs.appendFileSync(
      join(folder, 'tree/CMakeLists.txt'),
      'add_subdirectory(near)\nset_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS near/data)\n',
    )
    const named = parseDepfile(configured(folder))
    assert.equal(named, below('tree', [...LISTFILES, 'near/CMakeLists.txt']))
  }),
)

steps(
  'its first line says the content of all that was read',
  inFolder((folder) => {
    const first = configured(folder).split('\n')[0]
    assert.match(first as string, /^# [0-9a-f]{64}$/)
    fs.writeFileSync(join(folder, 'tree/unused.cmake'), '# edited\n')
    assert.is(configured(folder).split('\n')[0], first)
    fs.writeFileSync(join(folder, 'tree/version.h.in'), '#define VERSION 2\n')
    assert.is.not(configured(folder).split('\n')[0], first)
  }),
)

steps(
  'where cmake left no reply it names nothing, and says so',
  inFolder((folder) => {
    const step = join(import.meta.dirname, '../../../tasks/steps/cmake-inputs.ts')
    fs.mkdirSync(join(folder, 'build'))
    const words = [step, 'build', 'build/inputs.d', 'cmakeFiles-v1']
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
    assert.is(status, 0)
    assert.is(
      stderr,
      "cmake-inputs: cmake left no reply in 'build/.cmake/api/v1/reply' (before 3.14 it has none): what it reads is not known\n",
    )
    assert.equal(parseDepfile(fs.readFileSync(join(folder, 'build/inputs.d'), 'utf8')), [])
    fs.rmSync(join(folder, 'build'), { recursive: true })
    const refused = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
    assert.is(refused.status, 1)
    assert.match(refused.stderr, /^cmake-inputs: ENOENT: .*'build\/inputs\.d'\n$/m)
  }),
)

steps.run()
