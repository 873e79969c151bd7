// timeout: 120
// The jobserver of a run with the real make: recipes write down when they begin and end, and the most
// that were under way at once is counted.
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { tokenPipe } from '../../../graph/host/tokens.ts'
import {
  defineGraph,
  type Graph,
  machine,
  type RunOptions,
  type RunSummary,
  runGraph,
  sh,
  task,
} from '../../../graph/index.ts'
import { suite } from '../../support/suite.ts'

interface Scene {
  folder: string
  run: (graph: Graph, options?: Partial<RunOptions>) => Promise<RunSummary>
}

const jobserver = suite<Scene>('jobserver', {} as Scene)

const MAKEFILE = `
all: 1 2 3 4 5 6
1 2 3 4 5 6: ; @echo + >> log; sleep 0.05; echo - >> log
bad: ; @exit 3
`

jobserver.before.each((scene) => {
  // A blank: MAKEFLAGS could not hold this path.
  const folder = fs.mkdtempSync(join(tmpdir(), 'job server-'))
  fs.writeFileSync(join(folder, 'Makefile'), MAKEFILE)
  const stateFolder = join(folder, 'state')
  const run: Scene['run'] = (graph, options) =>
    runGraph({ graph, host: machine(), folder, stateFolder }, { targets: [], ...options })
  Object.assign(scene, { folder, run })
})
jobserver.after.each(({ folder }) => fs.rmSync(folder, { recursive: true, force: true }))

const makes = (name: readonly string[]) =>
  task('make', { name }, () => ({ jobserver: true, run: sh`make` }))

for (const jobs of [1, 2, 3]) {
  jobserver(`two nodes with make inside: ${jobs} jobs in all at once`, async ({ folder, run }) => {
    const graph = defineGraph({ tasks: [makes(['a', 'b'])] })
    assert.is((await run(graph, { jobs })).ok, true)
    assert.is(overlap(folder, 12), jobs)
  })
}

jobserver('nodes without make are jobs like those inside make', async ({ folder, run }) => {
  const plain = task('plain', { n: ['1', '2', '3', '4'] }, () => ({
    run: sh`echo + >> log; sleep 0.05; echo - >> log`,
  }))
  const graph = defineGraph({ tasks: [makes(['a']), plain] })
  assert.is((await run(graph, { jobs: 2 })).ok, true)
  assert.is(overlap(folder, 10), 2)
})

jobserver('make stays silent, also where it calls itself', async ({ folder, run }) => {
  fs.writeFileSync(
    join(folder, 'Makefile'),
    `${MAKEFILE}\nouter: ; @$(MAKE) --no-print-directory\n`,
  )
  const graph = defineGraph({
    tasks: [task('outer', () => ({ jobserver: true, run: sh`make outer` }))],
  })
  assert.is((await run(graph, { jobs: 2 })).ok, true)
  assert.is(overlap(folder, 6), 2)
  assert.equal(fs.readdirSync(join(folder, 'state/logs')), [])
})

jobserver(
  'the tokens of a tool that was killed are there for the next',
  async ({ folder, run }) => {
    const takes = sh`dd bs=1 count=2 of=taken <&8 2>/dev/null && sleep 100`
    const killed = task('killed', () => ({
      ...{ jobserver: true, pool: 'one', timeoutMs: 700, run: takes },
    }))
    const next = task('next', () => ({ jobserver: true, pool: 'one', run: sh`make` }))
    const graph = defineGraph({ tasks: [killed, next], pools: { one: 1 } })
    const { outcomes } = await run(graph, { jobs: 3, keepGoing: true })
    assert.equal([outcomes['timed-out'], outcomes.changed], [1, 1])
    assert.ok(fs.statSync(join(folder, 'taken')).size > 0)
    assert.is(overlap(folder, 6), 3)
  },
)

jobserver('after a failure keep-going goes on within the jobs', async ({ folder, run }) => {
  const bad = task('bad', () => ({ jobserver: true, run: sh`make bad all` }))
  const graph = defineGraph({ tasks: [bad, makes(['a', 'b'])] })
  const { outcomes } = await run(graph, { jobs: 2, keepGoing: true })
  assert.equal([outcomes.failed, outcomes.changed], [1, 2])
  assert.is(overlap(folder), 2)
})

jobserver('the FIFO lies in the state folder for as long as the run', async ({ folder, run }) => {
  const state = join(folder, 'state')
  fs.mkdirSync(state)
  // What a killed run left.
  fs.writeFileSync(join(state, 'jobserver'), 'left')
  const look = sh`stat -c %F:%a state/jobserver > seen; readlink -f /dev/fd/8 >> seen`
  const one = task('one', () => ({ jobserver: true, run: look }))
  assert.is((await run(defineGraph({ tasks: [one] }), { jobs: 2 })).ok, true)
  const seen = fs.readFileSync(join(folder, 'seen'), 'utf8')
  assert.is(seen, `fifo:600\n${fs.realpathSync(state)}/jobserver\n`)
  assert.is(fs.existsSync(join(state, 'jobserver')), false)
})

jobserver('a token is there once', async ({ folder }) => {
  const pipe = await tokenPipe(join(folder, 'tokens'))
  try {
    assert.is(pipe.take(), false)
    pipe.put(3)
    assert.equal([pipe.take(), pipe.take(), pipe.take(), pipe.take()], [true, true, true, false])
    pipe.put(4096)
    pipe.empty()
    assert.is(pipe.take(), false)
  } finally {
    pipe.close()
  }
  assert.is(fs.existsSync(join(folder, 'tokens')), false)
})

jobserver('where none can be made the error says where and why', async ({ folder }) => {
  const path = join(folder, 'none/tokens')
  const error = await tokenPipe(path).then(
    () => assert.unreachable(),
    (thrown: NodeJS.ErrnoException) => thrown,
  )
  assert.equal([error?.code, error?.path], ['ENOTSUP', path])
  assert.match(error?.message ?? '', /^the jobserver needs a FIFO here: mkfifo: .*No such file/)
})

jobserver.run()

/** The most recipes that were under way at once; `begun` is how many there were. */
function overlap(folder: string, begun?: number): number {
  const signs = fs.readFileSync(join(folder, 'log'), 'utf8').split('\n')
  if (begun !== undefined) assert.is(signs.filter((sign) => sign === '+').length, begun)
  let [now, most] = [0, 0]
  for (const sign of signs) {
    if (sign === '+') now++
    if (sign === '-') now--
    most = Math.max(most, now)
  }
  return most
}
