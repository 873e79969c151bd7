// What stands in the pictures of a graph and in the page of a run, where a person looks.
import * as assert from 'uvu/assert'

import { graphPage } from '../../../src/report/html.ts'
import { escapeLines } from '../../../src/report/markup.ts'
import { svgText } from '../../../src/report/svg.ts'
import { timelineText } from '../../../src/report/timeline.ts'
import { suite } from '../../support/suite.ts'

const pictures = suite('pictures')

const node = (name: string, needs: readonly string[] = [], href?: string) => ({
  name,
  title: name,
  needs,
  state: 'changed',
  ms: 200,
  ...(href === undefined ? {} : { href }),
})
const labelOf = (svg: string): string | undefined => / aria-label="([^"]*)"/.exec(svg)?.[1]

pictures('a picture says how many nodes or tasks it shows', () => {
  assert.is(labelOf(svgText([node('a')])), 'graph of 1 node')
  assert.is(labelOf(svgText([node('a'), node('b')])), 'graph of 2 nodes')
  const many = Array.from({ length: 90 }, (_, i) => node(`leaf[${i}]`))
  assert.is(labelOf(svgText(many)), 'graph of 1 task')
  assert.match(graphPage([]), '<p>the graph has no nodes</p>')
})

pictures(
  'in a picture of tasks one of a single node is that node, and each leads somewhere',
  () => {
    const many = Array.from({ length: 90 }, (_, i) => node(`leaf[${i}]`, [], `#n${i}`))
    const svg = svgText([...many, node('all', ['leaf[0]'], '#n90')])
    assert.match(svg, /<text class="note"[^>]*>changed 0\.2s</)
    assert.match(svg, /<a href="#n0">.*>90 changed 18\.0s</)
    assert.match(svg, '<a href="#n90">')
  },
)

pictures('links are there for a reader of the screen', () => {
  assert.match(svgText([node('a', [], '#n0')]), 'role="group"')
  assert.match(svgText([node('a')]), 'role="img"')
})

pictures('nodes of one column stand in their order', () => {
  const svg = svgText([node('hub'), node('x', ['hub']), node('y', ['hub']), node('z', ['hub'])])
  const y = (name: string): number =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(svg)?.[1])
  assert.ok(y('x') < y('y') && y('y') < y('z'), svg)
})

for (const [ms, ticks] of [
  [1, '0.000s'],
  [28, '0.000s 0.005s 0.010s 0.015s 0.020s 0.025s'],
  [300, '0.00s 0.05s 0.10s 0.15s 0.20s 0.25s'],
  [4960, '0s 1s 2s 3s 4s'],
  [83_000, '0s 20s 40s 60s'],
  [1_000_000, '0s 200s 400s 600s 800s'],
] as const)
  pictures(`the ticks of a run of ${ms} ms stand at round times`, () => {
    const ran = {
      ...node('a'),
      ...{ outcome: 'changed' as const, reasons: [], attempts: 1 },
      ...{ ms, startedAt: 1000, spanMs: ms },
      ...{ log: undefined, failure: undefined, blockedBy: undefined },
    }
    const found = [...timelineText([ran], 1000).matchAll(/dx="3" y="12">([^<]*)/g)]
    assert.is(found.map(([, time]) => time).join(' '), ticks)
  })

pictures('of a bar that was written over and over a page shows what it said last', () => {
  const log = 'objects: 10%\robjects: 20%\robjects: 100%, done.\r\nnext\r\nhalf 1%\rhalf 2%\r'
  assert.is(escapeLines(log), 'objects: 100%, done.\nnext\nhalf 2%')
})

pictures.run()
