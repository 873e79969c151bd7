// timeout: 120
// The jobserver of a run with the real make: recipes write down when they begin and end, and the most
// that were under way at once is counted.
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { inheritedPipe, tokenPipe } from '../../../graph/host/tokens.ts'
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

// A run that make starts: `sign` is '+' where the recipe hands the jobserver on.
function calledByMake(folder: string, sign: string, jobs: number): string {
  const index = new URL('../../../graph/index.ts', import.meta.url).href
  const nodes = `task('n', { n: ['1', '2', '3', '4'] }, () => ({ run: sh\`echo + >> log; sleep 0.05; echo - >> log\` }))`
  const inner = `task('inner', () => ({ jobserver: true, run: sh\`make -f Makefile 1 2 3\` }))`
  fs.writeFileSync(
    join(folder, 'run.mjs'),
    `import { defineGraph, machine, runGraph, sh, task } from '${index}'
const graph = defineGraph({ tasks: [${nodes}, ${inner}] })
const session = { graph, host: machine(), folder: process.cwd(), stateFolder: process.cwd() + '/state' }
const { ok } = await runGraph(session, { targets: [] })
console.log(ok)`,
  )
  const recipe = `${sign}@'${process.execPath}' run.mjs\n`
  fs.writeFileSync(
    join(folder, 'outer.mk'),
    `${MAKEFILE.replace('all: ', 'all: graph ')}\ngraph: ; ${recipe}`,
  )
  const args = ['-f', 'outer.mk', `-j${jobs}`]
  const env = { PATH: process.env['PATH'] }
  const { stdout, stderr } = spawnSync('make', args, { cwd: folder, env, encoding: 'utf8' })
  // make would say here that tokens are missing.
  return stdout + stderr
}

for (const jobs of [2, 3]) {
  jobserver(`a run that make -j${jobs} starts takes part in its jobs`, ({ folder }) => {
    assert.is(calledByMake(folder, '+', jobs), 'true\n')
    assert.is(overlap(folder, 13), jobs)
  })
}

jobserver('where make does not hand its jobserver on, the run goes by itself', ({ folder }) => {
  assert.is(calledByMake(folder, '', 2), 'true\n')
  assert.ok(overlap(folder, 13) > 1)
})

jobserver("only a pipe that is the parent's, or a FIFO, is taken for a jobserver", ({ folder }) => {
  fs.writeFileSync(join(folder, 'file'), '')
  for (const flags of [
    '',
    'k',
    ' -j2 --jobserver-auth=98,99',
    ` -j2 --jobserver-auth=${pipeOfNode()}`,
    ' -j2 --jobserver-auth=-2,-2',
    ` --jobserver-auth=fifo:${folder}/none`,
    ' --jobserver-auth=fifo:/dev/null',
  ])
    assert.is(inheritedPipe(flags), undefined, flags)
})

jobserver('a FIFO that MAKEFLAGS names is the jobserver; the last one counts', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'fifo-'))
  const own = await tokenPipe(join(folder, 'fifo'))
  try {
    const pipe = inheritedPipe(` -j3 --jobserver-auth=3,4 --jobserver-auth=fifo:${own.path} -l2`)
    own.put(1)
    assert.equal([pipe?.take(), pipe?.take()], [true, false])
    pipe?.close()
    assert.ok(fs.existsSync(own.path))
  } finally {
    own.close()
    fs.rmSync(folder, { recursive: true })
  }
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

/** Two descriptors of a pipe that is Node's own affair. */
function pipeOfNode(): string {
  const link = (pid: number, fd: string): string => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  }
  const own = fs
    .readdirSync('/proc/self/fd')
    .filter((fd) => link(process.pid, fd).startsWith('pipe:'))
    .filter((fd) => link(process.pid, fd) !== link(process.ppid, fd))
  const isOther = (one: string, other: string): boolean =>
    one !== other && link(process.pid, one) === link(process.pid, other)
  const pairs = own.flatMap((one) =>
    own.filter((other) => isOther(one, other)).map((w) => [one, w]),
  )
  assert.ok(pairs[0])
  return `${pairs[0]}`
}

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
