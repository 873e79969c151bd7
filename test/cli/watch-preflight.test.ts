import { once } from 'node:events'
import * as fs from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { fixtureRepo } from '../support/fixture-repo.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { appears, killAllIn } from './support/processes.ts'
import { bin, type Running, start } from './support/program.ts'
import { becoming, HIDES_CURSOR, openTerminal, showsCursor } from './support/terminal.ts'

const watch = suite('preflight --watch')

const LLAMA = ['preflight', '--backend', 'llama', '--watch']
const WAITING = 'waiting for a change; '

/** Resolves with what the program has said on stderr up to its next rest. */
function rests(running: Running): () => Promise<string> {
  let text = ''
  let seen = 0
  running.child.stderr?.on('data', (piece: string) => {
    text += piece
  })
  return async () => {
    const before = seen
    while (text.indexOf(WAITING, before) < 0) {
      if (running.child.exitCode !== null) throw new Error(`it ended:\n${text}`)
      await new Promise((resolve) => running.child.stderr?.once('data', resolve))
    }
    seen = text.indexOf(WAITING, before) + WAITING.length
    return text.slice(before, seen)
  }
}

watch(
  'it looks again when libraries appear and when they vanish',
  inHome(async (home) => {
    const running = start([...LLAMA, '--repair=never'], { home })
    const rest = rests(running)
    try {
      assert.match(await rest(), 'llama.cpp UNAVAILABLE (repair disabled)')
      const folder = join(home, '.cache/llama_cpp/build/bin')
      fs.mkdirSync(folder, { recursive: true })
      fs.writeFileSync(join(folder, 'libllama.so'), '')
      assert.match(await rest(), '.cache/llama_cpp')
      fs.rmSync(join(home, '.cache/llama_cpp'), { recursive: true })
      assert.match(await rest(), 'nothing is installed at')
    } finally {
      running.child.kill('SIGTERM')
    }
    const { code, signal } = await running.ended
    assert.equal([code, signal], [143, 'SIGTERM'])
  }),
)

watch(
  'an edit of the given sources repairs anew, and so does a library that somebody removes',
  inHome(async (home) => {
    const repo = fixtureRepo(join(home, 'llama.cpp'))
    const running = start([...LLAMA, '--source', repo.dir, '--repair=auto'], { home })
    const rest = rests(running)
    try {
      assert.match(await rest(), "Backend 'llama.cpp' is now AVAILABLE")
      const live = join(home, '.cache/llama_cpp')
      const first = fs.readlinkSync(live)
      fs.appendFileSync(join(repo.dir, 'CMakeLists.txt'), '# edited\n')
      assert.match(await rest(), 'cmake-configure[llama,cpu]')
      const library = fs.readdirSync(join(live, 'lib'))[0] as string
      fs.rmSync(join(live, 'lib', library))
      assert.match(await rest(), 'AVAILABLE')
      assert.ok(fs.existsSync(join(live, 'lib', library)))
      assert.ok(first.length > 0)
    } finally {
      running.child.kill('SIGTERM')
    }
    assert.is((await running.ended).code, 143)
  }),
)

watch(
  'sources that are moved away, also in the middle of a repair, are waited for',
  inHome(async (home) => {
    const { dir } = fixtureRepo(join(home, 'llama.cpp'))
    const running = start([...LLAMA, '--source', dir, '--repair=auto'], { home })
    const rest = rests(running)
    try {
      assert.match(await rest(), "Backend 'llama.cpp' is now AVAILABLE")
      for (const isRunning of [false, true]) {
        if (isRunning) fs.appendFileSync(join(dir, 'src/llama.cpp'), '\n#include <regex>\n')
        if (isRunning) await appears(home, /cc1plus/)
        fs.renameSync(dir, `${dir}.away`)
        assert.match(await rest(), `--source ${dir}: there is no such folder or archive`)
        fs.renameSync(`${dir}.away`, dir)
        await rest()
      }
    } finally {
      running.child.kill('SIGTERM')
    }
    const { code, stdout } = await running.ended
    assert.is(code, 143)
    // At the start, and each time that they were back.
    assert.is(stdout.split('llama.cpp AVAILABLE').length - 1, 3)
  }),
)

watch(
  'a decision that somebody kills is told, and the cursor and the keys are back',
  inHome(async (home) => {
    // Accepts and never answers.
    const sockets = new Set<Socket>()
    const silence = createServer((socket) => sockets.add(socket.on('error', () => {})))
    silence.listen(0, '127.0.0.1')
    await once(silence, 'listening')
    const { port } = silence.address() as AddressInfo
    const env = { LLAMA_CPP_REPO: `http://127.0.0.1:${port}/x.git` }
    const line = becoming([process.execPath, bin, ...LLAMA, '--repair=auto'])
    const { type, sees, ended } = openTerminal(home, line, env)
    try {
      await appears(home, /git-remote-http/)
      await sees(HIDES_CURSOR)
      const deciding = await appears(home, /^(?!.*--watch)\S*node .*preflight/)
      process.kill(deciding.pid, 'SIGKILL')
      await sees('the decision was ended by SIGKILL')
      await sees('q quit')
      type('q')
      const { screen } = await ended
      assert.ok(showsCursor(screen), screen)
    } finally {
      for (const socket of sockets) socket.destroy()
      silence.close()
      killAllIn(home)
    }
  }),
)

watch.run()
