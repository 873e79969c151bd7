import * as assert from 'uvu/assert'

import { askedOfEnv, namedPaths, pathsBeside } from '../../graph/scripts.ts'
import { suite } from '../support/suite.ts'

const scripts = suite('scripts')

for (const [line, program] of [
  ['#!/usr/bin/env python3', 'python3'],
  ['#! /bin/env\tpython3 ', 'python3'],
  ['#!/env python3', 'python3'],
  ['#!/usr/bin/env -S python3 -I', 'python3'],
  ['#!/usr/bin/env -Spython3 -I', 'python3'],
  ['#!/usr/bin/env -vS python3', 'python3'],
  ['#!/usr/bin/env --split-string=python3 -I', 'python3'],
  ['#!/usr/bin/env -S -u HOME python3', 'python3'],
  ['#!/usr/bin/env -S -iu HOME python3', 'python3'],
  ['#!/usr/bin/env -S -C /tmp python3', 'python3'],
  ['#!/usr/bin/env -S --chdir /tmp --unset=HOME -- python3', 'python3'],
  ['#!/usr/bin/env -iS A=1 B="b c" python3', 'python3'],
  ['#!/usr/bin/env -S "python3" -I', 'python3'],
  ["#!/usr/bin/env -S 'g++'", 'g++'],
  ['#!/usr/bin/env -S /opt/bin/python3', '/opt/bin/python3'],
  ['#!/usr/bin/env -i', undefined],
  ['#!/bin/sh', undefined],
] as const)
  scripts(`${JSON.stringify(line)} asks env for ${program}`, () => {
    assert.is(askedOfEnv(`${line}\nrest here\n`), program)
  })

for (const text of [
  '#!/opt/tool\n',
  '#! /opt/tool -x\n',
  '#!\t/opt/tool\n',
  'exec /opt/tool "$@"\n',
  '/opt/tool\n',
  "'/opt/tool' x\n",
  'TOOL=/opt/tool\n',
  'x=$(/opt/tool)\n',
  'echo `/opt/tool`\n',
  'cd x;/opt/tool\n',
  'cd x&&/opt/tool|/opt/tool\n',
  `"$\{TOOL:-/opt/tool}"\n`,
  "run(['/opt/tool', x])\n",
  '# see /opt/tool.\n',
])
  scripts(`${JSON.stringify(text)} names /opt/tool`, () => {
    assert.equal([...new Set(namedPaths(text))], ['/opt/tool'])
  })

scripts('a path may have signs in it', () => {
  assert.equal(namedPaths('exec /opt/c++@1.2/x~y%z,w "$@"'), ['/opt/c++@1.2/x~y%z,w'])
})

scripts('what is behind another name is no path of its own', () => {
  assert.equal(namedPaths('exec "$HERE"/bin/x lib/y ~/z ../w\n'), ['/bin/x'])
})

for (const [text, path] of [
  ['exec "$(dirname "$0")/../lib/x" "$@"', '/../lib/x'],
  ['exec "$(dirname "$(readlink -f "$0")")/x"', '/x'],
  ['exec "$(dirname "$0")"/x', '/x'],
  ['exec node  "$basedir/../typescript/bin/tsc" "$@"', '/../typescript/bin/tsc'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's
  ['exec ${0%/*}/x', '/x'],
] as const)
  scripts(`${JSON.stringify(text)} names ${path} beside it`, () => {
    assert.equal(pathsBeside(text), [path])
  })

scripts('what begins with a slash or a name is not beside it', () => {
  assert.equal(pathsBeside('/bin/x lib/y "$@" /opt/z $0 $(pwd) /a\n'), [])
})

scripts.run()
