// The live view as text: what it shows first, and that it never outgrows the terminal.
import * as assert from 'uvu/assert'

import type { RunEvent, RunSummary } from '../../../graph/index.ts'
import { bar, clockTime, progressOf, stepText } from '../../../src/report/progress.ts'
import { gather, type Row } from '../../../src/report/rows.ts'
import { lastLines, screenLines } from '../../../src/report/screen.ts'
import { failuresText } from '../../../src/report/summary-text.ts'
import { type Style, styleOf } from '../../../src/report/terminal.ts'
import { clip, clipMiddle, columnsOf } from '../../../src/report/width.ts'
import { Random } from '../../support/random.ts'
import { suite } from '../../support/suite.ts'

const screen = suite('screen')

const PLAIN: Style = { color: false, unicode: true }
const AT = 1_000_000

function rowsOf(events: readonly RunEvent[]): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const event of events) gather(rows, event)
  return [...rows.values()]
}

const planned = (expected: Readonly<Record<string, number | undefined>>): RunEvent => ({
  type: 'planned',
  at: AT,
  nodes: Object.entries(expected).map(([node, expectedMs]) => ({
    node,
    title: `make ${node}`,
    needs: [],
    expectedMs,
  })),
})
const started = (node: string, at = AT): RunEvent => ({
  type: 'started',
  at,
  node,
  attempt: 1,
  log: '/l',
})
const finished = (
  node: string,
  outcome: 'changed' | 'cancelled' | 'blocked',
  at = AT,
): RunEvent => ({
  type: 'finished',
  at,
  node,
  outcome,
  ms: outcome === 'changed' ? 4200 : 0,
})
const failed = (node: string, message: string, tail = '', at = AT): RunEvent => ({
  type: 'finished',
  at,
  node,
  outcome: 'failed',
  ms: 10,
  failure: { message, how: 'command', exitCode: 1, tail, log: '' },
})

const lines = (
  events: readonly RunEvent[],
  size = { columns: 80, rows: 24 },
  style = PLAIN,
  now = AT + 5000,
) => screenLines(rowsOf(events), { since: AT, now }, size, style)

screen('failures come first, then what has ended, what runs, what was stopped, what waits', () => {
  const names = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, undefined]))
  const shown = lines([
    planned(names),
    started('a'),
    finished('a', 'changed'),
    started('b'),
    failed('b', 'command failed with exit code 2: cc b.c\nsecond line'),
    started('c', AT + 1000),
    { type: 'progress', at: AT, node: 'c', done: 34, total: 77, line: 'Building x.o' },
    finished('d', 'blocked'),
    finished('e', 'cancelled'),
  ])
  assert.equal(shown.slice(1), [
    '✖ b: command failed with exit code 2: cc b.c',
    '✔ make a  changed 4.2s',
    '▸ make c  4s  [34/77] Building x.o',
    '⊘ cancelled or blocked: d, e',
    '… 1 waiting',
  ])
  assert.match(shown[0] ?? '', /^\[=+>? *\] +\d+% - 4\/6 5s$/)
})

const LOG = `In file included from b.c:1:
b.h:7:3: error: expected ';'
${Array.from({ length: 30 }, (_, i) => `make: noise ${i}\n`).join('')}ninja: build stopped
`

screen(
  'a failure is told by its first cause, the first one with the lines that tell about it',
  () => {
    const shown = lines([
      planned({ a: 1, b: 1, c: 1 }),
      started('a'),
      failed('c', 'command failed', 'c.c:1: error: of c\n', AT + 2),
      failed('b', 'command failed', LOG, AT + 1),
    ])
    assert.equal(shown.slice(1), [
      "✖ b: b.h:7:3: error: expected ';'",
      '  │ In file included from b.c:1:',
      "  │ b.h:7:3: error: expected ';'",
      '  │ make: noise 0',
      '  │ ...',
      '  │ ninja: build stopped',
      '✖ c: c.c:1: error: of c',
      '▸ make a  5s',
    ])
  },
)

screen(
  'what has ended leaves room; the names of what did not fit are counted with what became of them',
  () => {
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`)
    const shown = lines(
      [
        planned({ ...Object.fromEntries(names.map((name) => [name, 1])), b: 1, c: 1, d: 1 }),
        ...names.map((name, i) => finished(name, 'changed', AT + i)),
        ...['b', 'c', 'd'].map((name) => failed(name, 'it broke')),
      ],
      { columns: 80, rows: 10 },
    )
    assert.equal(shown.slice(1), [
      '✖ b: it broke',
      '✖ c: it broke',
      '✖ d: it broke',
      '  +38 more done',
      '✔ make n38  changed 4.2s',
      '✔ make n39  changed 4.2s',
    ])
  },
)

screen('a long title gives way to time and steps, and keeps its end', () => {
  const long = `${'long '.repeat(30)}name 7`
  const shown = lines(
    [
      planned({ [long]: 60_000 }),
      started(long),
      { type: 'progress', at: AT, node: long, done: 3, total: 5, line: 'Building' },
    ],
    { columns: 60, rows: 24 },
  )
  assert.is(shown[1], '▸ make long long long…g long long name 7  5s of 1:00  [3/5]')
})

screen('a line with tabs is no wider than the terminal, and a title of two lines is one', () => {
  const log = `${'0'.repeat(60)}\t\t\t\terror: x\n\tmake\t1\n`
  const shown = lines(
    [
      {
        type: 'planned',
        at: AT,
        nodes: [
          { node: 'a', title: 'one\ntwo', needs: [], expectedMs: undefined },
          { node: 'b', title: 'b', needs: [], expectedMs: undefined },
        ],
      },
      started('a'),
      failed('b', 'it broke', log),
    ],
    { columns: 70, rows: 24 },
  )
  assert.ok(shown.includes('▸ one two  5s'), shown.join('\n'))
  assert.ok(shown.includes('  │   make  1'), shown.join('\n'))
  for (const line of shown) assert.not.match(line, '\t')
})

screen(
  'when it is over what ended stays, and what was stopped in one line; failures are told below',
  () => {
    const events = [
      planned({ a: 1, b: 1, c: 1, d: 1 }),
      finished('a', 'changed'),
      failed('b', 'it broke'),
      finished('c', 'blocked'),
      finished('d', 'cancelled'),
    ]
    assert.equal(lastLines(rowsOf(events), { columns: 80, rows: 24 }, PLAIN), [
      '✔ make a  changed 4.2s',
      '⊘ cancelled or blocked: c, d',
    ])
  },
)

screen('of many failures the first four are told in full, twenty more by their cause', async () => {
  const failures = Array.from({ length: 30 }, (_, i) => ({
    node: `n${i}`,
    failure: { message: 'failed', how: 'command' as const, exitCode: 1, tail: LOG, log: '/l' },
  }))
  const outcomes = {} as RunSummary['outcomes']
  const summary = { ok: false, outcomes, ms: 1, failures, cancelled: false }
  const told = (await failuresText(summary)).trimEnd().split('\n')
  assert.is(told.filter((line) => line.startsWith('  full log: ')).length, 4)
  assert.equal(told.slice(-3), [
    "n23: b.h:7:3: error: expected ';'",
    '+6 more failed',
    "  hint: 'bitnet-tasks logs NODE' shows what one of them printed",
  ])
})

screen('of a long path the end is shown, and what the compiler says', () => {
  const tail = '/home/you/.cache/bitnet-tasks/sources/llama/src/llama.cpp:5:2: error: expected ;\n'
  const events = [planned({ a: 1 }), failed('a', 'command failed', tail)]
  assert.is(lines(events)[1], '✖ a: …/src/llama.cpp:5:2: error: expected ;')
  const ascii = lines(events, undefined, { color: false, unicode: false })
  assert.is(ascii[1], 'x a: .../src/llama.cpp:5:2: error: expected ;')
})

screen('where the locale is not UTF-8 every sign is ASCII', () => {
  const shown = lines(
    [planned({ ä: undefined, b: undefined }), started('ä'), failed('b', 'x → y')],
    undefined,
    { color: false, unicode: false },
  )
  assert.equal(shown.slice(1), ['x b: x ? y', '> make ?  5s'])
})

screen('escape codes of a child do not reach the terminal', () => {
  const shown = lines([
    planned({ a: undefined }),
    started('a'),
    {
      type: 'progress',
      at: AT,
      node: 'a',
      done: 1,
      total: 2,
      line: '\x1b[2J\x1b]0;t\x07red\x1b[31m',
    },
  ])
  assert.is(shown[1], '▸ make a  5s  [1/2] red')
})

screen('it is never higher nor wider than the terminal, whatever happens', () => {
  const random = new Random(7)
  for (let turn = 0; turn < 300; turn++) {
    const count = 1 + random.below(60)
    const names = Array.from({ length: count }, (_, i) => `n${i}${'長'.repeat(random.below(40))}`)
    const events: RunEvent[] = [planned(Object.fromEntries(names.map((name) => [name, 100])))]
    for (const name of names) {
      const fate = random.below(6)
      if (fate > 0) events.push(started(name))
      if (fate === 2) events.push(failed(name, 'x'.repeat(random.below(300))))
      if (fate === 3) events.push(finished(name, 'changed'))
      if (fate === 4) events.push(finished(name, 'cancelled'))
    }
    const size = { columns: 20 + random.below(150), rows: 4 + random.below(60) }
    const shown = lines(events, size)
    assert.ok(shown.length < size.rows, `${shown.length} lines in ${size.rows}`)
    for (const line of shown) assert.is(clip(line, size.columns - 1), line)
  }
})

screen('what does not fit is counted', () => {
  const names = Array.from({ length: 30 }, (_, i) => `n${i}`)
  const events = [
    planned(Object.fromEntries(names.map((name) => [name, undefined]))),
    ...names.map((name) => started(name)),
  ]
  const shown = lines(events, { columns: 80, rows: 10 })
  assert.is(shown.length, 8)
  assert.is(shown.at(-1), '  +24 more running')
})

screen(
  'the share is weighed by what the nodes took the last time; fresh ones count for nothing',
  () => {
    const events = [
      planned({ long: 9000, short: 1000, fresh: 50_000 }),
      { type: 'finished', at: AT, node: 'fresh', outcome: 'fresh', ms: 0 } as const,
      started('short'),
      finished('short', 'changed'),
      started('long'),
    ]
    const at = (ms: number) => progressOf(rowsOf(events), AT + ms)
    assert.is(at(0).share, 0.1)
    assert.is(at(0).leftMs, 9000)
    assert.is(at(4500).share, 0.55)
    assert.ok(at(60_000).share < 1)
  },
)

screen('without a history no time is foretold', () => {
  assert.is(progressOf(rowsOf([planned({ a: undefined }), started('a')]), AT).leftMs, undefined)
  const half = planned({ a: 9000, b: undefined })
  assert.is(progressOf(rowsOf([half]), AT).leftMs, undefined)
})

screen('a new node among many known ones counts as one of those', () => {
  const rows = rowsOf([planned({ a: 2000, b: 4000, c: 6000, new: undefined })])
  assert.equal(progressOf(rows, AT), { share: 0, leftMs: 16_000 })
})

screen('a bar, a time, a step', () => {
  assert.is(stepText({ done: 34, total: 77 }), '[34/77]')
  assert.is(stepText({ done: 42, total: 100 }), '[42%]')
  assert.equal(
    [0, 0.25, 0.999, 1].map((share) => bar(share, 12)),
    ['[>         ]', '[=>        ]', '[========> ]', '[==========]'],
  )
  assert.equal([0, 9400, 80_000, 3_723_000].map(clockTime), ['0s', '9s', '1:20', '1:02:03'])
})

screen('a line is cut by what it is wide on a terminal', () => {
  assert.is(clip('abcdef', 6), 'abcdef')
  assert.is(clip('abcdef', 5, '…'), 'abcd…')
  assert.is(clip('長長長', 5, '…'), '長長…')
  assert.is(clip('e\u0301e\u0301e\u0301', 3, '…'), 'e\u0301e\u0301e\u0301')
  assert.is(clip('abc', 0, '…'), '')
  assert.is(clipMiddle('abcdefgh', 8), 'abcdefgh')
  assert.is(clipMiddle('abcdefgh', 7, '…'), 'abc…fgh')
  assert.is(clipMiddle('長長長長', 6, '…'), '長…長')
  assert.is(clipMiddle('abc', 0), '')
  assert.equal(
    ['é', 'e\u0301', '❤\ufe0f', '👨\u200d👩\u200d👧', '長'].map(columnsOf),
    [1, 1, 2, 6, 2],
  )
})

const STYLES: readonly (readonly [string, Readonly<Record<string, string>>, boolean, Style])[] = [
  ['a terminal', { TERM: 'xterm', LANG: 'de_DE.UTF-8' }, true, { color: true, unicode: true }],
  ['a file', { LANG: 'C.utf8' }, false, { color: false, unicode: true }],
  [
    'NO_COLOR',
    { NO_COLOR: '1', LC_ALL: 'C', LANG: 'x.UTF-8' },
    true,
    { color: false, unicode: false },
  ],
  ['an empty NO_COLOR', { TERM: 'xterm', NO_COLOR: '' }, true, { color: true, unicode: false }],
  ['FORCE_COLOR', { FORCE_COLOR: '1' }, false, { color: true, unicode: false }],
  ['a terminal of which nothing is known', { TERM: '' }, true, { color: false, unicode: false }],
  ['a dumb terminal', { TERM: 'dumb' }, true, { color: false, unicode: false }],
]
for (const [what, env, isTerminal, wanted] of STYLES)
  screen(`${what}: colours and signs as it can show them`, () => {
    assert.equal(styleOf(env, isTerminal), wanted)
    assert.is(styleOf(env, isTerminal, 'always').color, true)
    assert.is(styleOf(env, isTerminal, 'never').color, false)
  })

screen('what waits for the machine says so', () => {
  const rows = rowsOf([planned({ a: undefined, b: undefined, c: undefined }), started('a')])
  const time = { since: AT, now: AT + 5000, held: ' for a load below 4' }
  const shown = screenLines(rows, time, { columns: 80, rows: 24 }, PLAIN)
  assert.is(shown.at(-1), '… 2 waiting for a load below 4')
})

screen.run()
