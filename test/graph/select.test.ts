import * as assert from 'uvu/assert'

import { defineGraph, GraphError, plan, select, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'

const BUILD = { backend: ['bitnet', 'llama'], device: ['cpu', 'cuda'] } as const
const fetch = task('fetch', { backend: BUILD.backend }, () => ({ run: sh`true` }))
const build = task('cmake-build', BUILD, ({ backend }) => ({
  needs: [fetch({ backend })],
  run: sh`true`,
}))
const docs = task('docs', () => ({ after: [fetch({ backend: 'llama' })], run: sh`true` }))
const graph = defineGraph({ tasks: [fetch, build, docs] })

const names = (selectors: readonly string[]): readonly string[] =>
  select(graph, selectors).map((node) => node.name)

const choose = suite('select')

choose('no selector is every node', () => {
  assert.equal(select(graph, []), graph.nodes)
})

choose('a whole name is one node', () => {
  assert.equal(names(['cmake-build[llama,cuda]']), ['cmake-build[llama,cuda]'])
  assert.equal(names(['docs']), ['docs'])
})

choose('a task is all its nodes', () => {
  assert.equal(names(['fetch']), ['fetch[bitnet]', 'fetch[llama]'])
})

choose('some of the values are every node that has them, in any order', () => {
  assert.equal(names(['cmake-build[cuda]']), [
    'cmake-build[bitnet,cuda]',
    'cmake-build[llama,cuda]',
  ])
  assert.equal(names(['cmake-build[cuda, llama]']), ['cmake-build[llama,cuda]'])
})

choose('several selectors give each node once, in graph order', () => {
  assert.equal(names(['docs', 'fetch[llama]', 'fetch']), ['fetch[bitnet]', 'fetch[llama]', 'docs'])
})

for (const [selector, hint] of [
  ['cmake-build[lama,cpu]', "did you mean 'cmake-build[llama,cpu]'?"],
  ['cmake-biuld', "did you mean 'cmake-build'?"],
  ['Docs', "did you mean 'docs'?"],
  ['fetch[vulkan]', 'there is fetch[bitnet], fetch[llama]'],
  ['nothing-like-it', 'there is fetch, cmake-build, docs'],
  ['fetch[', "did you mean 'fetch'?"],
] as const)
  choose(`'${selector}' is no node: ${hint}`, () => {
    try {
      select(graph, [selector])
      assert.unreachable()
    } catch (error) {
      assert.instance(error, GraphError)
      const { code, place, message, hint: is } = error as GraphError
      assert.is(code, 'unknown-node')
      assert.is(place, selector)
      assert.is(message, `no node is called "${selector}"`)
      assert.is(is, hint)
    }
  })

choose('a plan is the targets and all they stand on, in order', () => {
  const planned = plan(graph, select(graph, ['cmake-build[llama,cpu]', 'docs']))
  assert.equal(
    planned.map((node) => node.name),
    ['fetch[llama]', 'cmake-build[llama,cpu]', 'docs'],
  )
})

choose('a plan of every node is the graph', () => {
  assert.is(plan(graph, graph.nodes), graph.nodes)
})

choose.run()
