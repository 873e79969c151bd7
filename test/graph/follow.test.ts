import * as assert from 'uvu/assert'

import { defineGraph, type RunEvent, sh, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { STATE, World } from '../support/world.ts'

const graph = defineGraph({ tasks: [task('build', () => ({ run: sh`build` }))] })

// Runs a command that prints the pieces, 100 ms apart, and tells what the run reported of them.
async function told(pieces: readonly string[]): Promise<readonly unknown[]> {
  const world = new World()
  world.host.shell.commands.set('build', ({ print }) => {
    for (const piece of pieces) {
      print(piece)
      world.host.clock.advance(100)
    }
    return undefined
  })
  const { events } = await world.run(graph, { follow: true })
  assert.is(world.host.clock.waiting, 0)
  return events.flatMap(brief)
}

function brief(event: RunEvent): readonly unknown[] {
  if (event.type === 'output') return [event.lines]
  if (event.type === 'progress') return [`${event.done}/${event.total} ${event.line}`]
  return []
}

const follow = suite('follow')

follow('lines are told while the command runs', async () => {
  assert.equal(await told(['one\ntwo\n', 'three\n']), [['one', 'two'], ['three']])
})

follow('a log that cannot be read is not shown, and the run goes on', async () => {
  const world = new World()
  world.host.shell.commands.set('build', ({ print }) => {
    print('one\n')
    world.host.disk.fault = (operation, path) =>
      operation === 'read' && path.startsWith(`${STATE}/logs`) ? 'EISDIR' : undefined
    world.host.clock.advance(100)
    world.host.disk.fault = () => undefined
    print('two\n')
    return undefined
  })
  const { events, summary } = await world.run(graph, { follow: true })
  assert.equal(events.flatMap(brief), [['one', 'two']])
  assert.is(summary.ok, true)
})

follow('a line is told when it is whole, and the last one at the end', async () => {
  assert.equal(await told(['on', 'e\ntw', 'o']), [['one'], ['two']])
})

follow('AC-245 steps of ninja and make are progress', async () => {
  assert.equal(await told(['[3/7] Building x\n']), [['[3/7] Building x'], '3/7 Building x'])
  assert.equal(await told(['[ 42%] Built y\n']), [['[ 42%] Built y'], '42/100 Built y'])
  assert.equal(await told(['[1/3] a\n[2/3] b\nnote\n']), [['[1/3] a', '[2/3] b', 'note'], '2/3 b'])
  assert.equal(await told(['see [1/3]\n']), [['see [1/3]']])
})

follow('AC-245 the share that a download has come to is progress', async () => {
  const line = (percent: number): string =>
    `Receiving objects:  ${percent}% (${percent * 3}/300), 1.20 MiB | 3.00 MiB/s`
  assert.equal(await told([`${line(42)}\r${line(43)}\r`, `${line(100)}, done.\n`]), [
    [line(42), line(43)],
    `43/100 ${line(43)}`,
    [`${line(100)}, done.`],
    `100/100 ${line(100)}, done.`,
  ])
  assert.equal(await told(['made: 50% of it\n']), [['made: 50% of it']])
})

follow('a line that is written over counts as lines', async () => {
  assert.equal(await told(['10%\r20%\r\n']), [['10%', '20%']])
})

follow('a long step is cut', async () => {
  const [, progress] = await told([`[1/2] ${'x'.repeat(300)}\n`])
  assert.is(progress, `1/2 ${'x'.repeat(200)}`)
})

follow(
  'a log larger than one read is told to its end, also where a character lies across',
  async () => {
    const line = `${'é'.repeat(99)}\n`
    const all = (await told([`x${line.repeat(5000)}end`])).flat() as string[]
    assert.is(all.length, 5001)
    assert.is(all.at(-1), 'end')
    assert.is(all.at(-2), 'é'.repeat(99))
  },
)

follow('lines of a command that prints into a spool are told once, in order', async () => {
  const world = new World()
  const { shell, clock } = world.host
  shell.hasSpool = true
  for (const name of ['one', 'two'])
    shell.commands.set(name, ({ print }) => {
      print(`${name} begins\n`)
      clock.advance(100)
      print(`${name} é`)
      clock.advance(100)
      print(' ends\n')
      return undefined
    })
  const both = defineGraph({ tasks: [task('both', () => ({ run: [sh`one`, sh`two`] }))] })
  const { events } = await world.run(both, { follow: true })
  const lines = ['one begins', 'one é ends', 'two begins', 'two é ends']
  assert.equal(events.flatMap(brief).flat(), lines)
  assert.is(world.host.disk.readText(`${STATE}/logs/both.1.log`), `${lines.join('\n')}\n`)
})

follow('without it no output is told', async () => {
  const world = new World()
  world.host.shell.commands.set('build', ({ print }) => print('one\n') as undefined)
  const { events } = await world.run(graph)
  assert.equal(
    events.filter((event) => event.type === 'output'),
    [],
  )
})

follow('several nodes are told apart', async () => {
  const world = new World()
  const t = task('t', { name: ['a', 'b'] }, ({ name }) => ({ run: sh`echo ${name}` }))
  const { events } = await world.run(defineGraph({ tasks: [t] }), { follow: true })
  assert.equal(
    events.map((event) => event.type === 'output' && [event.node, event.lines]).filter(Boolean),
    [
      ['t[a]', ['a']],
      ['t[b]', ['b']],
    ],
  )
})

follow.run()
