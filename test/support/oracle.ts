// Random graphs, random edits, and an oracle that knows what must run and what must come out. The
// oracle shares nothing with the engine: it holds contents where the engine holds digests.
import { crc32 } from 'node:zlib'

import { defineGraph, type Graph, sh, type TaskSpec, task } from '../../graph/index.ts'
import type { Call } from './memory-shell.ts'
import { FOLDER, type World } from './world.ts'

/** One node as the history declares it. */
export interface Draft {
  readonly id: number
  needs: number[]
  after: number[]
  /** Source files. */
  inputs: string[]
  /** Folders of which every `.in` is read. */
  folders: string[]
  /** Sources that are read and only named in the depfile. */
  discovers: string[]
  env: string[]
  tools: string[]
  variant: number
  /** So little of what it reads comes out that it often writes the same bytes. */
  isLossy: boolean
  hasTwoOutputs: boolean
  /** It runs each time. */
  isAlways: boolean
}

/** What the oracle holds of a node that was done. */
interface Done {
  readonly key: string
  readonly outputs: Outputs
}

type Outputs = Readonly<Record<string, string>>

export const SOURCES = Array.from({ length: 8 }, (_, i) => `src/${i}.in`)
export const FOLDERS = ['g0', 'g1/deep']
export const VARIABLES = ['V0', 'V1']
/** A program, and the file that decides what it does: `t1` is a wrapper. */
export const TOOLS: Readonly<Record<string, string>> = { t0: '/opt/bin/t0', t1: '/opt/real/t1' }

export const nodeName = (id: number): string => `n${id}`

export function outputsOf(draft: Draft): readonly string[] {
  const first = `out/${nodeName(draft.id)}.out`
  return draft.hasTwoOutputs ? [first, `out/${nodeName(draft.id)}.more`] : [first]
}

export class Model {
  readonly world: World
  drafts = new Map<number, Draft>()
  /** Nodes whose command fails, for a reason that no key holds. */
  readonly failing = new Set<number>()
  /** Nodes whose commands ran, seen by the commands themselves. */
  readonly ran: number[] = []
  /** Called by each command when it begins; what it gives is awaited. */
  onCommand: (draft: Draft) => Promise<void> | undefined = () => undefined
  readonly done = new Map<number, Done>()
  /** Keys under which each node was done, if runs store what nodes make. */
  stored: Map<number, Set<string>> | undefined
  /** Key under which a node failed, where that is remembered. */
  readonly failedUnder = new Map<number, string>()
  /** What `done` held before the last begin, for a begin that was torn from the journal. */
  readonly doneBefore = new Map<number, Done | undefined>()

  constructor(world: World) {
    this.world = world
  }

  graph(): Graph {
    const drafts = [...this.drafts.values()].sort((a, b) => a.id - b.id)
    const tasks = drafts.map((draft) => task(nodeName(draft.id), () => this.spec(draft)))
    return defineGraph({ tasks })
  }

  /** Ids in topological order, closed under edges. */
  wanted(targets: readonly number[]): readonly number[] {
    const found = new Set<number>()
    const stack = targets.length === 0 ? [...this.drafts.keys()] : [...targets]
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (found.has(id)) continue
      found.add(id)
      const draft = this.drafts.get(id) as Draft
      stack.push(...draft.needs, ...draft.after)
    }
    // Edges go to smaller ids only.
    return [...found].sort((a, b) => a - b)
  }

  /** What a run of the targets must do; `done` becomes what it is after that run. */
  expect(targets: readonly number[], retry = true): Expected {
    const mustRun = new Set<number>()
    const restored = new Set<number>()
    const stopped = new Set<number>()
    for (const id of this.wanted(targets)) {
      const draft = this.drafts.get(id) as Draft
      if ([...draft.needs, ...draft.after].some((edge) => stopped.has(edge))) {
        stopped.add(id)
        continue
      }
      const isMissing = draft.inputs.some((name) => this.world.read(name) === undefined)
      if (isMissing) {
        stopped.add(id)
        continue
      }
      const key = this.key(draft)
      const old = this.done.get(id)
      const { isAlways } = draft
      if (!isAlways && old?.key === key && this.areOnDisk(old)) continue
      if (!isAlways && !retry && this.failedUnder.get(id) === key) {
        stopped.add(id)
        continue
      }
      this.failedUnder.delete(id)
      const isStored = !isAlways && this.stored?.get(id)?.has(key) === true
      if (isStored) restored.add(id)
      else mustRun.add(id)
      this.doneBefore.set(id, old)
      this.done.delete(id)
      if (this.failing.has(id) && !isStored) {
        stopped.add(id)
        this.fail(id, key)
        continue
      }
      const outputs = this.made(draft, this.readings(draft, this.recorded))
      this.done.set(id, { key, outputs })
      this.store(id, key)
    }
    return { mustRun, restored, stopped }
  }

  /** A node has failed under the key; what it discovers would be part of a better one. */
  fail(id: number, key: string): void {
    const draft = this.drafts.get(id) as Draft
    if (draft.discovers.length === 0 && !draft.isAlways) this.failedUnder.set(id, key)
  }

  /** A run has stored what the node made under the key. */
  store(id: number, key: string): void {
    if (this.drafts.get(id)?.isAlways) return
    this.stored?.set(id, (this.stored.get(id) ?? new Set()).add(key))
  }

  /** What is wrong on the disk; undefined when every output is as a rebuild would make it. */
  wrongOutput(ids: readonly number[]): string | undefined {
    for (const [id, outputs] of this.rebuild(ids))
      for (const [path, text] of Object.entries(outputs)) {
        const is = this.world.read(path)
        if (is !== text)
          return `${path} of ${nodeName(id)} is ${JSON.stringify(is)}, not ${JSON.stringify(text)}`
      }
    return undefined
  }

  /** All of these count as done: after a run that is known to have made them right. */
  settle(ids: readonly number[]): void {
    for (const [id, outputs] of this.rebuild(ids)) {
      this.done.set(id, { key: '', outputs })
      this.done.set(id, { key: this.key(this.drafts.get(id) as Draft), outputs })
    }
  }

  // In topological order and closed under needs: what each makes when all is made anew.
  private rebuild(ids: readonly number[]): Map<number, Outputs> {
    const made = new Map<number, Outputs>()
    for (const id of ids) {
      const draft = this.drafts.get(id) as Draft
      const readings = this.readings(draft, (need, path) => made.get(need)?.[path])
      made.set(id, this.made(draft, readings))
    }
    return made
  }

  private spec(draft: Draft): TaskSpec {
    const { id, variant, discovers, isLossy } = draft
    const text = `make ${JSON.stringify([id, variant, discovers, isLossy])}`
    this.world.host.shell.commands.set(text, (call) => this.command(draft, call))
    const ref = (id: number) => ({ task: nodeName(id), values: {} })
    return {
      needs: draft.needs.map(ref),
      after: draft.after.map(ref),
      inputs: [...draft.inputs, ...draft.folders.map((folder) => `${folder}/**/*.in?`)],
      outputs: outputsOf(draft),
      env: draft.env,
      tools: draft.tools,
      ...(draft.discovers.length > 0 ? { depfile: `out/${nodeName(draft.id)}.d` } : {}),
      ...(draft.isAlways ? { always: true } : {}),
      run: sh(text),
    }
  }

  // The command itself: reads the disk and its own environment, as a compiler would.
  private async command(draft: Draft, call: Call): Promise<number | undefined> {
    this.ran.push(draft.id)
    const readings = this.readings(draft, (_, path) => this.world.read(path), call.env)
    await this.onCommand(draft)
    if (call.signal?.aborted) return 1
    for (const [path, text] of Object.entries(this.made(draft, readings))) {
      this.world.write(path, this.failing.has(draft.id) ? 'half' : text)
      this.world.host.disk.chmod(`${FOLDER}/${path}`, 0o644)
    }
    if (draft.discovers.length > 0)
      this.world.write(`out/${nodeName(draft.id)}.d`, `x: ${draft.discovers.join(' ')}\n`)
    return this.failing.has(draft.id) ? 1 : undefined
  }

  private readonly recorded = (id: number, path: string): string | undefined =>
    this.done.get(id)?.outputs[path]

  private made(draft: Draft, readings: string): Outputs {
    const text = `${draft.variant} ${readings}`
    const sum = crc32(text)
    const content = draft.isLossy ? `${sum % 2}` : `${sum} ${text.length}`
    return Object.fromEntries(outputsOf(draft).map((path, i) => [path, `${i}:${content}`]))
  }

  // All that a command reads, as text.
  private readings(
    draft: Draft,
    outputOf: (id: number, path: string) => string | undefined,
    env: Readonly<Record<string, string | undefined>> = this.world.host.env,
  ): string {
    return JSON.stringify([
      // To a command, a variable that is declared and unset is one that is not declared.
      draft.env.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]),
      draft.tools.map((name) => this.world.host.disk.readText(TOOLS[name] as string)),
      this.files(draft).map((name) => [name, this.world.read(name)]),
      draft.needs.map((id) =>
        outputsOf(this.drafts.get(id) as Draft).map((path) => outputOf(id, path)),
      ),
    ])
  }

  private files(draft: Draft): readonly string[] {
    const found = draft.folders.flatMap((folder) =>
      Object.keys(this.world.host.disk.tree(`${FOLDER}/${folder}`))
        .filter((name) => name.endsWith('.in'))
        .map((name) => `${folder}/${name}`),
    )
    return [...draft.inputs, ...draft.discovers, ...found]
  }

  private key(draft: Draft): string {
    const modes = this.files(draft).map(
      (name) => ((this.world.host.disk.stat(`${FOLDER}/${name}`)?.mode ?? 0) & 0o111) !== 0,
    )
    const { variant, discovers, tools, needs, isLossy } = draft
    const declared = [variant, discovers, tools, needs, isLossy, outputsOf(draft)]
    return JSON.stringify([declared, modes, this.readings(draft, this.recorded)])
  }

  private areOnDisk({ outputs }: Done): boolean {
    return Object.entries(outputs).every(
      ([path, text]) =>
        this.world.read(path) === text &&
        ((this.world.host.disk.stat(`${FOLDER}/${path}`)?.mode ?? 0) & 0o111) === 0,
    )
  }
}

export interface Expected {
  readonly mustRun: ReadonlySet<number>
  /** Stale, and stored under the key that it has now. */
  readonly restored: ReadonlySet<number>
  /** Failed or blocked. */
  readonly stopped: ReadonlySet<number>
}
