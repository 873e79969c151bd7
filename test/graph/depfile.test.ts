import * as assert from 'uvu/assert'

import { parseDepfile } from '../../graph/depfile.ts'
import { isNinjaDeps, parseNinjaDeps } from '../../graph/ninja-deps.ts'
import { suite } from '../support/suite.ts'

const depfile = suite('depfile')

for (const [what, text, names] of [
  ['one rule', 'a.o: a.c a.h\n', ['a.c', 'a.h']],
  ['continued lines', 'a.o: a.c \\\n  a.h \\\r\n b.h\n', ['a.c', 'a.h', 'b.h']],
  ['several rules, each name once', 'a.o: a.h\nb.o: a.h b.h\na.h:\n', ['a.h', 'b.h']],
  ['a colon in a name', 'C:/a.o: C:/b.c\n', ['C:/b.c']],
  [
    'escaped blanks, signs and dollars',
    'a.o: my\\ file.h a\\#b.h $$x.h\n',
    ['my file.h', 'a#b.h', '$x.h'],
  ],
  [
    'what gcc writes for backslashes, tabs and colons',
    'a.o: a:b.h a\\b.h a\\\\b.h t\\\tb.h s\\\\\\ b.h x\\\\#y.h \\\n l.h c\\:d.h\n',
    ['a:b.h', 'a\\b.h', 'a\\\\b.h', 't\tb.h', 's\\ b.h', 'x\\#y.h', 'l.h', 'c:d.h'],
  ],
  ['a rule without names', 'a.o:', []],
  ['nothing', '', []],
  ['no rule', 'hello', []],
] as const)
  depfile(`${what} gives ${JSON.stringify(names)}`, () => {
    assert.equal(parseDepfile(text), names)
  })

const NINJA = `main.o: #deps 2, deps mtime 1763721345000000000 (VALID)
    ../src/main.c
    my header.h

lib.o: #deps 1, deps mtime -1 (STALE)
    ../src/main.c

`

depfile('what ninja prints of its deps log gives each name once, blanks and all', () => {
  assert.ok(isNinjaDeps(NINJA))
  assert.equal(parseNinjaDeps(NINJA), ['../src/main.c', 'my header.h'])
  for (const text of ['', 'a.o: a.c\n', 'a.o: #deps\n', 'main.o: deps not found\n'])
    assert.not(isNinjaDeps(text), text)
})

depfile.run()
