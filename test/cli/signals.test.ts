// timeout: 300
// Ctrl-C and its like, at every stage of a repair: who is told to end ends, with all it has started.
import { once } from 'node:events'
import * as fs from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { copyHome, digestOf, inHome, newFolder, removeFolder } from './support/home.ts'
import { about, appears, appearsAbout, inHomeOf, marked, markOf } from './support/processes.ts'
import { bin, bitnetTasks, type Running, start } from './support/program.ts'
import { becoming, HIDES_CURSOR, openTerminal, showsCursor } from './support/terminal.ts'
import { added, variant } from './support/variant.ts'

const signals = suite('signals')

const shelf = newFolder()
const repaired = join(shelf, 'repaired')
let repo: FixtureRepo
/** Stops at one stage: a server that never answers, a configure that sleeps, a long compilation. */
const stuck = { fetch: '', configure: '', build: '', load: '' }
let silence: Server
const sockets = new Set<Socket>()

signals.before(async () => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
  const sleeping = {
    'CMakeLists.txt': added(`execute_process(COMMAND sh -c "trap '' TERM; sleep 77")`),
  }
  stuck.configure = variant(join(shelf, 'sleeps'), sleeping).url
  const slow = (text: string): string => text.replace(/(option\(FIXTURE_SLOW .*) OFF\)/, '$1 ON)')
  stuck.build = variant(join(shelf, 'slow'), { 'CMakeLists.txt': slow }).url
  // When the staged copy is tried, and not before.
  const hangs = `#include <string.h>
#include <unistd.h>
__attribute__((constructor)) static void hang() {
  char self[4096] = {0};
  if (readlink("/proc/self/exe", self, 4095) > 0 && strstr(self, "generations")) sleep(77);
}`
  stuck.load = variant(join(shelf, 'hangs'), { 'src/llama.cpp': added(hangs) }).url
  silence = createServer((socket) => sockets.add(socket.on('error', () => {})))
  silence.listen(0, '127.0.0.1')
  await once(silence, 'listening')
  stuck.fetch = `http://127.0.0.1:${(silence.address() as AddressInfo).port}/x.git`
  fs.mkdirSync(repaired)
  const { code, stderr } = await repair(repaired, repo.url).ended
  if (code !== 0) throw new Error(stderr)
})
signals.after(() => {
  for (const socket of sockets) socket.destroy()
  silence.close()
  removeFolder(shelf)
})

const LLAMA = ['preflight', '--backend', 'llama']
const FIXTURE = [...LLAMA, '--ref', 'v0.5.0']

function repair(home: string, url: string): Running {
  return start(FIXTURE, { home, env: { LLAMA_CPP_REPO: url } })
}

// What runs when the stage is in its middle.
const IN_THE_MIDDLE = {
  fetch: /git-remote-http|git remote-http/,
  configure: /^sleep 77/,
  build: /cc1plus.*slow/,
}

const ENDINGS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 } as const
const CASES: readonly (readonly [keyof typeof IN_THE_MIDDLE, keyof typeof ENDINGS])[] = [
  ['fetch', 'SIGINT'],
  ['configure', 'SIGTERM'],
  ['build', 'SIGHUP'],
  ['build', 'SIGINT'],
  ['build', 'SIGQUIT'],
]
for (const [stage, signal] of CASES)
  signals(
    `AC-190 AC-204 AC-315 ${signal} in the middle of ${stage}: dead by the signal, nothing left, the old installation whole`,
    inHome(async (home) => {
      copyHome(repaired, home)
      const before = installation(home)
      const running = repair(home, stuck[stage])
      await appears(home, IN_THE_MIDDLE[stage])
      const mark = markOf(home)
      assert.ok(marked(mark).length > 0)
      const sentAt = performance.now()
      running.child.kill(signal)
      const ended = await running.ended
      const { code, stdout, stderr } = ended
      const ms = performance.now() - sentAt
      assert.equal([...marked(mark), ...inHomeOf(home)], [])
      assert.is(ended.signal, signal)
      assert.is(code, ENDINGS[signal], stderr)
      assert.ok(ms < 6000, `it took ${ms} ms`)
      assert.is(stdout, '')
      assert.match(stderr, `llama.cpp: interrupted by ${signal}; the installation is as it was\n`)
      assert.not.match(stderr, /\n\s+at |UNAVAILABLE/)
      assert.is(installation(home), before)
      assert.match((await bitnetTasks(LLAMA, { home })).stdout, /AVAILABLE \(cached\)/)
    }),
  )

for (const [title, hook] of [
  ['the fresh process', ''],
  ['the child that stands in for it', 'process.execve = undefined'],
] as const)
  signals(
    `SIGINT to our pid while ${title} validates: both end, it is said once, nothing is left and nothing installed`,
    inHome(async (home) => {
      const path = join(shelf, 'hook.cjs')
      fs.writeFileSync(path, hook)
      const env = { LLAMA_CPP_REPO: stuck.load }
      const running = start(FIXTURE, { home, env, node: ['--require', path] })
      await running.says('[repair] Re-exec detected')
      await appearsAbout(join(home, '.cache/.llama_cpp.generations'))
      running.child.kill('SIGINT')
      const { code, signal, stdout, stderr } = await running.ended
      assert.equal([...inHomeOf(home), ...about(home)], [])
      assert.is(signal, 'SIGINT')
      assert.is(code, 130, stderr)
      assert.is(stdout, '')
      assert.is(stderr.split('interrupted by SIGINT').length, 2, stderr)
      assert.not.match(stderr, /\n\s+at |UNAVAILABLE/)
      // It was not judged: the next one does that.
      assert.ok(fs.existsSync(join(home, '.cache/.llama_cpp.generations/transaction.json')))
      assert.is(fs.existsSync(join(home, '.cache/llama_cpp')), false)
    }),
  )

signals(
  'AC-201 what an interrupted first repair left is no hindrance: the next one installs',
  inHome(async (home) => {
    const running = repair(home, stuck.build)
    await appears(home, IN_THE_MIDDLE.build)
    running.child.kill('SIGINT')
    assert.is((await running.ended).code, 130)
    assert.is(fs.existsSync(join(home, '.cache/llama_cpp')), false)
    const { code, stdout, stderr } = await repair(home, repo.url).ended
    assert.is(code, 0, stderr)
    assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(auto-repaired\)\n/)
  }),
)

signals(
  'a second Ctrl-C at once does not wait for what ignores the first',
  inHome(async (home) => {
    copyHome(repaired, home)
    const before = installation(home)
    const running = repair(home, stuck.configure)
    await appears(home, IN_THE_MIDDLE.configure)
    const mark = markOf(home)
    const sentAt = performance.now()
    running.child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 100))
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    const ms = performance.now() - sentAt
    assert.equal([...marked(mark), ...inHomeOf(home)], [])
    assert.is(code, 130, stderr)
    // One Ctrl-C gives it 2 s to end by itself.
    assert.ok(ms < 1900, `it took ${ms} ms`)
    assert.is(installation(home), before)
  }),
)

signals(
  'Ctrl-C in a terminal: the cursor is back, the line ended, no stack, exit 130',
  inHome(async (home) => {
    const { screen, code, left } = await inTerminal(home, FIXTURE, {
      env: { LLAMA_CPP_REPO: stuck.configure },
      until: IN_THE_MIDDLE.configure,
    })
    assert.equal(left, [])
    assert.is(code, 130, screen)
    assert.ok(screen.includes(HIDES_CURSOR), 'the live view hid it')
    assert.match(screen, 'Repairing llama.cpp backend...')
    assert.ok(showsCursor(screen))
    assert.match(screen, /llama\.cpp: interrupted by SIGINT; the installation is as it was\r\n$/)
    assert.not.match(screen, /\n\s+at /)
  }),
)

signals(
  'Ctrl-C in a terminal ends what a task of the user left in the background, too',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const two = task('two', () => ({ run: sh\`sleep 1234 & sleep 1234\` }))
export default defineGraph({ tasks: [two] })
`,
    )
    const { screen, code, left } = await inTerminal(home, ['run', 'two'], {
      env: {},
      until: /^sleep 1234/,
    })
    assert.equal(left, [])
    assert.is(code, 130, screen)
    assert.ok(showsCursor(screen))
    assert.not.match(screen, /\n\s+at /)
  }),
)

signals(
  'AC-190 whoever waits for the lock can be interrupted, and the holder goes on',
  inHome(async (home) => {
    const holder = repair(home, stuck.fetch)
    await appears(home, IN_THE_MIDDLE.fetch)
    const waiter = repair(home, repo.url)
    await waiter.says('waiting for process')
    waiter.child.kill('SIGINT')
    const { code, stderr } = await waiter.ended
    assert.is(code, 130, stderr)
    assert.not.match(stderr, /\n\s+at |UNAVAILABLE/)
    assert.is(holder.child.exitCode, null)
    holder.child.kill('SIGTERM')
    assert.is((await holder.ended).code, 143)
  }),
)

signals(
  'AC-192 after kill -9 in the middle of a build the next run ends what was left before it builds',
  inHome(async (home) => {
    const first = repair(home, stuck.build)
    await appears(home, IN_THE_MIDDLE.build)
    const mark = markOf(home)
    first.child.kill('SIGKILL')
    assert.is((await first.ended).code, 137)
    assert.ok(marked(mark).some(({ command }) => IN_THE_MIDDLE.build.test(command)))
    const second = repair(home, stuck.build)
    await second.says('cmake-build[llama,cpu] started')
    assert.equal(marked(mark), [])
    const { code, stdout, stderr } = await second.ended
    assert.is(code, 0, stderr)
    assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(auto-repaired\)\n/)
    assert.not.match(stderr, /(fetch-source|cmake-configure)\S* started/)
    assert.match(stderr, 'cmake-build[llama,cpu] is stale: its last run was interrupted')
  }),
)

signals.run()

function installation(home: string): string {
  const cache = join(home, '.cache')
  return digestOf(join(cache, '.llama_cpp.generations')) + fs.readlinkSync(join(cache, 'llama_cpp'))
}

/** Runs in a terminal of its own, types Ctrl-C when the process appears, and returns what the screen got. */
async function inTerminal(
  home: string,
  args: readonly string[],
  { env, until }: { env: Record<string, string>; until: RegExp },
) {
  const { type, ended } = openTerminal(home, becoming([process.execPath, bin, ...args]), env)
  const { pid } = await appears(home, until)
  const environment = fs.readFileSync(`/proc/${pid}/environ`, 'latin1')
  const mark = /GRAPH_RUN_MARK=([^\0.]+)/.exec(environment)?.[1] ?? ''
  assert.ok(mark)
  type('\x03')
  return { ...(await ended), left: [...marked(mark), ...inHomeOf(home)] }
}
