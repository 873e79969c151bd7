// wireit's scenarios of failures and of running side by side in our words.
import * as assert from 'uvu/assert'

import { defineGraph, type Graph, sh, type TaskHandle, task } from '../../graph/index.ts'
import { suite } from '../support/suite.ts'
import { gate, World } from '../support/world.ts'

const failures = suite('wireit: failures and jobs')

const chain = (run: Readonly<Record<string, string>>): Graph => {
  const tasks: TaskHandle<Record<never, never>>[] = []
  for (const [name, text] of Object.entries(run)) {
    const below = tasks.at(-1)
    tasks.push(task(name, () => ({ needs: below ? [below()] : [], run: sh(text) })))
  }
  return defineGraph({ tasks })
}

failures('a failure in the middle: what it needs is done, what needs it does not run', async () => {
  const world = new World()
  const { outcomes, summary } = await world.run(chain({ c: 'true', b: 'exit 42', a: 'echo' }))
  assert.equal(outcomes, { c: 'changed', b: 'failed', a: 'blocked' })
  assert.equal(
    summary.failures.map(({ node, failure }) => [node, failure.exitCode]),
    [['b', 42]],
  )
})

/** `bad` fails while `long` runs; then `next`, which stands on `long`, and `other` could begin. */
async function failing(options: { readonly keepGoing?: true; readonly failFast?: true }) {
  const world = new World()
  const [bad, long] = [gate(), gate()]
  const behaviour = (door: typeof bad, code: number) => async () => {
    await door.wait()
    return code
  }
  world.host.shell.commands.set('bad', behaviour(bad, 1))
  world.host.shell.commands.set('long', behaviour(long, 0))
  const first = task('long', () => ({ run: sh`long` }))
  const graph = defineGraph({
    tasks: [
      ...[task('bad', () => ({ run: sh`bad` })), first],
      task('next', () => ({ needs: [first()], run: sh`true` })),
      task('other', () => ({ run: sh`true` })),
    ],
  })
  const running = world.run(graph, {
    ...options,
    jobs: 2,
    report: (event) => {
      if (event.type === 'finished' && event.node === 'bad' && !options.failFast) long.open()
    },
  })
  await Promise.all([bad.reached, long.reached])
  bad.open()
  return running
}

failures('after a failure what runs comes to its end, and nothing new starts', async () => {
  const { outcomes } = await failing({})
  assert.equal(outcomes, { bad: 'failed', long: 'changed', next: 'cancelled', other: 'cancelled' })
})

failures('--keep-going starts all that does not stand on the failure', async () => {
  const { outcomes } = await failing({ keepGoing: true })
  assert.equal(outcomes, { bad: 'failed', long: 'changed', next: 'changed', other: 'changed' })
})

failures('--fail-fast ends what runs, and the run has failed and was not cancelled', async () => {
  for (const keepGoing of [{}, { keepGoing: true } as const]) {
    const { outcomes, summary } = await failing({ failFast: true, ...keepGoing })
    const rest = { long: 'cancelled', next: 'cancelled', other: 'cancelled' }
    assert.equal(outcomes, { bad: 'failed', ...rest })
    assert.equal([summary.ok, summary.cancelled], [false, false])
  }
})

failures('an input that vanishes under the run is a failure that names it', async () => {
  const graph = defineGraph({
    tasks: [
      task('b', () => ({ run: sh`rm a.in` })),
      task('a', () => ({
        after: [task('b', () => ({ run: sh`rm a.in` }))()],
        inputs: ['a.in'],
        run: sh`true`,
      })),
    ],
  })
  const { failures: found } = await new World({ 'a.in': '' }).run(graph)
  assert.match(found['a']?.message ?? '', /no file matches the input 'a.in'/)
})

failures('an output that vanishes before it is recorded is a failure that names it', async () => {
  const graph = defineGraph({
    tasks: [task('a', () => ({ outputs: ['a.out'], run: sh`echo > a.out && rm a.out` }))],
  })
  const { failures: found } = await new World().run(graph)
  assert.match(found['a']?.message ?? '', /a\.out/)
})

/** How many of four independent nodes run at once. */
async function mostAtOnce(jobs: number | undefined): Promise<number> {
  const world = new World()
  let most = 0
  let running = 0
  const names = ['a', 'b', 'c', 'd']
  const all = gate()
  for (const name of names)
    world.host.shell.commands.set(name, async () => {
      most = Math.max(most, ++running)
      if (running === Math.min(jobs ?? world.host.cores, names.length)) all.open()
      await all.wait()
      running--
      return 0
    })
  const graph = defineGraph({ tasks: names.map((name) => task(name, () => ({ run: sh(name) }))) })
  await world.run(graph, jobs === undefined ? {} : { jobs })
  return most
}

failures(
  'what does not stand on one another runs at once: as many as there are cores',
  async () => {
    assert.is(await mostAtOnce(undefined), 4)
  },
)

failures('--jobs 1 runs one after the other', async () => {
  assert.is(await mostAtOnce(1), 1)
})

failures('a circle is refused with its way round', () => {
  const lazily = (name: string, needs: readonly string[]) =>
    task(name, () => ({ needs: needs.map((one) => ({ task: one, values: {} })), run: sh`true` }))
  assert.throws(() => defineGraph({ tasks: [lazily('a', ['a'])] }), /a -> a/)
  const tasks = [lazily('a', ['b']), lazily('b', ['c']), lazily('c', ['a'])]
  assert.throws(() => defineGraph({ tasks }), /a -> b -> c -> a/)
})

failures('a need that is not listed is refused with the way out', () => {
  const build = task('build', () => ({ run: sh`true` }))
  const a = task('a', () => ({ needs: [build()], run: sh`true` }))
  assert.throws(
    () => defineGraph({ tasks: [a] }),
    (error: { message: string; hint?: string }) =>
      error.message === "'a' needs 'build', which no task makes" &&
      error.hint === "list the task 'build' in defineGraph({ tasks })",
  )
})

failures('the same need twice is one need', async () => {
  const b = task('b', () => ({ run: sh`true` }))
  const a = task('a', () => ({ needs: [b(), b()], after: [b()], run: sh`true` }))
  assert.equal((await new World().run(defineGraph({ tasks: [a, b] }))).started, ['b', 'a'])
})

failures.run()
