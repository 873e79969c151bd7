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

reason.run()
