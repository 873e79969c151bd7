import * as assert from 'uvu/assert'

import { backendOfPath } from '../../src/preflight/backend-of-path.ts'
import { BACKEND_NAMES } from '../../tasks/backends.ts'
import { suite } from '../support/suite.ts'

const paths = suite('backend of a path')
// So that this file is right before there is a second backend as well.
const bitnet = (BACKEND_NAMES as readonly string[]).includes('bitnet') ? 'bitnet' : 'llama'

const ROWS: readonly (readonly [string, string])[] = [
  ['AC-045 /home/me/BitNet', bitnet],
  ['AC-045 https://github.com/microsoft/bitnet', bitnet],
  ['AC-045 ~/.cache/bitnet_cpp', bitnet],
  ['AC-045 ../BITNET/3rdparty/llama.cpp', bitnet],
  ['AC-046 ../llama.cpp', 'llama'],
  ['AC-046 /opt/Llama', 'llama'],
  ['AC-046 /opt/sources', 'llama'],
  ['AC-046 .', 'llama'],
  ['AC-046 the empty path', 'llama'],
]
for (const [title, backend] of ROWS)
  paths(`${title} is ${backend}`, () => {
    const path = title.endsWith('the empty path') ? '' : title.replace(/^AC-\d+ /, '')
    assert.is(backendOfPath(path), backend)
  })

paths.run()
