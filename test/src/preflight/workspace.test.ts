// A checkout is told by the names of its packages, and its xtask by what the last build left.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'

import { findWorkspace, readConstants, toolState } from '../../../src/preflight/workspace.ts'
import { suite } from '../../support/suite.ts'

const checkout = suite('workspace')

function inFolder(body: (folder: string) => void): () => void {
  return () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'bitnet-workspace-'))
    try {
      body(folder)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
}

function write(path: string, text = ''): void {
  fs.mkdirSync(dirname(path), { recursive: true })
  fs.writeFileSync(path, text)
}

/** The files by which a checkout is told. */
function makeCheckout(top: string, crossval = 'bitnet-crossval'): void {
  write(join(top, 'crossval/build.rs'))
  write(join(top, 'crossval/Cargo.toml'), `[package]\nversion = "1.0.0"\nname = "${crossval}"\n`)
  write(join(top, 'xtask/Cargo.toml'), '[package]\nname = "xtask"\n\n[[bin]]\nname = "other"\n')
}

/** What a build of xtask leaves, at a time in seconds. */
function built(
  target: string,
  at: number,
  said: Readonly<Record<string, string>>,
  hash = 'a1b2',
): void {
  const output = join(target, `build/bitnet-crossval-${hash}/output`)
  const lines = Object.entries(said).map(
    ([key, value]) => `cargo:rustc-env=CROSSVAL_${key}=${value}`,
  )
  write(output, `cargo:rerun-if-changed=build.rs\n${lines.join('\n')}\n`)
  write(join(target, 'xtask'))
  write(join(target, 'xtask.d'), `${target}/xtask: /ws/crossval/src/lib.rs /ws/xtask/src/main.rs\n`)
  fs.utimesSync(output, at, at)
  fs.utimesSync(join(target, 'xtask'), at + 1, at + 1)
}

const LLAMA = { HAS_BITNET: 'false', HAS_LLAMA: 'true', BACKEND_STATE: 'llama' }
const WANTED = { bitnet: false, llama: true }

checkout(
  'it is found from any folder in it, and not from beside it',
  inFolder((folder) => {
    const top = join(folder, 'BitNet-rs')
    makeCheckout(top)
    fs.mkdirSync(join(top, 'crates/a/src'), { recursive: true })
    assert.is(findWorkspace(join(top, 'crates/a/src')), top)
    assert.is(findWorkspace(top), top)
    assert.is(findWorkspace(folder), undefined)
  }),
)

checkout(
  'a workspace with other packages is none',
  inFolder((folder) => {
    makeCheckout(folder, 'crossval')
    assert.is(findWorkspace(folder), undefined)
  }),
)

checkout(
  'AC-041 the newest build that looked for libraries counts, in whichever profile or target',
  inFolder((folder) => {
    assert.is(readConstants(folder, {}), undefined)
    const target = join(folder, 'target')
    built(join(target, 'debug'), 100, { ...LLAMA, HAS_LLAMA: 'false', BACKEND_STATE: 'none' })
    built(join(target, 'release'), 200, { ...LLAMA, RPATH_BITNET: '/x/build/lib:/x/lib' })
    // A build without the ffi features runs the same script and does not look.
    built(join(target, 'debug'), 300, {}, 'c3d4')
    const found = readConstants(folder, {})
    assert.is(found?.state, 'llama')
    assert.is(found?.hasLlama, true)
    assert.is(found?.hasBitnet, false)
    assert.equal(found?.rpaths, ['/x/build/lib', '/x/lib'])
    assert.is(found?.at, 200_000)
    assert.is(found?.program?.path, join(target, 'release/xtask'))
    built(join(target, 'x86_64-unknown-linux-gnu/debug'), 400, { ...LLAMA, BACKEND_STATE: 'full' })
    assert.is(readConstants(folder, {})?.state, 'full')
  }),
)

checkout(
  'CARGO_TARGET_DIR is where it is looked for, from the top of the checkout if it is relative',
  inFolder((folder) => {
    built(join(folder, 'other/debug'), 100, LLAMA)
    assert.is(readConstants(folder, {}), undefined)
    for (const chosen of ['other', join(folder, 'other')]) {
      assert.is(readConstants(folder, { CARGO_TARGET_DIR: chosen })?.state, 'llama')
      assert.is(readConstants(folder, { CARGO_BUILD_TARGET_DIR: chosen })?.state, 'llama')
    }
  }),
)

checkout(
  'a target-dir in the settings of cargo is obeyed: those of the checkout, then those of the person',
  inFolder((folder) => {
    const top = join(folder, 'ws')
    const state = (): string | undefined => readConstants(top, { HOME: folder })?.state
    built(join(top, 'out/debug'), 100, LLAMA)
    built(join(folder, 'shared/debug'), 100, { ...LLAMA, BACKEND_STATE: 'full' })
    write(
      join(folder, '.cargo/config.toml'),
      '[term]\nquiet = true\n[build]\ntarget-dir = "shared"\n',
    )
    assert.is(state(), 'full')
    write(join(top, '.cargo/config.toml'), `[build]\njobs = 2\ntarget-dir = '${top}/out'\n`)
    assert.is(state(), 'llama')
    write(join(top, '.cargo/config.toml'), '[build]\n[other]\ntarget-dir = "nowhere"\n')
    assert.is(state(), 'full')
  }),
)

checkout(
  'AC-040 AC-041 xtask agrees when it knows what is wanted, and says why when it does not',
  inFolder((folder) => {
    const target = join(folder, 'target/debug')
    const why = (wanted = WANTED): string => {
      const found = toolState(folder, wanted, {})
      return found.state === 'agree' ? '' : found.why
    }
    assert.is(why(), 'xtask was never built with --features crossval-all')
    built(target, 100, { ...LLAMA, RPATH_BITNET: folder })
    assert.is(why(), '')
    assert.is(why({ bitnet: true, llama: true }), 'HAS_BITNET is false in xtask')
    built(target, 100, { ...LLAMA, HAS_LLAMA: 'false' })
    assert.is(why(), 'HAS_LLAMA is false in xtask')
    built(target, 100, { HAS_BITNET: 'true', HAS_LLAMA: 'true', BACKEND_STATE: 'none' })
    assert.is(why({ bitnet: true, llama: true }), 'BACKEND_STATE is none in xtask')
    built(target, 100, { HAS_BITNET: 'true', HAS_LLAMA: 'true', BACKEND_STATE: 'full' })
    assert.is(why({ bitnet: true, llama: true }), '')
    built(target, 100, { ...LLAMA, RPATH_BITNET: join(folder, 'gone') })
    assert.is(why(), `xtask was built against '${join(folder, 'gone')}', which is gone`)
  }),
)

checkout(
  'constants of a build that put no program in place count for nothing',
  inFolder((folder) => {
    const target = join(folder, 'target/debug')
    const why = (): string => {
      const found = toolState(folder, WANTED, {})
      return found.state === 'agree' ? '' : found.why
    }
    built(target, 100, LLAMA)
    assert.is(why(), '')
    fs.utimesSync(join(target, 'xtask'), 99, 99)
    assert.is(why(), 'xtask is older than its detection: its last build did not end')
    write(join(target, 'xtask.d'), `${target}/xtask: /ws/xtask/src/main.rs\n`)
    assert.is(why(), 'xtask was last built without --features crossval-all')
    fs.rmSync(join(target, 'xtask'))
    assert.is(why(), 'the program xtask is not there')
  }),
)

checkout.run()
