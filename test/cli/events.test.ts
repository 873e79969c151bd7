// timeout: 300
// The events as they are published: what runs keep and what a watch prints fits the schema line by line,
// and fits it no more with a field too many or one too few.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as assert from 'uvu/assert'

import type { NodeFailure, Reason, WatchEvent } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { type At, PARTS, withParts } from './support/parts-graph.ts'
import { bitnetTasks, start } from './support/program.ts'
import { endAll, WatchProcess } from './support/watching.ts'

const published = suite('published events')

const schema = fs.readFileSync(join(import.meta.dirname, '../../docs/schemas/events.json'), 'utf8')
const validate = new Ajv2020({ strict: true }).compile(JSON.parse(schema))

// tsc counts them: a new type has to be published, and met.
const TYPES: Readonly<Record<WatchEvent['type'] | 'run' | 'watch', true>> = {
  run: true,
  watch: true,
  planned: true,
  waiting: true,
  stale: true,
  started: true,
  progress: true,
  output: true,
  retrying: true,
  'input-moved': true,
  'held-back': true,
  reopened: true,
  'not-stored': true,
  finished: true,
  done: true,
  idle: true,
  polling: true,
  restless: true,
  loaded: true,
  stopped: true,
}
const MAY_LACK = ['id', 'owner', 'nodes', 'failure', 'blockedBy']

type Line = Readonly<Record<string, unknown>> & { readonly type: string }
const seen = new Map<string, Line>()

/** Each line is an event as published. */
function fits(lines: readonly Line[]): readonly Line[] {
  for (const line of lines) {
    assert.ok(validate(line), `${JSON.stringify(line)}\n${JSON.stringify(validate.errors)}`)
    if (!seen.has(line.type)) seen.set(line.type, line)
  }
  return lines
}

function parsed(text: string): readonly Line[] {
  assert.ok(text.endsWith('\n'))
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

function lastRun(home: string): readonly Line[] {
  const folder = join(home, '.bitnet-tasks/runs')
  const name = fs.readdirSync(folder).sort().at(-1) as string
  return fits(parsed(fs.readFileSync(join(folder, name), 'utf8')))
}

function withGraph(body: (at: At) => Promise<void>): () => Promise<void> {
  return withParts(async (at) => {
    try {
      await body(at)
    } finally {
      await endAll()
    }
  })
}

const outcomes = (lines: readonly Line[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    lines.filter(({ type }) => type === 'finished').map(({ node, outcome }) => [node, outcome]),
  )

published(
  'what is kept of a cold run, a failed one, one that failed before, and a restored one',
  withGraph(async ({ home, write }) => {
    await bitnetTasks(['run'], { home })
    const cold = lastRun(home)
    assert.equal([cold[0]?.type, cold[0]?.['version'], cold.at(-1)?.type], ['run', 1, 'done'])
    assert.equal(outcomes(cold), { 'part[a]': 'changed', 'part[b]': 'changed', all: 'changed' })
    write('a.txt', 'bad\n')
    await bitnetTasks(['run', '-k'], { home })
    assert.equal(outcomes(lastRun(home)), {
      ...{ 'part[a]': 'failed', 'part[b]': 'fresh', all: 'blocked' },
    })
    await bitnetTasks(['run', '-k'], { home })
    const again = lastRun(home).find(({ outcome }) => outcome === 'failed')
    assert.type((again as { failure?: NodeFailure }).failure?.before, 'number')
    write('a.txt', 'a\n')
    await bitnetTasks(['run'], { home })
    assert.is(outcomes(lastRun(home))['part[a]'], 'restored')
  }),
)

published(
  'what is kept of a run that was interrupted, and of one whose input changed meanwhile',
  withGraph(async ({ home, write }) => {
    write('wait', '')
    const running = start(['run'], { home })
    await running.says('all started')
    running.child.kill('SIGINT')
    assert.is((await running.ended).signal, 'SIGINT')
    const lines = lastRun(home)
    assert.is(outcomes(lines)['all'], 'cancelled')
    assert.is((lines.at(-1) as { summary?: { cancelled: boolean } }).summary?.cancelled, true)
    const moving = start(['run'], { home })
    await moving.says('all started')
    write('out/a.txt', 'edited\n')
    fs.rmSync(join(home, 'wait'))
    await moving.ended
    assert.ok(lastRun(home).some(({ type }) => type === 'input-moved'))
  }),
)

published(
  'what a watch prints: a run, an edit while it goes on, another graph, one that is no graph',
  withGraph(async ({ home, write }) => {
    const watching = new WatchProcess([], { home })
    await watching.next('idle')
    write('wait', '')
    write('a.txt', 'A\n')
    await watching.next('started', ({ node }) => node === 'all')
    write('b.txt', 'B\n')
    await watching.next('reopened')
    fs.rmSync(join(home, 'wait'))
    await watching.next('done')
    write('bitnet.tasks.ts', 'export default 1\n')
    await watching.next('stopped')
    write('bitnet.tasks.ts', PARTS)
    await watching.next('loaded')
    await watching.end()
    const lines = fits(watching.events as unknown as readonly Line[])
    assert.equal([lines[0]?.type, lines[0]?.['version']], ['watch', 1])
    assert.ok(lines.some(({ type }) => type === 'output'))
    assert.ok(lines.some(({ type }) => type === 'progress'))
  }),
)

published(
  'what a watch prints while another run holds the lock',
  withGraph(async ({ home, write }) => {
    write('wait', '')
    const running = start(['run'], { home })
    await running.says('all started')
    const watching = new WatchProcess([], { home })
    await watching.next('waiting')
    fs.rmSync(join(home, 'wait'))
    await running.ended
    await watching.next('idle')
    await watching.end()
    fits(watching.events as unknown as readonly Line[])
  }),
)

published(
  'a run that goes on is told as running; once killed it ends in the middle, and every line of it fits',
  withGraph(async ({ home, write }) => {
    // What is kept is written four times a second.
    write(
      'bitnet.tasks.ts',
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const first = task('first', () => ({ run: sh\`sleep 0.3\` }))
const all = task('all', () => ({ needs: [first()], run: sh\`while [ -f wait ]; do sleep 0.02; done\` }))
export default defineGraph({ tasks: [first, all] })
`,
    )
    write('wait', '')
    const running = start(['run'], { home })
    await running.says('all started')
    const told = async (command: string): Promise<string> =>
      (await bitnetTasks([command], { home })).stdout
    assert.match(await told('runs'), / {2}running {2}all\n$/)
    assert.match(await told('report'), / is running\n$/)
    running.child.kill('SIGKILL')
    await running.ended
    assert.match(await told('runs'), / {2}killed {2}all\n$/)
    assert.match(await told('report'), / was killed\n$/)
    // What it left behind ends by itself.
    fs.rmSync(join(home, 'wait'))
    assert.not(lastRun(home).some(({ type }) => type === 'done'))
  }),
)

const FAILURE: NodeFailure = {
  message: 'command failed with signal SIGSEGV: cc',
  how: 'command',
  signal: 'SIGSEGV',
  tail: 'cc: internal error\n',
  log: '/state/logs/a.1.log',
  hint: 'look at the log',
  class: 'network',
}

// A full disk, a busy machine and a kernel without room are not had at will: these are as the types have them.
const RARE: readonly WatchEvent[] = [
  { type: 'retrying', at: 1.5, node: 'a', attempt: 1, afterMs: 1000, failure: FAILURE },
  { type: 'held-back', at: 1, load: 3.5, maxLoad: 2 },
  { type: 'not-stored', at: 1, node: 'a', errno: 'ENOSPC' },
  { type: 'polling', at: 1, errno: 'ENOSPC', folder: '/home/you', everyMs: 1000 },
  { type: 'restless', at: 1, nodes: ['a', 'b[c,d]'] },
]

published('events of a full disk, a busy machine, a kernel without room', () => {
  fits(RARE as unknown as readonly Line[])
})

// tsc counts these too.
const KINDS: Readonly<Record<Reason['kind'], true>> = {
  'no-record': true,
  forced: true,
  always: true,
  interrupted: true,
  'failed-before': true,
  unrecorded: true,
  'command-changed': true,
  'contract-changed': true,
  'cwd-changed': true,
  'output-spec-changed': true,
  'clean-changed': true,
  'param-changed': true,
  'param-renamed': true,
  'set-changed': true,
  'env-changed': true,
  'tool-changed': true,
  'fact-changed': true,
  'input-changed': true,
  'input-added': true,
  'input-removed': true,
  'input-renamed': true,
  'discovered-changed': true,
  'need-changed': true,
  'need-added': true,
  'need-removed': true,
  'need-replaced': true,
  'format-changed': true,
  'output-missing': true,
  'output-changed': true,
  'output-added': true,
  'need-will-run': true,
  'input-missing': true,
}

published('every kind of reason fits with its own fields, and an unknown one does not', () => {
  const fitting = (kind: string): number =>
    [
      { kind },
      { kind, detail: 'd', log: '/l' },
      { kind, name: 'n', old: 'o', new: 'n' },
      { kind, name: 'n' },
      { kind, name: 'n', detail: 'd' },
    ].filter((reason) => validate({ type: 'stale', at: 1, node: 'a', reasons: [reason] })).length
  for (const kind of Object.keys(KINDS)) assert.is(fitting(kind), 1, kind)
  assert.is(fitting('other'), 0)
})

published('every type of event was met; another type, a field more or one less is refused', () => {
  assert.equal([...seen.keys()].sort(), Object.keys(TYPES).sort())
  for (const [type, event] of seen) {
    assert.not(validate({ ...event, type: `${type}er` }), `${type}er is a type`)
    assert.not(validate({ ...event, more: 1 }), `${type} takes any field`)
    for (const field of Object.keys(event)) {
      if (MAY_LACK.includes(field)) continue
      const { [field]: _, ...less } = event
      assert.not(validate(less), `${type} does without '${field}'`)
    }
  }
  const done = seen.get('done') as Line
  assert.not(validate({ ...done, summary: { ...(done['summary'] as object), more: 1 } }))
  const header = seen.get('run') as Line
  assert.not(validate({ ...header, version: 2 }))
  const finished = seen.get('finished') as Line
  assert.not(validate({ ...finished, outcome: 'perhaps' }))
})

published.run()
