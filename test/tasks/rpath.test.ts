// The folders in which xtask looks for libraries, and how they reach its build.
import * as assert from 'uvu/assert'

import { LONGEST_RPATH, mergeRpath, rpathProblem, rpathVariables } from '../../tasks/rpath.ts'
import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'

const rpath = suite('rpath')

// Two names of one folder, a folder that is not there, and what no folder is.
const REAL: Readonly<Record<string, string>> = {
  '/a': '/a',
  '/b': '/b',
  '/link-to-a': '/a',
  '/a/../b': '/b',
}
const WORDS = [...Object.keys(REAL), '/gone', '', ' ', '$ORIGIN', '$ORIGIN/../lib', '@loader_path']
const realPath = (path: string): string | undefined => REAL[path]

rpath(
  'AC-251 AC-252 merging what was merged changes nothing, and each folder is there once',
  () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const random = new Random(seed)
      const folders = Array.from({ length: random.below(12) }, () => random.pick(WORDS))
      const once = mergeRpath(folders, realPath)
      assert.equal(mergeRpath(once, realPath), once, `seed ${seed}: ${folders.join(':')}`)
      assert.is(new Set(once).size, once.length, `seed ${seed}`)
      const first = once.map((entry) =>
        folders.findIndex((folder) => folder === entry || realPath(folder) === entry),
      )
      assert.equal(
        first,
        [...first].sort((a, b) => a - b),
        `seed ${seed}: the order of priority`,
      )
    }
  },
)

rpath('links are followed, and what is empty or missing is left out', () => {
  assert.equal(mergeRpath(['/link-to-a', '', '/gone', '/b', '/a', '/a/../b'], realPath), [
    '/a',
    '/b',
  ])
  assert.equal(mergeRpath(['/gone'], realPath), [])
})

rpath('what is said beside the program stays as it is', () => {
  assert.equal(mergeRpath(['$ORIGIN/../lib', '/b', '@loader_path'], realPath), [
    '$ORIGIN/../lib',
    '/b',
    '@loader_path',
  ])
  assert.equal(mergeRpath(['$ORIGINAL'], realPath), [])
})

rpath('on Linux xtask merges two folders itself; on macOS it gets one, on Windows none', () => {
  const both = ['/a/lib', '/b/lib']
  assert.equal(rpathVariables(both, { name: 'linux' }), {
    CROSSVAL_RPATH_BITNET: '/a/lib',
    CROSSVAL_RPATH_LLAMA: '/b/lib',
  })
  assert.equal(rpathVariables(both, { name: 'darwin' }), { CROSSVAL_RPATH_BITNET: '/a/lib' })
  assert.equal(rpathVariables(both, { name: 'win32' }), {})
  assert.equal(rpathVariables(['/a/lib'], { name: 'linux' }), { CROSSVAL_RPATH_BITNET: '/a/lib' })
  assert.equal(rpathVariables([], { name: 'linux' }), {})
})

rpath('a comma, a colon and more than 4096 bytes are named before the linker meets them', () => {
  assert.is(rpathProblem(['/a', '/b c', 'C:\\lib']), undefined)
  assert.match(rpathProblem(['/a', '/b,c']) ?? '', /^'\/b,c' holds a comma/)
  assert.match(rpathProblem(['/a:b']) ?? '', /^'\/a:b' holds a colon/)
  const half = `/${'ä'.repeat(LONGEST_RPATH / 4 - 1)}`
  assert.is(rpathProblem([half, half]), undefined)
  assert.match(rpathProblem([half, `${half}/xyz`]) ?? '', /are 4099 bytes long, .* holds 4096$/)
})

rpath.run()
