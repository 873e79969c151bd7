// What the shipped graph fetches and runs for each backend, as it stands in the graph: without a
// machine, a network or a choice of the person.
import * as assert from 'uvu/assert'

import { repairGraph } from '../../bitnet.tasks.ts'
import { commandText } from '../../graph/index.ts'
import { BACKENDS } from '../../tasks/backends.ts'
import { suite } from '../support/suite.ts'

const backends = suite('backends')

const graph = repairGraph()
const roots = { ...graph.roots, node: '/node', steps: '/steps', '': '/cache' }

/** The commands of all nodes of one backend. */
const commandsOf = (name: string): readonly string[] =>
  graph.nodes
    .filter((node) => node.values['backend'] === name)
    .flatMap((node) => [...node.commands, ...[node.spec.contracts ?? []].flat()])
    .map((command) => commandText(command, roots))

for (const [line, name, url] of [
  [61, 'bitnet', 'https://github.com/microsoft/BitNet'],
  [62, 'llama', 'https://github.com/ggerganov/llama.cpp'],
] as const) {
  backends(`AC-0${line} the source of ${name} is ${url}, unless another one is named`, () => {
    const [fetch = ''] = commandsOf(name)
    assert.match(fetch, '/steps/fetch-source.')
    assert.ok(fetch.includes(`"mirrors":[{"kind":"git","url":"${url}"}`), fetch)
    const other = repairGraph({ repository: { [name]: 'https://git.example/x' } })
    const [asked = ''] = other.nodes
      .filter((node) => node.name === `fetch-source[${name}]`)
      .flatMap((node) => node.commands.map((command) => commandText(command, roots)))
    assert.ok(asked.includes('"mirrors":[{"kind":"git","url":"https://git.example/x"}]'), asked)
  })

  backends(
    `AC-0${line === 61 ? 63 : 62} ${name} is built by CMake, and by nothing of its own`,
    () => {
      const programs = commandsOf(name).map((command) => command.split(' ')[0])
      assert.equal([...new Set(programs)].sort(), ['/node/node', 'cmake'])
      assert.ok(commandsOf(name).some((command) => command.startsWith('cmake --build ')))
    },
  )
}

backends('what messages call a step is short, and holds none of its orders', () => {
  const archive = { given: { llama: { kind: 'archive', path: '/x/y.tgz' } } } as const
  const steps = [graph, repairGraph(archive)]
    .flatMap(({ nodes }) => nodes)
    .flatMap(({ commands, spec }) => [...commands, ...(spec.contracts ?? [])])
    .filter((command) =>
      commandText(command, { ...roots, 'given-llama': '/x' }).includes('/steps/'),
    )
  assert.ok(steps.length > 20)
  for (const { title = '' } of steps) assert.match(title, /^[a-z-]+(?: [\w./,-]+)*$/)
  assert.ok(steps.some(({ title }) => title === 'fetch-source sources/llama'))
})

backends('AC-064 they are installed where BitNet-rs looks', () => {
  assert.equal(
    Object.values(BACKENDS).map(({ folder, folderVariable }) => [folder, folderVariable]),
    [
      ['bitnet_cpp', 'BITNET_CPP_DIR'],
      ['llama_cpp', 'LLAMA_CPP_DIR'],
    ],
  )
})

backends.run()
