// What GitHub Actions is told: one annotation a failure, and a step summary.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import type { NodeFailure, RunEvent, RunSummary } from '../../../graph/index.ts'
import { annotation, stepSummary, withGithub } from '../../../src/report/github.ts'
import { failuresText } from '../../../src/report/summary-text.ts'
import { suite } from '../../support/suite.ts'

const github = suite('github')

const failure: NodeFailure = {
  message: 'command failed with exit code 1: cc\nmore',
  how: 'command',
  exitCode: 1,
  tail: 'a.c:1: error: 100% wrong\n::error::forged\n\x1b[31mred\n',
  log: '/l',
}
const finished: RunEvent = {
  type: 'finished',
  at: 1,
  node: 'build[a,b]',
  outcome: 'failed',
  ms: 1,
  failure,
}
const outcomes = {
  fresh: 1,
  changed: 0,
  unchanged: 0,
  failed: 1,
  'timed-out': 0,
  cancelled: 0,
  blocked: 0,
}
const summary: RunSummary = {
  ok: false,
  outcomes: outcomes as RunSummary['outcomes'],
  ms: 1500,
  failures: [{ node: 'build[a,b]', failure }],
  cancelled: false,
}

github('a failure is one line, and nothing that was printed can begin a command of its own', () => {
  assert.is(
    annotation(finished),
    '::error title=build[a%2Cb]::a.c:1: error: 100%25 wrong%0A::error::forged%0Ared',
  )
})

github('what a tool printed is no command in the last lines of a run either', async () => {
  const tail = 'a.c:1: error: wrong\n::error::forged\n  ::stop-commands::x\n##[error]forged\n'
  const text = await failuresText({
    ...summary,
    failures: [{ node: 'n', failure: { ...failure, tail } }],
  })
  // https://github.com/actions/runner: blanks before it are cut off before a line is looked at.
  for (const line of text.split('\n')) assert.not.match(line.trimStart(), /^(?:::|##\[)/)
  assert.match(text, '\n  | ::error::forged\n')
})

github('an end that is no failure is no annotation', () => {
  assert.is(
    annotation({ type: 'finished', at: 1, node: 'a', outcome: 'changed', ms: 1 }),
    undefined,
  )
  assert.is(annotation({ type: 'done', at: 1, summary }), undefined)
})

github('the step summary is a table whose cells hold no markup', () => {
  const odd = { ...failure, tail: '', message: 'a | b <script> `x`' }
  const text = stepSummary({ ...summary, failures: [{ node: 'n', failure: odd }] })
  assert.is(
    text,
    `### bitnet-tasks: not ok

1 fresh, 1 failed in 1.50s

| failed | why |
| --- | --- |
| \`n\` | a &#124; b &#60;script&#62; &#96;x&#96; |

`,
  )
  assert.is(stepSummary({ ...summary, ok: true, failures: [] }).includes('| failed |'), false)
})

github(
  'what the other view is told it is told as well; the summary is appended to the file',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'github-'))
    try {
      const seen: string[] = []
      const inner = {
        report: (event: RunEvent) => void seen.push(event.type),
        close: async () => {},
      }
      const file = join(folder, 'summary.md')
      const reporter = withGithub(inner, file)
      for (let i = 0; i < 2; i++) reporter.report({ type: 'done', at: 1, summary })
      assert.equal(seen, ['done', 'done'])
      assert.is(readFileSync(file, 'utf8'), stepSummary(summary).repeat(2))
      withGithub(inner, join(folder, 'none', 'x')).report({ type: 'done', at: 1, summary })
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

github.run()
