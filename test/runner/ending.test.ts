// What the runner makes of hooks that throw, and of processes that do not end as they should.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import * as assert from 'uvu/assert'

import { suite } from '../support/suite.ts'
import { run, runWith, write } from './inner-run.ts'

const ending = suite<{ dir: string }>('ending', { dir: '' })

ending.before.each((world) => {
  world.dir = mkdtempSync(join(tmpdir(), 'runner-'))
})
ending.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }))

ending('a before hook that throws is the one failure of its suite', ({ dir }) => {
  write(dir, 'a', `it.before(() => { throw new Error('no') }); it('adds', () => {}); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, '  it > before hook\n    Error: no\n    at ')
  assert.is(last, '0 passed, 1 failed')
  assert.is(code, 1)
})

ending('an after hook that throws is a failure', ({ dir }) => {
  write(dir, 'a', `it.after(() => { throw new Error('no') }); it('adds', () => {}); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, '  it > after hook\n    Error: no')
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

for (const when of ['before', 'after']) {
  ending(`a hook that throws ${when} each test fails every test`, ({ dir }) => {
    const tests = `it('adds', () => {}); it('subtracts', () => {}); it.run()`
    write(dir, 'a', `it.${when}.each(() => { throw new Error('no') }); ${tests}`)
    const { text, last } = run(dir)
    assert.match(text, /it > adds\n {4}Error: no[\s\S]*it > subtracts\n {4}Error: no/)
    assert.is(last, '0 passed, 2 failed')
  })
}

ending('a test that never ends is named, and what it started is killed', async ({ dir }) => {
  const spawn = `const { spawn } = await import('node:child_process')
const { writeFileSync } = await import('node:fs')`
  const body = `const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true })
  writeFileSync('${join(dir, 'pid')}', String(child.pid)); return new Promise(() => {})`
  write(dir, 'a', `${spawn}\nit('adds', () => {}); it('waits', () => { ${body} }); it.run()`)
  // Not 1: beside other files it can take a second to get as far as the test.
  const { code, text, last } = run(dir, '--timeout', '3')
  assert.match(text, "  timed out after 3 s, in 'it > waits'")
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
  assert.ok(await isDead(readFileSync(join(dir, 'pid'), 'utf8')))
})

ending('a file may ask for more time than the others have', ({ dir }) => {
  const wait = `await new Promise((resolve) => setTimeout(resolve, 300))`
  write(dir, 'a', `it('waits', async () => { ${wait} }); it.run()`, '// timeout: 60\n')
  assert.is(run(dir, '--timeout', '0.1').last, '1 passed, 0 failed')
})

ending('a handle that keeps the process alive is named', ({ dir }) => {
  write(dir, 'a', `it('adds', () => { setInterval(() => {}, 1000) }); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, '  still alive 2 s after its last test, held by: Timeout\n')
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

ending('a rejection that nobody handles fails the file', ({ dir }) => {
  const late = `setTimeout(() => Promise.reject(new Error('late')), 50)`
  write(dir, 'a', `it('adds', () => { ${late} }); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, '  unhandled rejection\n    Error: late')
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

ending('an exception that nobody catches fails the file', ({ dir }) => {
  write(dir, 'a', `it('adds', () => { setTimeout(() => { throw new Error('late') }) }); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, '  uncaught exception\n    Error: late')
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

ending('a test that ends its process is named', ({ dir }) => {
  write(dir, 'a', `it('adds', () => {}); it('exits', () => process.exit(0)); it.run()`)
  const { code, text, last } = run(dir)
  assert.match(text, "its process ended with code 1, in 'it > exits'")
  assert.is(last, '1 passed, 1 failed')
  assert.is(code, 1)
})

ending('a promise that cannot settle is named, without waiting for the timeout', ({ dir }) => {
  write(dir, 'a', `it('waits', () => new Promise(() => {})); it.run()`)
  const { text, last } = run(dir)
  assert.match(
    text,
    "ended with code 13 (nothing was left that could settle a promise), in 'it > waits'",
  )
  assert.is(last, '0 passed, 1 failed')
})

ending("a developer's shell does not reach the tests", ({ dir }) => {
  const names = `['LLAMA_CPP_DIR', 'BITNET_CPP_DIR', 'ZX_VERBOSE', 'FORCE_COLOR', 'NO_COLOR']`
  const body = `assert.equal(${names}.filter((name) => name in process.env), ['NO_COLOR'])`
  write(dir, 'a', `it('sees little', () => { ${body} }); it.run()`)
  const shell = { LLAMA_CPP_DIR: '/a', BITNET_CPP_DIR: '/b', ZX_VERBOSE: 'true', FORCE_COLOR: '1' }
  assert.is(runWith(shell, dir).last, '1 passed, 0 failed')
})

ending.run()

// Killed is not yet dead, and a dead one whose new parent has not noticed is still in the table.
async function isDead(pid: string): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const state = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout ?? ''
    if (/^(Z.*)?$/.test(state.trim())) return true
    await sleep(50)
  }
  return false
}
