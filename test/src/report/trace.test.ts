// What is read from ninja's log, and the lanes of a trace.
import * as assert from 'uvu/assert'

import type { PastNode } from '../../../src/report/past-nodes.ts'
import { ninjaSteps, traceText } from '../../../src/report/trace.ts'
import { suite } from '../../support/suite.ts'

const trace = suite('trace')

const AT = 1_800_000_000_123

// start, end, when the output was written (milliseconds after AT), output, digest of the command
const log = (...steps: readonly (readonly [number, number, number, string, string])[]): string =>
  `# ninja log v5\n${steps
    .map(([start, end, after, name, digest]) =>
      [start, end, `${AT + after}000000`, name, digest].join('\t'),
    )
    .join('\n')}\n`

const BUILD = log(
  [0, 100, 1600, 'a.o', 'aa'],
  [1, 200, 1700, 'b.o', 'bb'],
  [200, 300, 1800, 'lib.so.1', 'cc'],
  [200, 300, 1800, 'lib.so', 'cc'],
)

trace('a step belongs to the node that ran when it was written, and not to one just before', () => {
  assert.equal(ninjaSteps(BUILD, AT + 500, 990), [])
  assert.equal(
    ninjaSteps(BUILD, AT + 1490, 400).map(({ name, from, to }) => [name, from - AT, to - AT]),
    [
      ['a.o', 1500, 1600],
      ['b.o', 1501, 1700],
      ['lib.so.1, lib.so', 1700, 1800],
    ],
  )
})

trace('a file that is written again after its step moves no step', () => {
  const stripped = BUILD.replaceAll(`${AT + 1600}`, `${AT + 1880}`)
  assert.is(ninjaSteps(stripped, AT + 1490, 400)[0]?.from, AT + 1500)
})

trace('spans of a lane stand beside each other in the microseconds that are written', () => {
  const node = (name: string, startedAt: number, spanMs: number): PastNode => ({
    name,
    title: name,
    needs: [],
    outcome: 'changed',
    reasons: [],
    ms: spanMs,
    startedAt,
    spanMs,
    attempts: 1,
    log: undefined,
    failure: undefined,
    blockedBy: undefined,
  })
  const nodes = [
    node('a', AT, 0),
    node('b', AT, 0),
    node('c', AT + 0.0004, 5),
    node('d', AT + 1, 9),
  ]
  const { traceEvents } = JSON.parse(traceText(AT, nodes, () => []))
  const lanes = traceEvents
    .filter(({ ph }: { ph: string }) => ph === 'X')
    .map(({ name, tid, ts, dur }: Record<string, unknown>) => [name, tid, ts, dur])
  assert.equal(lanes, [
    ['a', 1, 0, 1],
    ['b', 2, 0, 1],
    ['c', 3, 0, 5000],
    ['d', 1, 1000, 9000],
  ])
})

trace.run()
