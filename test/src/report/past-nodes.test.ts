// What became of each node of a past run, also of one that was killed, and how long it took.
import * as assert from 'uvu/assert'

import type { NodeName, PastRun, RunEvent } from '../../../graph/index.ts'
import { pastNodes, stateOf } from '../../../src/report/past-nodes.ts'
import { suite } from '../../support/suite.ts'

const past = suite('past nodes')

const names = ['done', 'tried-again', 'under-way', 'later'] as NodeName[]
const started = (node: string, at: number, attempt = 1): RunEvent => ({
  type: 'started',
  at,
  node,
  attempt,
  log: '/l',
})
const changed = (node: string, at: number, ms: number): RunEvent => ({
  type: 'finished',
  at,
  node,
  outcome: 'changed',
  ms,
})
const events: readonly RunEvent[] = [
  {
    type: 'planned',
    at: 0,
    nodes: names.map((node) => ({ node, title: node, needs: [], expectedMs: undefined })),
  },
  started('done', 10),
  changed('done', 30, 20),
  started('tried-again', 40),
  started('tried-again', 1040, 2),
  changed('tried-again', 1060, 20),
  started('under-way', 1060),
  { type: 'stale', at: 1090, node: 'later', reasons: [{ kind: 'no-record' }] },
]
const nodes = pastNodes({ events } as PastRun)

past('what ran when the run was killed was killed, and what had not begun was not reached', () => {
  assert.equal(nodes.map(stateOf), ['changed', 'changed', 'killed', 'not reached'])
})

past('a node spans all of its tries; one that was killed the time until then', () => {
  assert.equal(
    nodes.map(({ spanMs }) => spanMs),
    [20, 1020, 30, 0],
  )
})

past.run()
