// The acceptance list: every line is proved by a test that names it or accounted for by hand, and
// docs/acceptance.md says which. Also how many tests the specifications ask for.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { type Line, readLines, readNotes } from './support/acceptance/lines.ts'
import { acceptancePage, testsOf } from './support/acceptance/page.ts'
import { listTests, numbersIn, type TestTitle } from './support/acceptance/titles.ts'
import { suite } from './support/suite.ts'

const acceptance = suite('acceptance')

const { sections, decisions } = readLines()
const notes = readNotes()
const lines = sections.flatMap((section) => section.lines)
let tests: readonly TestTitle[] = []

acceptance.before(async () => {
  tests = await listTests()
})

acceptance('the lines are numbered from 1 without a gap, and so are the decisions', () => {
  assert.equal(numbersOf(lines), upTo(317))
  assert.equal(numbersOf(decisions), upTo(20))
})

acceptance('AC-301 a test names only lines that there are', () => {
  assert.ok(tests.length > 500)
  for (const { file, title } of tests)
    for (const number of numbersIn(title))
      assert.ok(lines[number - 1], `${file}: there is no line ${number}: ${title}`)
})

acceptance('a number in a title has three digits, so that it can be searched for', () => {
  for (const { file, title } of tests)
    assert.not.match(title, /\bAC-?(?!\d{3}\b)\d+|\bAC:/, `${file}: ${title}`)
})

acceptance('a note is of a line that there is, gives its reason, and names a decision', () => {
  for (const [number, { state, decision, why }] of Object.entries(notes)) {
    const line = lines[Number(number) - 1]
    assert.ok(line, `there is no line ${number}`)
    assert.ok(why.length > 10, `line ${number} has a reason`)
    if (state === 'decided') assert.ok(decision, `line ${number}: decided by which decision?`)
    if (decision !== undefined) assert.ok(decisions[decision - 1], `line ${number}: V.${decision}`)
    // A note that is older than the test that made it needless.
    if (line && state !== undefined && state !== 'open')
      assert.is(testsOf(line, tests).length, 0, `line ${number} is ${state} and has a test`)
  }
})

// The categories of specification 004, by the lines that they are about; and how many tests it asks for.
const CATEGORIES: readonly (readonly [string, number, readonly [number, number]])[] = [
  ['repair mode', 5, [24, 39]],
  ['classification', 8, [131, 163]],
  ['recursion', 4, [122, 130]],
  ['retry', 4, [176, 183]],
  ['lock', 4, [184, 194]],
  ['rollback', 4, [195, 205]],
  ['exit codes', 7, [164, 175]],
]
acceptance(
  'AC-302 at least as many tests as asked for in each category, more than 50 in all, 5 of them whole runs',
  () => {
    const found = CATEGORIES.map(([, , [first, last]]) => proving(first, last))
    for (const [i, [name, wanted]] of CATEGORIES.entries())
      assert.ok((found[i]?.length ?? 0) >= wanted, `${name}: ${found[i]?.length} of ${wanted}`)
    const all = new Set(found.flat())
    assert.ok(all.size >= 50, `${all.size} tests`)
    const whole = [...all].filter(isWholeRun)
    assert.ok(whole.length >= 5, `${whole.length} whole runs`)
  },
)

acceptance('AC-303 more than 20 tests of the re-exec', () => {
  assert.ok(proving(90, 121).length >= 20, `${proving(90, 121).length} tests`)
})

acceptance('AC-304 more than 37 tests of what specification 003 asks', () => {
  const of003 = lines.filter(({ origin }) => /\b003\b/.test(origin))
  const found = new Set(of003.flatMap((line) => testsOf(line, tests)))
  assert.ok(found.size >= 37, `${found.size} tests`)
})

// Its own numbers: repaired, switched off, a lost network, all backends, verbose, an unknown one, CI.
const CRITERIA = { AC1: 209, AC2: 38, AC3: 223, AC4: 4, AC5: 241, AC6: 2, AC7: 37 }
acceptance(
  'AC-305 each of the seven criteria of specification 000 has a run of the whole program',
  () => {
    for (const [criterion, number] of Object.entries(CRITERIA))
      assert.ok(proving(number, number).some(isWholeRun), `${criterion}: line ${number}`)
  },
)

acceptance('AC-173 every exit code is reached from the command line', () => {
  const codes = [164, 165, 166, 167, 168, 169, 170, 171]
  for (const number of codes) assert.ok(proving(number, number).some(isWholeRun), `line ${number}`)
})

acceptance('every line has a test that proves it, or a note that says what is so', () => {
  for (const line of lines)
    assert.ok(
      testsOf(line, tests).length > 0 || notes[line.number],
      `line ${line.number}: ${line.text}`,
    )
})

acceptance('docs/acceptance.md is what npm run acceptance writes', () => {
  const written = readFileSync(join(import.meta.dirname, '../docs/acceptance.md'), 'utf8')
  const wanted = acceptancePage({ sections, decisions, notes, tests })
  assert.ok(written === wanted, firstDifference(written, wanted))
})

acceptance('the page shows each state, shortens long lists and escapes what Markdown reads', () => {
  const line = (number: number, text: string): Line => ({ number, origin: '004', text })
  const page = acceptancePage({
    sections: [{ letter: 'A', title: 'One', lines: [line(1, 'a `b|<c>` <d>'), line(2, 'e')] }],
    decisions: [{ number: 1, text: 'so' }],
    notes: { 2: { state: 'open', why: 'half of it' } },
    tests: [
      ...['p', 'q', 'r', 's'].map((word) => ({ file: 'x.ts', title: `AC-001 ${word} *` })),
      { file: 'y.ts', title: 'AC-002 z' },
    ],
  })
  const rows = page.split('\n').filter((row) => row.startsWith('|'))
  assert.equal(rows.slice(1), [
    '| --- | --- | --- | --- | --- | --- | --- |',
    '| A. One | 2 | 1 | 0 | 0 | 0 | 1 |',
    '| **all** | 2 | 1 | 0 | 0 | 0 | 1 |',
    '| line | required | tests | state |',
    '| --- | --- | --- | --- |',
    '| 1 | a `b\\|<c>` \\<d> | `x.ts`: p \\*<br>`x.ts`: q \\*<br>`x.ts`: r \\*<br>and 1 more | proved |',
    '| 2 | e | `y.ts`: z | **not done**: half of it |',
  ])
  assert.match(page, '\n1. so\n')
})

acceptance.run()

/** The tests that prove any of these lines. */
function proving(first: number, last: number): readonly TestTitle[] {
  return tests.filter(({ title }) =>
    numbersIn(title).some((number) => number >= first && number <= last),
  )
}

/** Whether it starts the built program. */
function isWholeRun({ file }: TestTitle): boolean {
  return /^test\/(?:cli|e2e)\//.test(file)
}

function numbersOf(list: readonly { readonly number: number }[]): readonly number[] {
  return list.map(({ number }) => number)
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

function firstDifference(written: string, wanted: string): string {
  const rows = wanted.split('\n')
  const at = written.split('\n').findIndex((row, index) => row !== rows[index])
  return `it is out of date from line ${at + 1} on: ${rows[at]}\n  hint: npm run acceptance`
}
