// What becomes of a node that is stale still after its run, and whether somebody else can be the reason.
import * as assert from 'uvu/assert'
import { HeldNodes } from '../../graph/held.ts'
import { defineGraph, type Node, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'

const held = suite('held')

const graph = defineGraph({ tasks: [task('a', () => ({ run: sh`a` }))] })
const [a] = [...graph.nodes.values()] as [Node]
let sights = 0

/** A run of `a` that leaves it stale; what is to be done about it. */
function run(nodes: HeldNodes, wroteInput: boolean): number | 'held' {
  nodes.begin()
  if (wroteInput) nodes.wroteInput(a.name)
  nodes.ended(a.name, 'changed')
  const reasons = [{ kind: 'unrecorded', detail: '', log: '' }] as const
  const { again } = nodes.settle([{ node: a, sight: `${sights++}`, reasons }], true)
  return again?.calmMs ?? 'held'
}

held('one that may have written its inputs itself is left alone after a few runs', () => {
  const nodes = new HeldNodes()
  const found = Array.from({ length: 2 }, () => run(nodes, true))
  assert.equal(found, [0, 'held'])
  assert.equal(nodes.names, ['a'])
})

held('one whose inputs others change when it has ended runs again at once, however often', () => {
  const nodes = new HeldNodes()
  for (let i = 0; i < 100; i++) assert.is(run(nodes, false), 0)
  assert.equal(nodes.names, [])
  // It is a loop all the same.
  assert.equal(
    Array.from({ length: 2 }, () => run(nodes, false)),
    [0, 'held'],
  )
})

held('once that others were it, it is taken to be no writer of its inputs', () => {
  const nodes = new HeldNodes()
  const found = [true, false, true, false, true].map((wrote) => run(nodes, wrote))
  assert.equal(found, [0, 0, 0, 0, 0])
})

held.run()
