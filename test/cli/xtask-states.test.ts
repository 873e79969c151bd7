// timeout: 300
// What real cargo makes of installations of each kind: the constants of xtask for `full`, `llama` and `none`.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { repairGraph } from '../../bitnet.tasks.ts'
import { machine, type RunEvent, type Session } from '../../graph/index.ts'
import { rebuildXtask, revalidateXtask, type ToolResult } from '../../src/preflight/xtask.ts'
import { fixtureWorkspace } from '../support/fixture-workspace.ts'
import { suite } from '../support/suite.ts'
import { constantsOf, program, RUST, runpath } from './support/checkout.ts'
import { newFolder, removeFolder } from './support/home.ts'

const states = suite('xtask states')

const home = newFolder()
const workspace = join(home, 'BitNet-rs')
const llama = join(home, 'llama')
const bitnet = join(home, 'bitnet')
const session: Session = {
  graph: repairGraph(),
  host: machine({ HOME: home, PATH: process.env['PATH'], ...RUST }),
  folder: join(home, '.cache/bitnet-tasks'),
  stateFolder: join(home, '.cache/bitnet-tasks/state'),
}

states.before(() => {
  fixtureWorkspace(workspace)
  install(llama, ['llama'], { hasBitnet: false, hasLlama: true, state: 'llama' })
  install(bitnet, ['llama', 'bitnet'], { hasBitnet: true, hasLlama: true, state: 'full' })
})
states.after(async () => {
  await session.host.shell.close()
  removeFolder(home)
})

const HEADER = `#pragma once
#include <cstddef>
extern "C" {
struct llama_model; struct llama_vocab; struct llama_context; struct llama_model_params { int n; };
llama_model_params llama_model_default_params();
llama_model * llama_load_model_from_file(const char *, llama_model_params);
void llama_model_free(llama_model *);
const llama_vocab * llama_model_get_vocab(const llama_model *);
size_t llama_max_devices();
void llama_kv_cache_clear(llama_context *);
}
`

/** An installation with real libraries of these names, that says of itself what is given. */
function install(root: string, names: readonly string[], constants: object): void {
  fs.mkdirSync(join(root, 'include'), { recursive: true })
  fs.mkdirSync(join(root, 'lib'))
  fs.writeFileSync(join(root, 'include/llama.h'), HEADER)
  const source = join(home, 'library.cc')
  fs.writeFileSync(
    source,
    `#include "llama.h"
llama_model_params llama_model_default_params() { return { 0 }; }
llama_model * llama_load_model_from_file(const char *, llama_model_params) { return nullptr; }
void llama_model_free(llama_model *) {}
const llama_vocab * llama_model_get_vocab(const llama_model *) { return nullptr; }
size_t llama_max_devices() { return ${names.length}; }
void llama_kv_cache_clear(llama_context *) {}
`,
  )
  const other = join(home, 'other.cc')
  fs.writeFileSync(other, 'extern "C" int bitnet_is_here() { return 1; }\n')
  for (const name of names) {
    const file = join(root, 'lib', `lib${name}.so`)
    const from = name === 'llama' ? source : other
    execFileSync('c++', ['-shared', '-fPIC', `-I${root}/include`, from, '-o', file])
  }
  fs.writeFileSync(join(root, 'detect-constants.json'), JSON.stringify(constants))
}

interface Told {
  readonly result: ToolResult
  readonly said: readonly string[]
  readonly ran: readonly string[]
}

async function rebuild(root: string, llamaRoot?: string, args = {}): Promise<Told> {
  const said: string[] = []
  const ran: string[] = []
  const result = await rebuildXtask({
    session,
    workspace,
    root,
    llamaRoot,
    args,
    say: (line) => said.push(line),
    report: (event: RunEvent) => {
      if (event.type === 'started') ran.push(event.node)
    },
    signal: new AbortController().signal,
  })
  return { result, said, ran }
}

function revalidate(): Promise<string | undefined> {
  return revalidateXtask(session, workspace, new AbortController().signal)
}

states('AC-041 AC-044 llama.cpp alone: HAS_LLAMA and the state llama', async () => {
  const { result, said } = await rebuild(llama, llama)
  assert.equal(result, { how: 'rebuilt' })
  assert.equal(
    said.at(-1),
    '[repair] HAS_BITNET=none -> false, HAS_LLAMA=none -> true, BACKEND_STATE=none -> llama',
  )
  assert.equal(constantsOf(workspace), {
    hasBitnet: false,
    hasLlama: true,
    state: 'llama',
    devices: 1,
  })
  assert.is(await revalidate(), undefined)
})

states('AC-022 the same again runs nothing', async () => {
  assert.equal(await rebuild(llama, llama), { result: { how: 'fresh' }, said: [], ran: [] })
})

states(
  'AC-041 AC-043 AC-056 with libbitnet both constants are true and the state is full',
  async () => {
    const { result, ran } = await rebuild(bitnet)
    assert.equal(result, { how: 'rebuilt' })
    assert.equal(ran, ['rebuild-xtask'])
    assert.equal(constantsOf(workspace), {
      hasBitnet: true,
      hasLlama: true,
      state: 'full',
      devices: 2,
    })
    assert.is(await revalidate(), undefined)
  },
)

states(
  'AC-058 AC-253 llama.cpp beside it comes second in the RPATH, and is built against nowhere',
  async () => {
    assert.equal((await rebuild(bitnet, llama)).result, { how: 'rebuilt' })
    assert.equal(runpath(program(workspace)), [join(bitnet, 'lib'), join(llama, 'lib')])
    assert.is(constantsOf(workspace)?.devices, 2)
    assert.is(await revalidate(), undefined)
  },
)

states(
  'a changed source of the checkout is a reason to build again, an unrelated file is none',
  async () => {
    fs.writeFileSync(join(workspace, 'NOTES.md'), 'notes\n')
    assert.equal((await rebuild(bitnet, llama)).ran, [])
    fs.appendFileSync(join(workspace, 'crossval/src/lib.rs'), '// changed\n')
    assert.equal((await rebuild(bitnet, llama)).ran, ['rebuild-xtask'])
  },
)

states(
  'AC-041 AC-086 what detection does not find is a failure, though cargo ended well',
  async () => {
    const none = join(home, 'none')
    install(none, ['llama'], { hasBitnet: false, hasLlama: true, state: 'llama' })
    // Detection sees no versioned name.
    fs.renameSync(join(none, 'lib/libllama.so'), join(none, 'lib/libllama.so.0'))
    const { result } = await rebuild(none)
    assert.is(result.how, 'failed')
    assert.equal(constantsOf(workspace), {
      hasBitnet: false,
      hasLlama: false,
      state: 'none',
      devices: 0,
    })
    const tail = result.how === 'failed' ? (result.failure?.failure.tail ?? '') : ''
    assert.match(
      tail,
      /did not detect .*: it says HAS_BITNET=false HAS_LLAMA=false BACKEND_STATE=none, the installation is HAS_BITNET=false HAS_LLAMA=true BACKEND_STATE=llama\n/,
    )
  },
)

states(
  'revalidation sees a program that was built by hand since, and one whose libraries are gone',
  async () => {
    assert.equal((await rebuild(bitnet)).result, { how: 'rebuilt' })
    fs.renameSync(join(bitnet, 'lib/libllama.so'), join(bitnet, 'lib/aside'))
    assert.match((await revalidate()) ?? '', /xtask takes libllama\.so from not found, not from/)
    fs.renameSync(join(bitnet, 'lib/aside'), join(bitnet, 'lib/libllama.so'))
    assert.is(await revalidate(), undefined)
    const now = new Date()
    fs.utimesSync(join(workspace, 'crossval/build.rs'), now, now)
    execFileSync(
      'cargo',
      ['build', '-q', '-p', 'xtask', '--features', 'crossval', '--no-default-features'],
      {
        cwd: workspace,
        env: { PATH: process.env['PATH'], HOME: home, ...RUST },
        stdio: 'ignore',
      },
    )
    assert.is(
      await revalidate(),
      'revalidate-xtask: xtask was built by other hands since: it says HAS_BITNET=false HAS_LLAMA=false BACKEND_STATE=none, and was rebuilt with HAS_BITNET=true HAS_LLAMA=true BACKEND_STATE=full',
    )
  },
)

states.run()
