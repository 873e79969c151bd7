// What the runner makes of the tests of a file, seen from outside.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { run, write } from './inner-run.ts'

const runner = suite<{ dir: string }>('runner', { dir: '' })

runner.before.each((world) => {
  world.dir = mkdtempSync(join(tmpdir(), 'runner-'))
})
runner.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }))

runner('a file whose tests pass is one line, and its output is not shown', ({ dir }) => {
  write(dir, 'a', `it('adds', () => console.log('noise')); it('subtracts', () => {}); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, /^✓ runner-\w+\/a\.test\.ts {2}2 passed \(\d+ms\)\n2 passed, 0 failed\n$/)
  assert.is(last, '2 passed, 0 failed')
  assert.is(code, 0)
})

runner('a failed assertion is named with its difference, its line and the output', ({ dir }) => {
  write(dir, 'a', `it('adds', () => { console.log('noise')\nassert.equal([1], [2]) }); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, /^✗ runner-\w+\/a\.test\.ts {2}0 passed, 1 failed/)
  assert.match(text, '  it > adds\n    Expected values to be deeply equal:')
  assert.match(text, '    Actual:\n    --··1,\n    Expected:\n    ++··2,\n')
  assert.match(text, /at .*a\.test\.ts:5:8\n/)
  assert.match(text, '  output:\n  | noise\n0 passed, 1 failed')
  assert.is(last, '0 passed, 1 failed')
  assert.is(code, 1)
})

runner('a test that throws what is no error fails, and the next one still runs', ({ dir }) => {
  write(dir, 'a', `it('throws', () => { throw 'text' }); it('adds', () => {}); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, "  it > throws\n    threw 'text'")
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

runner('a file whose only suite lacks .run() fails', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {})`)
  const { code, text, last } = run(dir)
  assert.match(text, '  no test ran: is .run() missing?')
  assert.is(last, '0 passed, 1 failed')
  assert.is(code, 1)
})

runner('a suite without .run() is noticed beside one that ran', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {}); it.run(); suite('lost')('adds', () => {})`)
  const { code, text, last } = run(dir)
  assert.match(text, "  suite 'lost' did not run: is .run() missing?")
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

runner('a test that is added after .run() fails the file', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {}); it.run(); it('late', () => {})`)
  const { text, last } = run(dir)
  assert.match(text, "  Error: suite 'it': nothing can follow its .run()")
  assert.is(last, '0 passed, 1 failed')
})

runner('a file without tests fails', ({ dir }) => {
  write(dir, 'a', 'it.run()')
  const { code, text, last } = run(dir)
  assert.match(text, "  suite 'it' has no test")
  assert.is(last, '0 passed, 1 failed')
  assert.is(code, 1)
})

runner('tests that an .only leaves out fail the file', ({ dir }) => {
  write(dir, 'a', `it.only('adds', () => {}); it('subtracts', () => {}); it.run()`)
  const { text, last } = run(dir)
  assert.match(text, "  suite 'it': 1 of its 2 tests did not run: is there an .only?")
  assert.is(last, '1 passed, 1 failed')
})

runner('a skipped test is counted in its own column', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {}); it.skip('later', () => {}); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, '1 passed, 1 skipped (')
  assert.is(last, '1 passed, 0 failed')
  assert.is(code, 0)
})

runner('a suite of uvu itself fails the file', ({ dir }) => {
  const uvu = import.meta.resolve('uvu')
  write(dir, 'a', `const { test } = await import('${uvu}'); test('adds', () => {}); test.run()`)
  const { text, last } = run(dir)
  assert.match(text, '  a suite of uvu itself ran')
  assert.is(last, '0 passed, 1 failed')
})

runner('a file that cannot be loaded fails, and the error is shown', ({ dir }) => {
  write(dir, 'a', `throw new TypeError('no such thing')`)
  const { code, text, last } = run(dir)
  assert.match(text, '  TypeError: no such thing')
  assert.is(last, '0 passed, 1 failed')
  assert.is(code, 1)
})

runner('no file at all is a failure', ({ dir }) => {
  const { code, text } = run(dir)
  assert.is(text, `no test file in ${dir}\n0 passed, 0 failed\n`)
  assert.is(code, 1)
})

runner('an --only that names no file is a failure', ({ dir }) => {
  write(dir, 'plan', `it('adds', () => {}); it.run()`)
  const { code, text } = run(dir, '--only', 'plna')
  assert.is(text, `no test file in ${dir} has 'plna' in its name\n0 passed, 0 failed\n`)
  assert.is(code, 1)
})

runner('only the files that --only names run', ({ dir }) => {
  write(dir, 'plan', `it('adds', () => {}); it.run()`)
  write(dir, 'journal', `it('adds', () => {}); it.run()`)
  write(dir, 'other', `it('adds', () => { assert.unreachable() }); it.run()`)
  const { text, last } = run(dir, '--only', 'plan', 'journal')
  assert.not.match(text, 'other')
  assert.is(last, '2 passed, 0 failed')
})

runner('a file that wants to be alone runs last', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {}); it.run()\n`, '// alone\n')
  write(dir, 'b', `it('adds', () => {}); it.run()\n`)
  assert.match(
    run(dir, '--jobs', '2').text,
    /b\.test\.ts[\s\S]*a\.test\.ts[\s\S]*2 passed, 0 failed\n$/,
  )
})

runner('a graph/ that the tests do not cover fails a run with --coverage', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {}); it.run()`)
  const { code, text, last } = run(dir, '--coverage')
  assert.match(text, 'graph/ line coverage 0 % (needs 95 %)\n1 passed, 0 failed\n')
  assert.is(last, '1 passed, 0 failed')
  assert.is(code, 1)
})

runner.run()
