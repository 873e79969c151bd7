// The log of repairs as a file: whole lines, whatever wrote and whatever crashed; bounded; never in the way.
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'

import {
  appendHistory,
  type HistoryEntry,
  historyFile,
  linkHistory,
  readHistory,
  usualSeconds,
} from '../../../src/preflight/history.ts'
import { suite } from '../../support/suite.ts'

const history = suite('history')

function inCache(body: (env: Record<string, string>) => void | Promise<void>) {
  return async () => {
    const home = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'bitnet-history-')))
    try {
      await body({ HOME: home })
    } finally {
      fs.rmSync(home, { recursive: true, force: true })
    }
  }
}

const ENTRY: Omit<HistoryEntry, 'version'> = {
  at: '2026-11-02T14:03:22.000Z',
  backend: 'llama',
  device: 'cpu',
  mode: 'auto',
  outcome: 'repaired',
  exitCode: 0,
  class: null,
  cause: null,
  seconds: 97.3,
  source: { ref: 'v0.5.0' },
  generation: 'abc',
}

history(
  'what is appended is read back, oldest first',
  inCache((env) => {
    assert.is(appendHistory(ENTRY, env), undefined)
    assert.is(appendHistory({ ...ENTRY, outcome: 'failed', exitCode: 3 }, env), undefined)
    assert.equal(readHistory(env), [
      { version: 1, ...ENTRY },
      { version: 1, ...ENTRY, outcome: 'failed', exitCode: 3 },
    ])
    assert.is(fs.readFileSync(historyFile(env), 'utf8').split('\n').length, 3)
  }),
)

history(
  'a line that a crash tore costs neither the line before nor the line after it',
  inCache((env) => {
    appendHistory(ENTRY, env)
    fs.appendFileSync(historyFile(env), '{"version":1,"at":"20')
    appendHistory({ ...ENTRY, seconds: 1 }, env)
    fs.appendFileSync(historyFile(env), 'null\n{"version":2}\n\0\0\n')
    assert.equal(
      readHistory(env).map(({ seconds }) => seconds),
      [97.3, 1],
    )
  }),
)

history(
  'the log is bounded: past 256 KiB it becomes the older half, and nothing of either is lost',
  inCache((env) => {
    const cause = 'x'.repeat(1000)
    for (let i = 0; i < 500; i++) appendHistory({ ...ENTRY, cause, seconds: i }, env)
    assert.equal(
      readHistory(env).map(({ seconds }) => seconds),
      Array.from({ length: 500 }, (_, i) => i),
    )
    assert.is(readHistory(env)[0]?.cause?.length, 300)
    for (let i = 500; i < 3000; i++) appendHistory({ ...ENTRY, cause, seconds: i }, env)
    const names = fs.readdirSync(dirname(historyFile(env))).sort()
    assert.equal(names, ['repair.log', 'repair.log.1'])
    for (const name of names)
      assert.ok(fs.statSync(join(dirname(historyFile(env)), name)).size < 257 * 1024, name)
    assert.is(readHistory(env).at(-1)?.seconds, 2999)
  }),
)

history(
  'several processes that append at once keep their lines apart',
  inCache(async (env) => {
    const module = JSON.stringify(join(import.meta.dirname, '../../../src/preflight/history.ts'))
    const program = `import { appendHistory } from ${module}
      for (let i = 0; i < 100; i++) appendHistory({ ...${JSON.stringify(ENTRY)}, seconds: i })`
    const codes = await Promise.all(
      [1, 2, 3, 4].map(
        () =>
          new Promise((resolve) => {
            const args = ['--input-type=module-typescript', '--eval', program]
            spawn(process.execPath, args, { env }).on('exit', resolve)
          }),
      ),
    )
    assert.equal(codes, [0, 0, 0, 0])
    assert.is(readHistory(env).length, 400)
  }),
)

history(
  'a history that cannot be written is answered with why, and nothing is thrown',
  inCache((env) => {
    fs.writeFileSync(join(env['HOME'] as string, '.cache'), 'a file in the way')
    assert.match(appendHistory(ENTRY, env) ?? '', /ENOTDIR|EEXIST/)
  }),
)

history(
  'the link of a generation leads to the log, also behind a linked cache folder',
  inCache((env) => {
    const home = env['HOME'] as string
    fs.mkdirSync(join(home, 'disk/store/generation'), { recursive: true })
    fs.symlinkSync('disk', join(home, '.cache'))
    // A path with another number of folders than the real one.
    fs.mkdirSync(join(home, 'a/b'), { recursive: true })
    fs.symlinkSync('../../disk/store', join(home, 'a/b/linked'))
    const generation = join(home, 'a/b/linked/generation')
    linkHistory(generation, env)
    linkHistory(generation, env)
    appendHistory(ENTRY, env)
    const text = fs.readFileSync(join(generation, '.repair.log'), 'utf8')
    assert.is(text, fs.readFileSync(historyFile(env), 'utf8'))
    // Both were copied to another place together.
    fs.cpSync(join(home, 'disk'), join(home, 'copy'), { recursive: true, verbatimSymlinks: true })
    fs.rmSync(join(home, 'disk'), { recursive: true })
    assert.is(fs.readFileSync(join(home, 'copy/store/generation/.repair.log'), 'utf8'), text)
  }),
)

history('AC-248 a repair is expected to take the median of the last five of its kind', () => {
  const took = (seconds: number, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
    version: 1,
    ...ENTRY,
    seconds,
    ...more,
  })
  const noise = [took(1, { device: 'cuda' }), took(2, { outcome: 'failed' })]
  assert.is(usualSeconds(noise, 'llama', 'cpu'), undefined)
  assert.is(usualSeconds([...noise, took(90)], 'llama', 'cpu'), 90)
  const all = [500, 500, 500, 90, 80, 100, 3, 95].map((seconds) => took(seconds))
  assert.is(usualSeconds([...all, ...noise], 'llama', 'cpu'), 90)
})

history.run()
