// The three limits of a fetch, against servers that would hold it for ever.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { classify } from '../../tasks/failure.ts'
import { limitsOf } from '../../tasks/fetch/limited.ts'
import { newFolder, removeFolder } from '../cli/support/home.ts'
import { inHomeOf, leftIn } from '../cli/support/processes.ts'
import {
  type DeadServer,
  endlessServer,
  silentServer,
  unreachableServer,
} from '../support/dead-server.ts'
import { suite } from '../support/suite.ts'

const limits = suite('limits of a fetch')

const step = join(import.meta.dirname, '../../tasks/steps/fetch-source.ts')

function fetchFrom({ url }: DeadServer, home: string, seconds: Readonly<Record<string, number>>) {
  const order = { ref: 'v1', mirrors: [{ kind: 'git', url }], sources: ['**'], submodules: [] }
  const variables = Object.entries(seconds).map(([name, value]) => [
    `BITNET_TASKS_${name}_TIMEOUT`,
    String(value),
  ])
  const child = spawn(process.execPath, [step, join(home, 'source'), JSON.stringify(order)], {
    env: { PATH: process.env['PATH'], HOME: home, LC_ALL: 'C', ...Object.fromEntries(variables) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code, stderr }))
  return { child, ended }
}

const ROWS: readonly (readonly [
  string,
  () => Promise<DeadServer>,
  Readonly<Record<string, number>>,
  string,
])[] = [
  [
    'a server that takes no connection is given up after the first limit',
    unreachableServer,
    { CONNECT: 1, STALL: 500, FETCH: 500 },
    'git fetch: connection timed out, no answer in 1 s',
  ],
  [
    'a server that says nothing more is given up after the second',
    silentServer,
    { CONNECT: 500, STALL: 1, FETCH: 500 },
    'git fetch: connection timed out, no progress in 1 s',
  ],
  [
    'a server that never comes to an end is given up after the third',
    endlessServer,
    { CONNECT: 500, STALL: 500, FETCH: 2 },
    'git fetch: timed out, the fetch took too long in all',
  ],
]
for (const [title, makeServer, seconds, says] of ROWS)
  limits(`AC-273 ${title}; it is the network, and nothing is left`, async () => {
    const home = newFolder()
    const server = await makeServer()
    try {
      const { code, stderr } = await fetchFrom(server, home, seconds).ended
      assert.ok(stderr.includes(`fetch-source: ${says}\n`), stderr)
      assert.is(code, 128)
      const verdict = classify({ text: stderr, stage: 'fetch', exitCode: code as number })
      assert.is(verdict.class, 'network')
      assert.equal(inHomeOf(home), [])
      assert.is(existsSync(join(home, 'source.part')), false)
    } finally {
      await server.close()
      removeFolder(home)
    }
  })

limits('AC-273 unless said they are 30 s to connect, 60 s of silence and 15 minutes in all', () => {
  const before = Date.now()
  const { connectMs, stallMs, endsAt } = limitsOf({})
  assert.equal([connectMs, stallMs], [30_000, 60_000])
  assert.ok(endsAt >= before + 900_000 && endsAt <= Date.now() + 900_000)
})

limits(
  'AC-315 who ends the fetch ends its git as well, and that which git has started',
  async () => {
    const home = newFolder()
    const server = await silentServer()
    try {
      const { child, ended } = fetchFrom(server, home, {})
      await server.connected
      assert.ok(inHomeOf(home).some(({ command }) => /remote-http/.test(command)))
      child.kill('SIGTERM')
      await ended
      assert.equal(await leftIn(home), [])
    } finally {
      await server.close()
      removeFolder(home)
    }
  },
)

limits.run()
