// timeout: 900
// Random histories of random graphs against the oracle. `PROPERTY_EDITS=10000` makes more of them,
// `PROPERTY_SEED=7` begins with another one; a failure prints the seed of its history.
import * as assert from 'uvu/assert'

import {
  checkSeal,
  clearCache,
  type Foretold,
  foretell,
  type Node,
  openCache,
  recall,
} from '../../graph/index.ts'
import {
  type Draft,
  FOLDERS,
  Model,
  nodeName,
  outputsOf,
  SOURCES,
  TOOLS,
  VARIABLES,
} from '../support/oracle.ts'
import { Random } from '../support/random.ts'
import { suite } from '../support/suite.ts'
import { FOLDER, JOURNAL, type Ran, SNAPSHOT, STATE, World } from '../support/world.ts'

const CACHE = `${STATE}/cache`
const EDITS = Number(process.env['PROPERTY_EDITS'] ?? 1000)
const SEED = Number(process.env['PROPERTY_SEED'] ?? 1)
const EDITS_IN_HISTORY = 20
const MOST_NODES = 40
const TEXTS = ['one', 'two', 'six', 'longer text']

const EDITS_OF_FILES = [
  ...[
    'write',
    'replace',
    'touch',
    'executable',
    'file in folder',
    'file out of folder',
    'env',
    'tool',
  ],
  ...['delete output', 'damage output', 'output mode'],
]

class History {
  /** Nodes that were restored. */
  restored = 0
  /** Nodes of which it was said beforehand that they run, whatever others make. */
  certain = 0
  /** Runs that began with what a seal still said. */
  checked = 0
  readonly log: string[] = []
  private readonly random: Random
  private readonly world = new World()
  private readonly model = new Model(this.world)
  private oldSnapshot: Uint8Array | undefined
  private boots = 1
  private readonly busy = new Set<string>()
  private readonly hasCache: boolean
  private readonly isSettled: boolean
  private isCacheDamaged = false
  private saves = 0
  /** Failures that a cancelled run made forget when it began the node again. */
  private readonly failedBeforeBegin = new Map<number, string>()

  /** `isSettled`: nobody edits the graph, and all of it is run, so that a seal is seldom for nothing. */
  constructor(seed: number, { hasCache = false, isSettled = false }) {
    this.random = new Random(seed)
    this.hasCache = hasCache
    this.isSettled = isSettled
    if (hasCache) this.model.stored = new Map()
    const { random, world } = this
    for (const name of SOURCES) world.write(name, random.pick(TEXTS))
    for (const folder of FOLDERS) world.write(`${folder}/0.in`, random.pick(TEXTS))
    world.host.disk.write('/opt/bin/t0', 't0 1', 0o755)
    world.host.disk.write('/opt/bin/t1', '#!/bin/sh\nexec "/opt/real/t1" "$@"\n', 0o755)
    world.host.disk.write('/opt/real/t1', 't1 1', 0o755)
    const size = random.oneIn(3) ? 1 + random.below(MOST_NODES) : 1 + random.below(12)
    for (let id = 0; id < size; id++) this.model.drafts.set(id, this.draft(id))
  }

  async play(): Promise<void> {
    await this.run()
    for (let edit = 0; edit < EDITS_IN_HISTORY; edit++) {
      this.edit()
      if (this.random.oneIn(4)) this.world.pause()
      if (this.random.oneIn(5)) await this.cancelledRun()
      else if (this.random.oneIn(12)) await this.runWhileSomebodyEdits()
      if (!this.random.oneIn(6)) {
        const targets = this.targets()
        await this.run(targets)
        // Seals are written when everything is found fresh.
        if (this.random.oneIn(3)) await this.run(targets)
      }
      if (this.random.oneIn(6)) this.tear()
    }
    this.heal()
    await this.run([], true)
    await this.run([])
    const ran = this.model.ran.filter((id) => !this.model.drafts.get(id)?.isAlways)
    assert.equal(ran, [])
  }

  private draft(id: number): Draft {
    const { random } = this
    const earlier = [...this.model.drafts.keys()].filter((other) => other < id)
    return {
      id,
      needs: random.some(earlier, Math.max(2, earlier.length / 2)).slice(0, 5),
      after: random.some(earlier, 15),
      inputs: random.some(SOURCES, 5),
      folders: random.some(FOLDERS, 8),
      discovers: random.some(SOURCES, 20),
      env: random.some(VARIABLES, 8),
      tools: random.some(Object.keys(TOOLS), 6),
      variant: 0,
      isLossy: random.oneIn(3),
      hasTwoOutputs: random.oneIn(4),
      isAlways: random.oneIn(25),
    }
  }

  private edit(): void {
    const { random, world, model } = this
    const { disk, env } = world.host
    const source = random.pick(SOURCES)
    const draft = random.pick([...model.drafts.values()])
    const output = random.pick(outputsOf(draft))
    const edits: Readonly<Record<string, () => void>> = {
      write: () => world.write(source, random.pick(TEXTS)),
      replace: () => disk.replace(`${FOLDER}/${source}`, random.pick(TEXTS)),
      touch: () => world.write(source, world.read(source) ?? 'one'),
      executable: () =>
        world.read(source) !== undefined &&
        disk.chmod(`${FOLDER}/${source}`, random.pick([0o755, 0o644])),
      'delete source': () => disk.removeFile(`${FOLDER}/${source}`),
      'file in folder': () =>
        world.write(
          `${random.pick(FOLDERS)}/${random.pick(['a/', ''])}${random.below(3)}.in`,
          random.pick(TEXTS),
        ),
      'file out of folder': () =>
        disk.removeFile(
          `${FOLDER}/${random.pick(FOLDERS)}/${random.pick(['a/', ''])}${random.below(3)}.in`,
        ),
      env: () => {
        env[random.pick(VARIABLES)] = random.pick(['x', 'absent', '', undefined])
      },
      tool: () => disk.replace(random.pick(Object.values(TOOLS)), random.pick(['t 1', 't 2'])),
      command: () => {
        draft.variant = random.below(3)
      },
      edges: () => {
        const next = this.draft(draft.id)
        draft.needs = next.needs
        draft.after = next.after
      },
      inputs: () => {
        const { inputs, folders, discovers, tools } = this.draft(draft.id)
        Object.assign(draft, { inputs, folders, discovers, tools, env: random.some(VARIABLES, 4) })
      },
      outputs: () => {
        draft.hasTwoOutputs = !draft.hasTwoOutputs
      },
      always: () => {
        draft.isAlways = !draft.isAlways && random.oneIn(3)
      },
      'add node': () => {
        const id = random.below(MOST_NODES)
        if (!model.drafts.has(id)) model.drafts.set(id, this.draft(id))
      },
      'remove node': () => {
        if (model.drafts.size === 1) return
        model.drafts.delete(draft.id)
        for (const other of model.drafts.values()) {
          other.needs = other.needs.filter((id) => id !== draft.id)
          other.after = other.after.filter((id) => id !== draft.id)
        }
      },
      'delete output': () => disk.removeFile(`${FOLDER}/${output}`),
      'damage output': () =>
        world.read(output) !== undefined && world.write(output, random.pick(['0:0', '0:1', 'x'])),
      'output mode': () =>
        world.read(output) !== undefined && disk.chmod(`${FOLDER}/${output}`, 0o755),
      failing: () =>
        model.failing.delete(draft.id) ||
        (random.oneIn(2) && !this.isCacheDamaged && model.failing.add(draft.id)),
      'other snapshot': () => {
        if (this.oldSnapshot) disk.write(SNAPSHOT, this.oldSnapshot)
        this.oldSnapshot = disk.readBytes(SNAPSHOT)
      },
      'no snapshot': () => disk.removeFile(SNAPSHOT),
      'damage in the cache': () => {
        // What is lost from it cannot be told, so nothing may hang on whether a node runs.
        const names = Object.keys(disk.tree(`${CACHE}/ac`))
        if (names.length === 0 || !random.oneIn(3)) return
        this.isCacheDamaged = true
        model.failing.clear()
        const path = `${CACHE}/ac/${random.pick(names)}`
        const bytes = Buffer.from(disk.readBytes(path) ?? [])
        const at = random.below(bytes.length)
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
        disk.write(path, random.oneIn(2) ? bytes : bytes.subarray(0, at))
      },
      'power loss': () => {
        world.host.clock.boot = `boot-${++this.boots}`
        if (world.read(output) !== undefined) disk.corrupt(`${FOLDER}/${output}`, '\0\0\0')
      },
    }
    const what = random.pick(this.isSettled ? EDITS_OF_FILES : Object.keys(edits))
    this.log.push(`${what} (${source}, ${nodeName(draft.id)})`)
    edits[what]?.()
  }

  private targets(): readonly number[] {
    if (this.isSettled || !this.random.oneIn(3)) return []
    return this.random.some([...this.model.drafts.keys()], 4)
  }

  private async run(
    targets = this.targets(),
    retry = !this.hasCache || this.random.oneIn(2),
  ): Promise<void> {
    const { model, world } = this
    this.log.push(`run ${targets.map(nodeName).join(' ') || 'all'}`)
    const graph = model.graph()
    const assessed = Object.values(await world.assess(graph, targets.map(nodeName)))
    const session = world.session(graph)
    const answers = this.hasCache
      ? await foretell(assessed, recall(session), { cache: openCache(session), retry })
      : new Map<Node, Foretold>()
    const expected = model.expect(targets, retry)
    const checked = checkSeal(STATE, this.sealKey(targets), world.host)
    if (checked?.doubtful.size === 0) {
      assert.is(checked.count, model.wanted(targets).length)
      assert.equal([...expected.mustRun, ...expected.stopped], [], 'sealed as fresh')
    }
    const started = await this.start(targets, { retry })
    const stopped = new Set(names(expected.stopped))
    const ran = names(model.ran)
    const reasons = JSON.stringify(started.reasons)
    const restored = Object.keys(started.outcomes).filter(
      (name) => started.outcomes[name] === 'restored',
    )
    this.restored += restored.length
    if (this.isCacheDamaged) {
      const done = names([...expected.mustRun, ...expected.restored])
      assert.equal(sorted([...ran, ...restored]), done, `what ran or was restored, for ${reasons}`)
    } else {
      assert.equal(ran, names(expected.mustRun), `the nodes that ran, for ${reasons}`)
      assert.equal(sorted(restored), names(expected.restored), `what was restored, for ${reasons}`)
      for (const [{ name }, answer] of answers) {
        assert.ok(
          (answer === 'restored' && restored.includes(name)) || stopped.has(name),
          `${name} was foretold`,
        )
        assert.not(ran.includes(name), `${name} was foretold: ${answer}, and ran`)
      }
      // Of a stale node nothing was foretold: it runs, unless what a need makes first decides.
      const isSettled = (name: string): boolean =>
        assessed.some(
          ({ node, state }) =>
            node.name === name && (state === 'fresh' || answers.get(node) === 'restored'),
        )
      for (const { node, state } of assessed) {
        if (state !== 'stale' || answers.has(node) || stopped.has(node.name)) continue
        if (!node.needs.every((need) => isSettled(need.name))) continue
        assert.ok(ran.includes(node.name), `${node.name} was to run`)
        this.certain++
      }
    }
    for (const { node, state } of assessed) {
      if (state === 'fresh') assert.not(ran.includes(node.name), `${node.name} was called fresh`)
      if (state === 'stale')
        assert.ok(
          ran.includes(node.name) || restored.includes(node.name) || stopped.has(node.name),
          `${node.name} was called stale`,
        )
    }
    assert.is(started.summary.ok, stopped.size === 0)
    const good = model.wanted(targets).filter((id) => !expected.stopped.has(id))
    assert.is(model.wrongOutput(good), undefined)
  }

  private sealKey(targets: readonly number[]): string {
    return JSON.stringify([[...this.model.drafts.values()], targets])
  }

  private async start(
    targets: readonly number[],
    options: { signal?: AbortSignal; retry?: boolean } = {},
  ): Promise<Ran> {
    const { model, world, random } = this
    model.ran.length = 0
    this.failedBeforeBegin.clear()
    // A source that is young when it is discovered costs one more run.
    if ([...model.drafts.values()].some(({ discovers }) => discovers.length > 0)) world.pause()
    const key = this.sealKey(targets)
    const checked = checkSeal(STATE, key, world.host)
    if (checked !== undefined) this.checked++
    const ran = await world.run(model.graph(), {
      targets: targets.map(nodeName),
      keepGoing: true,
      cache: this.hasCache,
      seal: { key, sources: [], checked },
      jobs: 1 + random.below(4),
      report: (event) => {
        if (event.type === 'started') this.busy.add(event.node)
        if (event.type === 'finished') this.busy.delete(event.node)
      },
      ...options,
    })
    // Sometimes the next edit comes in the same tick of the clock.
    if (random.oneIn(2)) world.pause()
    return ran
  }

  private async cancelledRun(): Promise<void> {
    const { model, random } = this
    const targets = this.targets()
    const before = new Map(model.done)
    const storedBefore = copyOf(model.stored)
    const failedBefore = new Map(model.failedUnder)
    const { mustRun, restored } = model.expect(targets)
    const after = new Map(model.done)
    model.stored = storedBefore
    let left = random.below(Math.max(1, mustRun.size))
    this.log.push(`run cancelled at command ${left} of ${mustRun.size}`)
    const stop = new AbortController()
    model.onCommand = async () => {
      for (let wait = random.below(5); wait > 0; wait--) await undefined
      if (left-- === 0) stop.abort()
    }
    const { outcomes } = await this.start(targets, { signal: stop.signal })
    model.onCommand = () => undefined
    for (const id of [...mustRun, ...restored]) {
      const isDone = ['changed', 'unchanged', 'restored'].includes(outcomes[nodeName(id)] ?? '')
      const then = isDone ? after.get(id) : model.ran.includes(id) ? undefined : before.get(id)
      if (then) model.done.set(id, then)
      else model.done.delete(id)
      if (isDone && then) model.store(id, then.key)
      const key = failedBefore.get(id)
      if (model.ran.includes(id)) {
        if (outcomes[nodeName(id)] === 'failed') continue
        if (key !== undefined) this.failedBeforeBegin.set(id, key)
        model.failedUnder.delete(id)
      } else if (key !== undefined) model.failedUnder.set(id, key)
      else model.failedUnder.delete(id)
    }
    for (const id of model.ran)
      assert.ok(
        mustRun.has(id) || (this.isCacheDamaged && restored.has(id)),
        `${nodeName(id)} ran for nothing`,
      )
    if (random.oneIn(2)) this.tear()
  }

  // Somebody saves files in the middle of a run. What runs then cannot be foretold; but the next run
  // has to find it all.
  private async runWhileSomebodyEdits(): Promise<void> {
    const { model, random, world } = this
    this.log.push('run while somebody edits')
    model.onCommand = async () => {
      for (let wait = random.below(5); wait > 0; wait--) await undefined
      // Always another text: a change that is taken back before the node ends leaves no trace.
      if (random.oneIn(3)) world.write(random.pick(SOURCES), `save ${this.saves++}`)
      // Nobody could tell what is written into an output of a node from what the node writes.
      const draft = random.pick(
        [...model.drafts.values()].filter(({ id }) => !this.busy.has(nodeName(id))),
      )
      const output = draft && random.pick(outputsOf(draft))
      if (output && random.oneIn(9) && world.read(output) !== undefined) world.write(output, 'x')
    }
    await this.start(this.targets())
    model.onCommand = () => undefined
    this.heal()
    await this.start([])
    const all = model.wanted([])
    assert.is(model.wrongOutput(all), undefined, 'after somebody edited')
    model.settle(all)
    // What was stored meanwhile cannot be told.
    if (this.hasCache) await clearCache(world.session(model.graph()), { wait: false })
    model.stored?.clear()
    model.failedUnder.clear()
    await this.run([])
  }

  // A power loss took the last bytes of the journal.
  private tear(): void {
    const { model, random, world } = this
    const text = world.host.disk.readText(JOURNAL)
    // Torn already, and nothing was written since.
    if (!text?.endsWith('\n')) return
    const last = text.slice(text.lastIndexOf('\n', text.length - 2) + 1)
    const [kind, name] = last.slice(9).split('\x1f')
    const id = Number(name?.slice(1))
    this.log.push(`tear ${kind} ${name}`)
    world.host.disk.write(JOURNAL, text.slice(0, text.length - 2 - random.below(last.length - 2)))
    if (kind === 'C') model.done.delete(id)
    if (kind === 'F') model.failedUnder.delete(id)
    const older = model.doneBefore.get(id)
    if (kind === 'B' && older) model.done.set(id, older)
    const failedUnder = this.failedBeforeBegin.get(id)
    if (kind === 'B' && failedUnder !== undefined) model.failedUnder.set(id, failedUnder)
  }

  private heal(): void {
    this.model.failing.clear()
    for (const name of SOURCES)
      if (this.world.read(name) === undefined) this.world.write(name, 'one')
  }
}

function names(ids: Iterable<number>): readonly string[] {
  return [...ids].sort((a, b) => a - b).map(nodeName)
}

function sorted(found: readonly string[]): readonly string[] {
  return names(found.map((name) => Number(name.slice(1))))
}

function copyOf(stored: Model['stored']): Model['stored'] {
  return stored && new Map([...stored].map(([id, keys]) => [id, new Set(keys)]))
}

const property = suite('property')

async function play(
  seed: number,
  kind: ConstructorParameters<typeof History>[1],
): Promise<History> {
  const history = new History(seed, kind)
  try {
    await history.play()
    return history
  } catch (error) {
    const { message, stack } = error as Error
    const details = (error as { details?: string }).details ?? stack
    const log = history.log.slice(-12).join('\n  ')
    throw new Error(`PROPERTY_SEED=${seed}: ${message}\n${details}\n  ${log}`, { cause: error })
  }
}

property(`${EDITS} edits of random graphs: what is stale runs, and nothing else`, async () => {
  for (let i = 0; i < EDITS / EDITS_IN_HISTORY; i++) await play(SEED + i, {})
})

property(
  `${EDITS} edits with a cache: what was made under a key before is not made again`,
  async () => {
    let restored = 0
    let certain = 0
    for (let i = 0; i < EDITS / EDITS_IN_HISTORY; i++) {
      const history = await play(SEED + i, { hasCache: true })
      restored += history.restored
      certain += history.certain
    }
    assert.ok(restored > EDITS / 10, `${restored} were restored`)
    assert.ok(certain > EDITS / 10, `${certain} were foretold to run`)
  },
)

property(`${EDITS} edits of files: what a seal vouches for is fresh`, async () => {
  let checked = 0
  for (let i = 0; i < EDITS / EDITS_IN_HISTORY; i++)
    checked += (await play(SEED + i, { isSettled: true })).checked
  assert.ok(checked > EDITS / 4, `${checked} runs began with a seal`)
})

property.run()
