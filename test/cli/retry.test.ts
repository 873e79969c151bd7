// timeout: 300
// A network that fails and comes back: real waits, measured where the requests arrive.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureRepo, fixtureRepo } from '../support/fixture-repo.ts'
import { type Answer, type GitServer, gitServer } from '../support/git-server.ts'
import { suite } from '../support/suite.ts'
import { inHome, newFolder, removeFolder } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'

const retry = suite('retry')

const shelf = newFolder()
let repo: FixtureRepo

retry.before(() => {
  repo = fixtureRepo(join(shelf, 'llama.cpp'))
})
retry.after(() => removeFolder(shelf))

const PREFLIGHT = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']

async function against(
  home: string,
  answers: readonly Answer[],
  args: readonly string[] = PREFLIGHT,
): Promise<Ended & Pick<GitServer, 'tries'>> {
  const server = await gitServer(repo.dir, answers)
  try {
    const ended = await bitnetTasks(args, { home, env: { LLAMA_CPP_REPO: server.url } })
    return { ...ended, tries: server.tries }
  } finally {
    await server.close()
  }
}

/** Milliseconds between the end of a try and the beginning of the next. */
function waits(tries: GitServer['tries']): readonly number[] {
  return tries.slice(1).map(({ beganAt }, i) => beganAt - (tries[i]?.endedAt as number))
}

// A wait is at least what is said. What starts a try costs time as well, more on a busy machine.
const START_MS = 3000
const FAILURES: readonly (readonly Answer[])[] = [
  [],
  [503],
  ['reset', 429],
  ['cut', 500, 'reset'],
  [502, 'reset', 503, 'cut'],
]
retry(
  'AC-167 AC-176 AC-177 AC-181 AC-182 AC-183 k failures and then a good answer: k waits of 1, 2 and 4 s, and it goes on; the fourth is the last',
  inHome(async (home) => {
    const runs = FAILURES.map(async (failures, k) => {
      const own = join(home, `${k}`)
      fs.mkdirSync(own)
      const answers: readonly Answer[] = [...failures, 'good']
      const ended = await against(own, answers)
      const { code, stdout, stderr, tries } = ended
      const wanted = [1000, 2000, 4000].slice(0, k)
      assert.is(tries.length, Math.min(k + 1, 4), `k=${k}\n${stderr}`)
      for (const [i, wait] of waits(tries).entries()) {
        const least = wanted[i] as number
        assert.ok(wait >= least - 20 && wait < least * 1.2 + START_MS, `k=${k}: ${wait} ms`)
      }
      assert.equal(
        stderr.match(/^\[repair\] Network error, retry .*$/gm) ?? [],
        wanted.map((ms, i) => `[repair] Network error, retry ${i + 1}/3 after ${ms}ms...`),
      )
      const sources = fs.readdirSync(join(own, '.cache/bitnet-tasks/sources'))
      if (k < 4) {
        assert.is(code, 0, stderr)
        assert.match(stdout, /^✓ llama\.cpp AVAILABLE \(auto-repaired\)\n/)
        assert.equal(sources, ['llama', 'llama.provenance.json'])
      } else {
        // What the last, half-answered try left is gone, and the network is still the cause.
        assert.is(code, 3, stderr)
        assert.match(stderr, "❌ Backend 'llama' UNAVAILABLE (network error during repair)")
        assert.equal(sources, [])
        assert.is(fs.existsSync(join(own, '.cache/llama_cpp')), false)
      }
    })
    await Promise.all(runs)
  }),
)

const FETCH = ['run', 'fetch-source[llama]', '--ref', 'v0.5.0']
const LIMITS: readonly (readonly [Answer, readonly string[], number, string])[] = [
  ['silent', ['--stall-timeout', '1'], 1, 'connection timed out, no progress in 1 s'],
  ['drip', ['--fetch-timeout', '2'], 2, 'timed out, the fetch took too long in all'],
]
for (const [answer, limit, seconds, says] of LIMITS)
  retry(
    `AC-273 a server that is ${answer} is given up after ${limit.join(' ')}, and asked again`,
    inHome(async (home) => {
      const { code, stderr, tries } = await against(home, [answer, 'good'], [...FETCH, ...limit])
      assert.is(code, 0, stderr)
      assert.is(tries.length, 2)
      const logs = join(home, '.cache/bitnet-tasks/state/logs')
      const log = fs.readFileSync(join(logs, 'fetch-source_llama.1.log'), 'utf8')
      assert.ok(log.includes(`git fetch: ${says}`), log)
      const [{ beganAt, endedAt } = { beganAt: 0, endedAt: 0 }] = tries
      const ms = endedAt - beganAt
      // The limits count from the start of the program, a little before the request is here.
      assert.ok(ms > seconds * 1000 - 700 && ms < seconds * 1000 + 2500, `${ms} ms`)
    }),
  )

retry(
  'AC-273 a server that takes no connection is given up after --connect-timeout, four times, exit 3',
  inHome(async (home) => {
    const server = await stoppedServer()
    try {
      const env = { LLAMA_CPP_REPO: `http://127.0.0.1:${server.port}/x.git` }
      const args = [...FETCH, '--connect-timeout', '1']
      const { code, stderr } = await bitnetTasks(args, { home, env })
      assert.is(code, 3, stderr)
      assert.is(stderr.split('[repair] Network error, retry ').length - 1, 3)
      assert.match(stderr, 'git fetch: connection timed out, no answer in 1 s')
    } finally {
      server.close()
    }
  }),
)

// By exit code: 1 is what nobody can put right by waiting.
const ONCE: readonly (readonly [string, Answer])[] = [
  ['a repository that is not there (404)', 404],
  ['a login that is asked for (401)', 401],
  ['a refusal (403)', 403],
  ['a page of a hotel instead of an answer (200)', 200],
]
for (const [title, answer] of ONCE)
  retry(
    `AC-179 ${title} is asked for once, exit 1`,
    inHome(async (home) => {
      const args = ['run', 'fetch-source[llama]', '--ref', 'v0.5.0']
      const { code, stderr, tries } = await against(home, [answer], args)
      assert.is(code, 1, stderr)
      // git itself asks a second time after a 401, with what it would have for a login.
      assert.is(stderr.split('fetch-source[llama] started').length - 1, 1, stderr)
      assert.ok(tries.length <= 2)
      assert.not.match(stderr, /retry/)
    }),
  )

retry.run()

/** A server whose queue is full: it is stopped, so the kernel answers no further connection. */
async function stoppedServer() {
  const program = `const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  child.kill('SIGSTOP')
  const port = Number(text.toString())
  const fillers = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await once(fillers[0] as Socket, 'connect')
  const close = (): void => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  }
  return { port, close }
}
