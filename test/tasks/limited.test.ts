// The limits of a fetch, as the variables give them.
import * as assert from 'uvu/assert'

import { limitsOf } from '../../tasks/fetch/limited.ts'
import { suite } from '../support/suite.ts'

const limits = suite('limits of a fetch')

limits('AC-273 unless said: 30 s to connect, 60 s of silence, 15 minutes in all', () => {
  const before = Date.now()
  const { connectMs, stallMs, endsAt } = limitsOf({})
  assert.equal([connectMs, stallMs], [30_000, 60_000])
  assert.ok(endsAt >= before + 900_000 && endsAt <= Date.now() + 900_000)
})

limits('AC-273 each can be given in seconds', () => {
  const { connectMs, stallMs, endsAt } = limitsOf({
    BITNET_TASKS_CONNECT_TIMEOUT: '1',
    BITNET_TASKS_STALL_TIMEOUT: '2',
    BITNET_TASKS_FETCH_TIMEOUT: '3',
  })
  assert.equal([connectMs, stallMs], [1000, 2000])
  assert.ok(endsAt <= Date.now() + 3000)
})

limits.run()
