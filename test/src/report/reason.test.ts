// Why a node is stale, where the words need more than the reason's kind.
import * as assert from 'uvu/assert'

import { reasonText } from '../../../src/report/words/reason.ts'
import { suite } from '../../support/suite.ts'

const reason = suite('reason')
const DIGEST = 'a'.repeat(64)
const OTHER = 'b'.repeat(64)

const SAYS: readonly (readonly [was: string, is: string, says: string])[] = [
  [`f${DIGEST}`, `f${OTHER}`, 'aaaaaaaaaaaa -> bbbbbbbbbbbb'],
  [`f${DIGEST}`, `x${DIGEST}`, 'the same content, now executable'],
  [`x${DIGEST}`, `f${DIGEST}`, 'the same content, no longer executable'],
  [`f${DIGEST}`, 'absent', 'aaaaaaaaaaaa -> absent'],
]
for (const [old, now, says] of SAYS)
  reason(`an input from ${old.slice(0, 3)} to ${now.slice(0, 3)} changed: ${says}`, () => {
    const text = reasonText({ kind: 'input-changed', name: 'a.sh', old, new: now })
    assert.is(text, `the input 'a.sh' changed (${says})`)
  })

const PROGRAMS: readonly (readonly [was: string, is: string, says: string])[] = [
  [`/b/cc /b/cc=x${DIGEST}`, `/b/cc /b/cc=x${OTHER}`, '/b/cc has other content'],
  [`/b/cc /b/cc=x${DIGEST}`, `/a/cc /a/cc=x${DIGEST}`, '/b/cc -> /a/cc'],
  ['missing', `/a/cc /a/cc=x${DIGEST}`, 'missing -> /a/cc'],
  [`/my b/t /my b/t=x${DIGEST}`, `/my b/t /my b/t=x${OTHER}`, '/my b/t has other content'],
  [`/my g/b/t b/t=x${DIGEST}`, `/my g/a/t a/t=x${DIGEST}`, '/my g/b/t -> /my g/a/t'],
  [
    `/b/t /b/t=x${DIGEST} /my b/python=x${DIGEST}`,
    `/b/t /b/t=x${DIGEST} /my b/python=x${OTHER}`,
    'it calls /my b/python, which has other content',
  ],
]
for (const [old, now, says] of PROGRAMS)
  reason(`another program is told by what is other: ${says}`, () => {
    const text = reasonText({ kind: 'tool-changed', name: 'tool', old, new: now })
    assert.is(text, `the program 'tool' changed (${says})`)
  })

for (const [old, now, says] of [
  ['1', '2', 'bitnet-tasks now fingerprints differently; everything runs once'],
  ['absent', '1', 'it is a task now'],
  ['1', 'absent', 'it was a task'],
] as const)
  reason(`the first line of a key says more than its version: ${says}`, () => {
    assert.is(reasonText({ kind: 'format-changed', name: 'task', old, new: now }), says)
  })

reason.run()
