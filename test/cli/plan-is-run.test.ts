// timeout: 300
// What `plan --json` says, `run` does: random graphs with random edits, on a real disk with real commands.
// `PLAN_SEED=7` begins with another history, `PLAN_HISTORIES=50` plays more of them.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks } from './support/program.ts'

const SEED = Number(process.env['PLAN_SEED'] ?? 1)
const HISTORIES = Number(process.env['PLAN_HISTORIES'] ?? 4)
const EDITS = 6
const TEXTS = ['one\n', 'two\n', 'other\n', 'bad\n']

interface Planned {
  readonly name: string
  readonly state: 'stale' | 'maybe'
  readonly foretold: 'restored' | 'failed' | null
  readonly reasons: readonly { readonly kind: string }[]
}

interface Past {
  readonly name: string
  readonly outcome: string
  readonly reasons: Planned['reasons']
  readonly failure?: { readonly before?: number }
}

interface Draft {
  readonly needs: readonly number[]
  /** Only the first byte of what it reads comes out. */
  readonly isLossy: boolean
  variant: number
  /** Its parameter. */
  flavour: string
}

class History {
  /** How often each of the plan's answers was seen. */
  readonly seen = new Map<string, number>()
  readonly reasons = new Set<string>()
  private readonly random: Random
  private readonly home: string
  private readonly drafts: Draft[] = []

  constructor(home: string, seed: number) {
    this.home = home
    this.random = new Random(seed)
    const { random, drafts } = this
    for (const folder of ['in', 'out']) fs.mkdirSync(join(home, folder))
    const size = 3 + random.below(6)
    for (let id = 0; id < size; id++) {
      const earlier = drafts.map((_, i) => i)
      drafts.push({
        needs: random.some(earlier, 2),
        isLossy: random.oneIn(2),
        variant: 0,
        flavour: 'a',
      })
      this.write(`in/${id}.txt`, random.pick(TEXTS.slice(0, 3)))
    }
  }

  async play(): Promise<void> {
    for (let edit = 0; edit <= EDITS; edit++) {
      this.writeGraph()
      await this.planAndRun()
      for (let times = 1 + this.random.below(2); times > 0; times--) this.edit()
    }
  }

  private edit(): void {
    const { random, drafts } = this
    const id = random.below(drafts.length)
    const edits: readonly (() => void)[] = [
      () => this.write(`in/${id}.txt`, random.pick(TEXTS)),
      () => this.write(`in/${id}.txt`, random.pick(TEXTS)),
      () => fs.rmSync(join(this.home, `out/${id}.txt`), { force: true }),
      () => this.write(`out/${id}.txt`, 'damage\n'),
      () => {
        const draft = drafts[id] as Draft
        draft.variant = random.below(2)
      },
      () => {
        const draft = drafts[id] as Draft
        draft.flavour = random.pick(['a', 'b', 'c'])
      },
    ]
    random.pick(edits)()
  }

  private write(name: string, text: string): void {
    fs.writeFileSync(join(this.home, name), text)
  }

  private writeGraph(): void {
    const rows = this.drafts.map(({ needs, isLossy, variant, flavour }, id) => {
      const files = [`in/${id}.txt`, ...needs.map((need) => `out/${need}.txt`)].join(' ')
      const last = isLossy ? ' | head -c 1' : ''
      const command = `! grep bad in/${id}.txt && (echo ${variant}; cat ${files})${last} > out/${id}.txt`
      const refs = needs.map((need) => `n${need}({ of: '${this.drafts[need]?.flavour}' })`)
      return `const n${id} = task('n${id}', { of: ['${flavour}'] }, () => ({ needs: [${refs}], inputs: ['in/${id}.txt'], outputs: ['out/${id}.txt'], run: sh\`${command}\` }))`
    })
    const all = this.drafts.map((_, id) => `n${id}`).join(', ')
    this.write(
      'bitnet.tasks.ts',
      `import { defineGraph, sh, task } from 'bitnet-tasks'\n${rows.join('\n')}\nexport default defineGraph({ tasks: [${all}] })\n`,
    )
  }

  private async answer(...args: readonly string[]): Promise<Record<string, unknown>> {
    const { stdout, stderr } = await bitnetTasks([...args, '--json'], { home: this.home })
    assert.ok(stdout.startsWith('{'), stderr)
    return JSON.parse(stdout) as Record<string, unknown>
  }

  private async planAndRun(): Promise<void> {
    const { nodes } = (await this.answer('plan')) as { nodes: readonly Planned[] }
    const { run } = await this.answer('run', '--keep-going')
    const outcomes = new Map<string, string>()
    const why = new Map<string, Past['reasons']>()
    if (run !== undefined) {
      const past = (await this.answer('report', '--run', run as string)) as {
        nodes: readonly Past[]
      }
      for (const { name, outcome, failure, reasons } of past.nodes) {
        outcomes.set(name, failure?.before === undefined ? outcome : 'failed before')
        why.set(name, reasons)
      }
    }
    const planned = new Map(nodes.map((node) => [node.name, node]))
    const isSettled = (id: number): boolean => {
      const need = planned.get(this.nameOf(id))
      return need === undefined || need.foretold === 'restored'
    }
    for (const [id, { needs }] of this.drafts.entries()) {
      const name = this.nameOf(id)
      const node = planned.get(name)
      const says = sayingOf(node, needs.every(isSettled))
      this.seen.set(says, (this.seen.get(says) ?? 0) + 1)
      const outcome = outcomes.get(name) ?? 'fresh'
      assert.ok(MAY_BE[says].includes(outcome), `${name}: planned as '${says}', was '${outcome}'`)
      // Whose needs may yet come out otherwise may have one reason more in the run.
      if (node === undefined || node.state !== 'stale' || !needs.every(isSettled)) continue
      assert.equal(why.get(name), node.reasons, `${name}: why`)
      for (const { kind } of node.reasons) this.reasons.add(kind)
    }
  }

  private nameOf(id: number): string {
    return `n${id}[${this.drafts[id]?.flavour}]`
  }
}

type Saying = 'fresh' | 'restored' | 'failed before' | 'runs' | 'waits for a need' | 'maybe'

function sayingOf(node: Planned | undefined, areNeedsSettled: boolean): Saying {
  if (node === undefined) return 'fresh'
  if (node.foretold === 'failed') return 'failed before'
  if (node.foretold === 'restored') return 'restored'
  if (node.state === 'maybe') return 'maybe'
  return areNeedsSettled ? 'runs' : 'waits for a need'
}

const RAN = ['changed', 'unchanged', 'failed']
const DECIDED_BY_A_NEED = [...RAN, 'restored', 'failed before', 'blocked']
const MAY_BE: Readonly<Record<Saying, readonly string[]>> = {
  fresh: ['fresh'],
  restored: ['restored'],
  'failed before': ['failed before'],
  runs: RAN,
  // Stale whatever the need makes; but the cache may have it under what that makes.
  'waits for a need': DECIDED_BY_A_NEED,
  maybe: ['fresh', ...DECIDED_BY_A_NEED],
}

const plan = suite('plan is run')

const seen = new Map<string, number>()
const reasons = new Set<string>()
for (let seed = SEED; seed < SEED + HISTORIES; seed++)
  plan(
    `PLAN_SEED=${seed}: ${EDITS} edits, and each run does what the plan before it said`,
    inHome(async (home) => {
      const history = new History(home, seed)
      await history.play()
      for (const [says, times] of history.seen) seen.set(says, (seen.get(says) ?? 0) + times)
      for (const kind of history.reasons) reasons.add(kind)
    }),
  )

plan('each of its answers was met', () => {
  for (const says of Object.keys(MAY_BE)) assert.ok(seen.has(says), `no node was '${says}'`)
  for (const kind of ['no-record', 'param-changed', 'input-changed', 'output-changed'])
    assert.ok(reasons.has(kind), `'${kind}' was no reason`)
})

plan(
  'it says how long it would take, by what nodes took the last time; the dry run says the same',
  inHome(async (home) => {
    const at = (...args: readonly string[]) => bitnetTasks(args, { home })
    for (const name of ['a', 'b', 'c']) fs.writeFileSync(join(home, `${name}.txt`), 'one\n')
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const slow = task('slow', { of: ['a', 'b', 'c'] }, ({ of }) => ({
  inputs: [\`\${of}.txt\`], run: sh\`read line < \${\`\${of}.txt\`}; sleep 0.3\`,
}))
const last = task('last', () => ({ needs: [slow({ of: 'a' })], outputs: ['out.txt'], run: sh\`cp a.txt out.txt\` }))
export default defineGraph({ tasks: [slow, last] })
`,
    )
    assert.match((await at('plan')).stdout, /\n4 to run, 0 fresh; their time is not known\n$/)
    await at('run', 'slow[a]', 'slow[b]')
    // What never ran is expected to take what others of its task took.
    assert.match(
      (await at('plan', '-j1')).stdout,
      /^ {2}slow\[c\] \(about \d\.\ds\): .*\n {2}last: .*\n2 to run, 2 fresh; about [\d.]+ s with -j1, and 1 whose time is not known\n$/,
    )
    await at('run')
    assert.match((await at('plan')).stdout, /^0 to run, 4 fresh\n$/)
    for (const name of ['a', 'b', 'c']) fs.writeFileSync(join(home, `${name}.txt`), 'two\n')
    const end = async (...args: readonly string[]): Promise<string> =>
      (await at(...args)).stdout.trimEnd().split('\n').at(-1) as string
    assert.match(
      await end('plan', '-j1'),
      /^4 to run, 0 fresh; [\d.]+ s to [\d.]+ s with -j1$|^4 to run, 0 fresh; about [\d.]+ s with -j1$/,
    )
    assert.match(await end('run', '--dry-run', '-j3'), /^4 to run; .*0\.[3-9] s.* with -j3$/)
    const { expected } = JSON.parse((await at('plan', '-j2', '--json')).stdout)
    const dry = JSON.parse((await at('run', '--dry-run', '-j2', '--json')).stdout)
    assert.equal(dry.expected, expected)
    assert.equal([expected.jobs, expected.unknown], [2, []])
    // Three of 0.3 s on two places.
    assert.ok(expected.leastMs >= 600 && expected.leastMs < 6000, `${expected.leastMs} ms`)
    assert.ok(expected.mostMs >= expected.leastMs)
  }),
)

plan(
  'a dry run goes by the same flags as a run: --force, --only, --from, and what the cache may not give',
  inHome(async (home) => {
    fs.writeFileSync(
      join(home, 'bitnet.tasks.ts'),
      `import { defineGraph, sh, task } from 'bitnet-tasks'
const a = task('a', () => ({ outputs: ['a.out'], run: sh\`echo a > a.out\` }))
const b = task('b', () => ({ needs: [a()], outputs: ['b.out'], run: sh\`cat a.out > b.out\` }))
const c = task('c', () => ({ outputs: ['c.out'], run: sh\`echo c > c.out\` }))
export default defineGraph({ tasks: [a, b, c] })
`,
    )
    const [a, b, c] = ['echo a > a.out', 'cat a.out > b.out', 'echo c > c.out']
    const would = async (...flags: readonly string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await bitnetTasks(['run', '--dry-run', '--json', ...flags], {
        home,
      })
      return code === 0 ? JSON.parse(stdout).wouldExecute : stderr
    }
    const needed = "'a' is needed and has not run\n"
    assert.match((await would('--only', 'b')) as string, needed)
    await bitnetTasks(['run'], { home })
    for (const [flags, commands] of [
      [[], []],
      [['--force'], [a, b, c]],
      [['--force', 'b'], [b]],
      [
        ['--from', 'a'],
        [a, b],
      ],
    ] as const)
      assert.equal(await would(...flags), commands, flags.join(' '))
    assert.match((await would('--from', 'c', 'b')) as string, "no target stands on 'c'\n")
    fs.rmSync(join(home, 'a.out'))
    assert.equal(await would('--only', 'b'), [])
    assert.equal(await would('a'), [])
    for (const flag of ['--no-cache', '--no-strict-env']) assert.equal(await would('a', flag), [a])
  }),
)

plan.run()
