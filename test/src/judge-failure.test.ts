// Which failed nodes are tried again, and after how long.
import * as assert from 'uvu/assert'

import type { NodeFailure } from '../../graph/index.ts'
import { judgeFailure } from '../../src/preflight/judge-failure.ts'
import { suite } from '../support/suite.ts'

const judge = suite('judge failure')

const failed = (tail: string, more: Partial<NodeFailure> = {}): NodeFailure => ({
  message: 'it failed',
  how: 'command',
  tail,
  log: '',
  exitCode: 128,
  ...more,
})
const LOST = failed("fatal: unable to access 'http://x/': Could not resolve host: x")

judge('AC-176 AC-177 AC-183 the network is tried again 3 times, after 1, 2 and 4 s', () => {
  const verdicts = [1, 2, 3, 4, 5].map((attempt) => judgeFailure('fetch-source', LOST, attempt))
  assert.equal(verdicts, [
    { class: 'network', retryAfterMs: 1000 },
    { class: 'network', retryAfterMs: 2000 },
    { class: 'network', retryAfterMs: 4000 },
    { class: 'network' },
    { class: 'network' },
  ])
})

judge('AC-178 no wait is longer than 16 s, whichever attempt it is', () => {
  for (let attempt = 1; attempt < 100; attempt++) {
    const { retryAfterMs = 0 } = judgeFailure('fetch-source', LOST, attempt)
    assert.ok(retryAfterMs <= 16_000, `attempt ${attempt}: ${retryAfterMs} ms`)
  }
})

const NOT_AGAIN: readonly (readonly [string, string, NodeFailure, string])[] = [
  ['a build error', 'cmake-build', failed('ninja: build stopped', { exitCode: 1 }), 'build'],
  ['a configure error', 'cmake-configure', failed('CMake Error', { exitCode: 1 }), 'build'],
  ['a denied permission', 'fetch-source', failed('/x: Permission denied'), 'permission'],
  ['a missing tool', 'fetch-source', failed('', { errno: 'ENOENT' }), 'build'],
  ['a full disk', 'fetch-source', failed('fatal: No space left on device'), 'unknown'],
  ['a repository that is not there', 'fetch-source', failed("'/x' does not exist"), 'unknown'],
  ['a refused login', 'fetch-source', failed('fatal: Authentication failed for x'), 'unknown'],
  [
    'a certificate that is not trusted',
    'fetch-source',
    failed("unable to access 'https://x/': SSL certificate problem: self-signed certificate"),
    'unknown',
  ],
  ['a wrong checksum', 'fetch-source', failed('x is not what the pin says'), 'unknown'],
  ['what nobody knows', 'fetch-source', failed('the moon is full'), 'unknown'],
  ['a Ctrl-C', 'fetch-source', failed('', { exitCode: 130 }), 'interrupted'],
]
for (const [title, task, failure, expected] of NOT_AGAIN)
  judge(`AC-179 ${title} is tried once`, () => {
    assert.equal(judgeFailure(task, failure, 1), { class: expected })
  })

judge.run()
