import * as assert from 'uvu/assert'

import { parseDepfile } from '../../graph/depfile.ts'
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
  ['a rule without names', 'a.o:', []],
  ['nothing', '', []],
  ['no rule', 'hello', []],
] as const)
  depfile(`${what} gives ${JSON.stringify(names)}`, () => {
    assert.equal(parseDepfile(text), names)
  })

depfile.run()
