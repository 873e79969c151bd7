// The npm registry as a source, when it does not do what it should.
import { once } from 'node:events'
import * as fs from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { inHome } from '../cli/support/home.ts'
import { bitnetTasks } from '../cli/support/program.ts'
import { suite } from '../support/suite.ts'

const registry = suite('the npm registry')

const FROM_NPM = ['preflight', '--backend', 'llama', '--source', 'npm']

registry(
  'one that cannot be reached is a network error: four tries, exit 3, and the cause is named',
  inHome(async (home) => {
    const server = await answering(() => ({ status: 200, body: '{}' }))
    server.close()
    const { code, stdout, stderr } = await bitnetTasks(FROM_NPM, { home, env: server.env })
    assert.is(code, 3, stderr)
    assert.is(stdout, '')
    assert.match(stderr, "❌ Backend 'llama' UNAVAILABLE (network error during repair)")
    assert.match(stderr, /npm error code ECONNREFUSED/)
    assert.is(stderr.match(/fetch-source\[llama\] started/g)?.length, 4)
    assert.is(fs.existsSync(join(home, '.cache/bitnet-tasks/sources/llama')), false)
    assert.is(fs.existsSync(join(home, '.cache/bitnet-tasks/sources/llama.part')), false)
  }),
)

registry(
  'AC-279 one that gives another tarball than the pin is refused, whatever it says of it',
  inHome(async (home) => {
    const tarball = Buffer.from('not what was pinned')
    const server = await answering((path, url) => {
      if (path.endsWith('.tgz')) return { status: 200, body: tarball }
      const dist = { tarball: `${url}/node-llama-cpp/-/node-llama-cpp-3.22.1.tgz` }
      const versions = { '3.22.1': { name: 'node-llama-cpp', version: '3.22.1', dist } }
      const about = { name: 'node-llama-cpp', 'dist-tags': { latest: '3.22.1' }, versions }
      return { status: 200, body: JSON.stringify(about) }
    })
    try {
      const { code, stdout, stderr } = await bitnetTasks(FROM_NPM, { home, env: server.env })
      assert.is(code, 1, stderr)
      assert.is(stdout, '')
      assert.match(stderr, /node-llama-cpp@3\.22\.1 is not what the pin says: its integrity is/)
      assert.not.match(stderr, /started \(try 2\)/)
      assert.is(fs.existsSync(join(home, '.cache/bitnet-tasks/sources/llama')), false)
      assert.is(fs.existsSync(join(home, '.cache/llama_cpp')), false)
    } finally {
      server.close()
    }
  }),
)

registry.run()

type Answer = (path: string, url: string) => { status: number; body: string | Buffer }

/** A registry on this machine, and the environment that leads to it. */
async function answering(answer: Answer) {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '', url)
    response.writeHead(status, { connection: 'close' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { close: () => server.close(), env: { npm_config_registry: url } }
}
