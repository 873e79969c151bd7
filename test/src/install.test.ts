// The installation transaction on a real disk: what is live is whole at every step, and what was there
// before comes back when the new one is not wanted.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import {
  commit,
  recover,
  rollBack,
  type Staged,
  stage,
  stagedAt,
} from '../../src/preflight/install.ts'
import { storeOf } from '../../src/preflight/store.ts'
import { suite } from '../support/suite.ts'

const install = suite<{ home: string; live: string }>('install')

install.before.each((context) => {
  context.home = fs.mkdtempSync(join(tmpdir(), 'bitnet-install-'))
  context.live = join(context.home, 'llama_cpp')
})
install.after.each(({ home }) => {
  fs.chmodSync(home, 0o755)
  fs.rmSync(home, { recursive: true, force: true })
})

/** Stages an installation with one library that holds these bytes. */
function staged(home: string, live: string, bytes: string): Staged {
  const prefix = join(home, `built-${bytes}`)
  fs.mkdirSync(join(prefix, 'lib'), { recursive: true })
  fs.writeFileSync(join(prefix, 'lib/libllama.so'), bytes)
  const manifest = {
    backend: 'llama',
    device: 'cpu',
    generation: bytes,
    installedAt: '2026-01-01T00:00:00.000Z',
    toolBuiltAt: '2026-01-01T00:00:00.000Z',
    constants: { hasBitnet: false, hasLlama: true, state: 'llama' },
    source: {},
  } as const
  return stage({ live, prefix, manifest, facts: FACTS, extra: [], startedAt: new Date(0) })
}

const FACTS = {
  source: {},
  steps: [],
  backend: 'llama',
  device: 'cpu',
  version: '0',
  startedAt: '2026-01-01T00:00:00.000Z',
}

const library = (live: string): string => fs.readFileSync(join(live, 'lib/libllama.so'), 'utf8')

/** The folder of another tool in the place of the installation. */
function theirs(live: string): void {
  fs.mkdirSync(join(live, 'build'), { recursive: true })
  fs.writeFileSync(join(live, 'build/old.txt'), 'theirs')
}

install('AC-196 a first installation: nothing is live until it is committed', ({ home, live }) => {
  const one = staged(home, live, 'one')
  assert.is(fs.existsSync(live), false)
  assert.equal(stagedAt(live)?.folder, one.folder)
  assert.is(commit(live, one), undefined)
  assert.is(library(live), 'one')
  assert.is(stagedAt(live), undefined)
})

install(
  'AC-195 AC-197 AC-203 the old one lies there until the new one is committed',
  ({ home, live }) => {
    const one = staged(home, live, 'one')
    commit(live, one)
    const two = staged(home, live, 'two')
    assert.is(library(live), 'one')
    commit(live, two)
    assert.is(library(live), 'two')
    assert.is(fs.existsSync(one.folder), false)
  },
)

install(
  'AC-198 AC-203 what is rolled back leaves the old one as it was, and nothing else',
  ({ home, live }) => {
    commit(live, staged(home, live, 'one'))
    const before = fs.readdirSync(storeOf(live))
    const two = staged(home, live, 'two')
    assert.equal(rollBack(live, two), [])
    assert.is(library(live), 'one')
    assert.equal(fs.readdirSync(storeOf(live)), before)
  },
)

install('AC-200 a first one that is rolled back leaves no live name', ({ home, live }) => {
  const one = staged(home, live, 'one')
  assert.equal(rollBack(live, one), [])
  assert.is(fs.existsSync(live), false)
  assert.equal(fs.readdirSync(storeOf(live)), [])
})

install(
  'AC-198 a folder of another tool whose switch did not follow gets its name back, whole',
  ({ home, live }) => {
    theirs(live)
    const one = staged(home, live, 'one')
    movedAside(live)
    recover(live)
    assert.is(fs.readFileSync(join(live, 'build/old.txt'), 'utf8'), 'theirs')
    assert.is(stagedAt(live)?.folder, one.folder)
    assert.equal(fs.readdirSync(storeOf(live)).sort(), ['one', 'transaction.json'])
  },
)

install(
  'AC-202 what a roll back may not move back it names, does the rest, and the next start may',
  ({ home, live }) => {
    theirs(live)
    const one = staged(home, live, 'one')
    const aside = movedAside(live)
    unprivileged(home, () => {
      fs.chmodSync(home, 0o555)
      assert.equal(rollBack(live, one), [{ path: aside, belongs: live }])
      assert.is(fs.existsSync(one.folder), false)
      fs.chmodSync(home, 0o755)
      recover(live)
    })
    assert.is(fs.readFileSync(join(live, 'build/old.txt'), 'utf8'), 'theirs')
  },
)

install('AC-202 what a roll back may not remove it names', ({ home, live }) => {
  const one = staged(home, live, 'one')
  unprivileged(home, () => {
    fs.chmodSync(storeOf(live), 0o555)
    const note = join(storeOf(live), 'transaction.json')
    assert.equal(rollBack(live, one), [{ path: note }, { path: one.folder }])
    fs.chmodSync(storeOf(live), 0o755)
  })
})

install.run()

/** Root may do everything: for so long it is nobody, and the folder is nobody's. */
function unprivileged(home: string, act: () => void): void {
  if (process.geteuid?.() !== 0) return act()
  execFileSync('chown', ['-R', '65534:65534', home])
  process.seteuid?.(65534)
  try {
    act()
  } finally {
    process.seteuid?.(0)
  }
}

/** Moves the folder of another tool away, as a kill between the move and the switch leaves it; to where. */
function movedAside(live: string): string {
  const aside = join(storeOf(live), 'aside-2026')
  fs.writeFileSync(join(storeOf(live), 'aside.json'), JSON.stringify({ aside }))
  fs.renameSync(live, aside)
  return aside
}
