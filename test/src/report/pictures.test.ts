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

pictures('no two ticks of a short run say the same', () => {
  const ran = {
    ...node('a'),
    outcome: 'changed' as const,
    reasons: [],
    ms: 28,
    startedAt: 1000,
    spanMs: 28,
    attempts: 1,
    log: undefined,
    failure: undefined,
    blockedBy: undefined,
  }
  const ticks = [...timelineText([ran], 1000).matchAll(/dx="3" y="12">([^<]*)/g)].map(([, t]) => t)
  assert.equal(ticks, ['0.000s', '0.007s', '0.014s', '0.021s'])
})

pictures('of a bar that was written over and over a page shows what it said last', () => {
  const log = 'objects: 10%\robjects: 20%\robjects: 100%, done.\r\nnext\r\nhalf 1%\rhalf 2%\r'
  assert.is(escapeLines(log), 'objects: 100%, done.\nnext\nhalf 2%')
})

pictures.run()
