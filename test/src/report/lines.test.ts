// The lines of a run: a bar where it is about something, the first cause of a failure, nothing that steers.
import * as assert from 'uvu/assert'

import type { NodeName, RunEvent } from '../../../graph/index.ts'
import { lineReporter } from '../../../src/report/lines.ts'
import type { ReportOptions } from '../../../src/report/view.ts'
import { suite } from '../../support/suite.ts'

const lines = suite('lines')

const build = 'cmake-build[llama,cpu]' as NodeName
const PLANNED: RunEvent = {
  type: 'planned',
  at: 0,
  nodes: [{ node: build, title: 'compile', needs: [], expectedMs: 48_000 }],
}
const STARTED: RunEvent = { type: 'started', at: 0, node: build, attempt: 1, log: '' }
const step = (at: number): RunEvent => ({
  type: 'progress',
  at,
  node: build,
  done: 19,
  total: 77,
  line: 'Building CXX object',
})

/** What is written on stderr for these events. */
function told(events: readonly RunEvent[], options: Partial<ReportOptions> = {}): string {
  const { write } = process.stderr
  let text = ''
  process.stderr.write = (chunk: string | Uint8Array) => {
    text += String(chunk)
    return true
  }
  try {
    const { report } = lineReporter({ since: 0, ...options })
    for (const event of events) report(event)
  } finally {
    process.stderr.write = write
  }
  return text
}

lines('AC-312 a repair has a bar for all of its nodes, every ten seconds', () => {
  const options = { title: 'Repairing llama.cpp backend...', stageOf: () => 'REPAIR' }
  assert.is(
    told([PLANNED, STARTED, step(5000), step(12_000), step(13_000)], options),
    `[  0.00s] REPAIR: ${build} started
[ 12.00s] REPAIR: ${build} [=====>                    ] 25% - [19/77] Building CXX object
`,
  )
})

lines('a run of any graph says the steps alone', () => {
  assert.match(
    told([PLANNED, STARTED, step(12_000)]),
    `[ 12.00s] ${build} [19/77] Building CXX object\n`,
  )
})

lines('why nothing more begins is told once a minute', () => {
  const held = (at: number): RunEvent => ({ type: 'held-back', at, load: 9.256, maxLoad: 4 })
  const text = 'nothing more is begun while the load is not below 4; it is 9.26'
  assert.is(
    told([PLANNED, held(1000), held(30_000), held(62_000)]),
    `[  1.00s] ${text}\n[ 62.00s] ${text}\n`,
  )
})

lines('a failure is told by its first cause, and not by the command that was run', () => {
  const failure = {
    message: `command failed with exit code 1: cmake --build ${'x'.repeat(500)}`,
    how: 'command' as const,
    exitCode: 1,
    tail: '[1/2] Building\na.cpp:3:1: error: expected ;\nninja: build stopped\n',
    log: '',
  }
  const failed: RunEvent = {
    type: 'finished',
    at: 2000,
    node: build,
    outcome: 'failed',
    ms: 2000,
    failure,
  }
  assert.is(
    told([PLANNED, failed]),
    `[  2.00s] ${build} failed (2.0s): a.cpp:3:1: error: expected ;\n`,
  )
  assert.match(
    told([PLANNED, { ...failed, failure: { ...failure, tail: '' } }]),
    'failed (2.0s): command failed with exit code 1: cmake --build xxx',
  )
})

for (const [outcome, how, message] of [
  ['timed-out', 'command', 'command took longer than its time limit of 6 s: make'],
  ['failed', 'output', "the commands ended well, but the output 'a.o' is not there"],
] as const)
  lines(
    `a node that ${how === 'output' ? 'lacks its output' : 'is over its time'} is told so`,
    () => {
      const failure = { message, how, tail: 'tick 30\ntick 31\n', log: '' }
      const failed: RunEvent = {
        type: 'finished',
        at: 6000,
        node: build,
        outcome,
        ms: 6000,
        failure,
      }
      assert.is(told([PLANNED, failed]), `[  6.00s] ${build} ${outcome} (6.0s): ${message}\n`)
    },
  )

lines(
  'what never began is told together when the run is over, and line by line when all is asked for',
  () => {
    const names = ['a', 'b', 'c', 'd', 'e'] as NodeName[]
    const nodes = names.map((node) => ({ node, title: node, needs: [], expectedMs: undefined }))
    const ended = (node: string, outcome: 'blocked' | 'cancelled'): RunEvent => ({
      type: 'finished',
      at: 1000,
      node,
      outcome,
      ms: 0,
      ...(outcome === 'blocked' ? { blockedBy: 'a' } : {}),
    })
    const done = { type: 'done', at: 1000, summary: {} } as RunEvent
    const events: RunEvent[] = [
      { type: 'planned', at: 0, nodes },
      { type: 'started', at: 0, node: 'a', attempt: 1, log: '' },
      ended('a', 'cancelled'),
      ...names.slice(1).map((node) => ended(node, 'blocked')),
      done,
    ]
    assert.is(
      told(events),
      `[  0.00s] a started
[  1.00s] a cancelled
[  1.00s] blocked by 'a': b, c, d +1 more
`,
    )
    assert.match(told(events, { verbose: true }), "] e blocked by 'a'\n")
  },
)

lines.run()
