// Every view of a run is a function of its events: from the file that is kept of the run, each says again
// what it said, byte for byte.
import * as assert from 'uvu/assert'

import {
  defineGraph,
  type Graph,
  type RunEvent,
  type RunOptions,
  readRun,
  sh,
  task,
} from '../../../graph/index.ts'
import { htmlText } from '../../../src/report/html.ts'
import { lineReporter } from '../../../src/report/lines.ts'
import { pastNodes, summaryOf } from '../../../src/report/past-nodes.ts'
import { summaryText } from '../../../src/report/summary-text.ts'
import { traceText } from '../../../src/report/trace.ts'
import { suite } from '../../support/suite.ts'
import { World } from '../../support/world.ts'

const part = task('part', { of: ['a', 'b'] }, ({ of }) => ({
  title: `part <${of}> & co`,
  inputs: [`${of}.in`],
  outputs: [`${of}.out`],
  run: sh`make ${of}`,
}))
const all = task('all', () => ({
  needs: [part({ of: 'a' }), part({ of: 'b' })],
  outputs: ['all.out'],
  run: sh`cat a.out b.out > all.out`,
}))
const graph: Graph = defineGraph({ tasks: [part, all] })

function world(): World {
  const made = new World({ 'a.in': 'a', 'b.in': 'b' })
  for (const name of ['a', 'b'])
    made.host.shell.commands.set(`make ${name}`, ({ print }) => {
      print(`part ${name}\n`)
      made.host.clock.advance(1234)
      const text = made.read(`${name}.in`) ?? ''
      if (text === 'bad') {
        print(`${name}.c:3: error: expected ;\n`)
        return 3
      }
      made.write(`${name}.out`, text)
      return 0
    })
  return made
}

const runs: Readonly<Record<string, (made: World) => Promise<Partial<RunOptions>>>> = {
  'a cold run': async () => ({}),
  'a failed run': async (made) => {
    made.edit('a.in', 'bad')
    return { keepGoing: true }
  },
  'a run that failed before': async (made) => {
    made.edit('a.in', 'bad')
    await made.run(graph, { keepGoing: true, retry: false })
    return { keepGoing: true, retry: false }
  },
  'a restored run': async (made) => {
    await made.run(graph, { cache: true })
    made.edit('a.in', 'A')
    await made.run(graph, { cache: true })
    made.edit('a.in', 'a')
    return { cache: true }
  },
  'a run that is tried again': async (made) => {
    made.edit('b.in', 'bad')
    return {
      onFailure: (_node, _failure, attempt) =>
        attempt === 1 ? { class: 'network', retryAfterMs: 1000 } : {},
      report: ({ type }) => {
        if (type === 'retrying') setImmediate(() => made.host.clock.advance(1000))
      },
    }
  },
  'a run whose input changed meanwhile': async (made) => {
    made.host.shell.commands.set('make b', () => {
      made.write('b.out', 'b')
      made.write('b.in', 'later')
      return 0
    })
    return {}
  },
  'a cancelled run': async (made) => {
    const stop = new AbortController()
    made.host.shell.commands.set('make b', () => {
      stop.abort()
      return 1
    })
    return { signal: stop.signal }
  },
}

/** All that the views say of these events. */
async function said(
  events: readonly RunEvent[],
  { id, since }: { readonly id: string; readonly since: number },
): Promise<Readonly<Record<string, string>>> {
  let lines = ''
  const write = (text: string): void => {
    lines += text
  }
  const { report } = lineReporter({ since, write })
  for (const event of events) report(event)
  const header = { type: 'run', version: 1, id, at: since, targets: [] } as const
  const nodes = pastNodes({ header, events })
  const summary = await summaryText(summaryOf({ header, events })!)
  return {
    lines,
    summary,
    page: htmlText({ ...header, summary, nodes, logOf: () => '' }),
    trace: traceText(since, nodes, () => []),
  }
}

const replay = suite('replay')

for (const [what, prepare] of Object.entries(runs))
  replay(`${what} is told again byte for byte from what is kept of it`, async () => {
    const made = world()
    const options = await prepare(made)
    const { events, summary } = await made.run(graph, { ...options, follow: true })
    const { header, events: kept } = readRun(made.session(graph), summary.run as string)
    const at = { id: header.id, since: header.at }
    const live = await said(events, at)
    assert.equal(await said(kept, at), live)
    assert.is(await summaryText(summary), live['summary'])
    for (const text of Object.values(live)) assert.ok(text.length > 0)
  })

replay.run()
