// Stands between uvu and the bodies of one suite, and reports what they do. uvu loses a suite's
// other tests, in silence, when a hook throws or a test throws what is no Error: nothing that
// uvu would trip over gets past this file.
import { AsyncLocalStorage } from 'node:async_hooks'

import type { Callback } from 'uvu'

import type { ChildEvent } from './event.ts'
import { failureOf } from './failure.ts'

export interface SuiteRecord {
  readonly name: string
  readonly titles: string[]
  skipped: number
  ended: number
  hasRun: boolean
  beforeThrew: boolean
}

/** Every suite of this process, in the order of creation; audit.ts looks for forgotten ones. */
export const suites: SuiteRecord[] = []

/** Whose code is running: uvu prints dots and totals of its own, and the child drops only those. */
export const speaker = new AsyncLocalStorage<'uvu' | 'test'>()

let listener: ((event: ChildEvent) => void) | undefined

export function reportTo(send: (event: ChildEvent) => void): void {
  listener = send
}

interface SuiteWatch<T> {
  readonly record: SuiteRecord
  start: Callback<T>
  end: Callback<T>
  body(body: Callback<T>): Callback<T>
  afterEach(hook: Callback<T>): Callback<T>
  before(hook: Callback<T>): Callback<T>
  after(hook: Callback<T>): Callback<T>
  skip(): void
}

export function watchSuite<T>(name: string): SuiteWatch<T> {
  const send = listener
  // Under plain `node x.test.ts` a forgotten .run() would pass in silence.
  if (send === undefined) throw new Error(`a test needs its runner\n  hint: ${howToRun}`)
  const record: SuiteRecord = {
    name,
    titles: [],
    skipped: 0,
    ended: 0,
    hasRun: false,
    beforeThrew: false,
  }
  suites.push(record)
  let startedAt = 0
  let thrown: { error: unknown } | undefined

  const body = (callback: Callback<T>) => async (crumbs: Crumbs<T>) => {
    try {
      await speaker.run('test', async () => callback(crumbs))
    } catch (error) {
      // The first one: a cleanup that fails after a failed test is mostly its consequence.
      thrown ??= { error }
      throw new Error('already reported')
    }
  }
  const hook = (title: string, callback: Callback<T>) => async (crumbs: Crumbs<T>) => {
    try {
      await speaker.run('test', async () => callback(crumbs))
    } catch (error) {
      send({ type: 'failed', failure: failureOf(`${name} > ${title}`, error) })
      throw new Error('already reported')
    }
  }

  return {
    record,
    start(crumbs) {
      startedAt = performance.now()
      thrown = undefined
      send({ type: 'started', test: `${name} > ${crumbs.__test__}` })
    },
    end(crumbs) {
      record.ended++
      const test = `${name} > ${crumbs.__test__}`
      if (thrown !== undefined) send({ type: 'failed', failure: failureOf(test, thrown.error) })
      else send({ type: 'passed', test, ms: performance.now() - startedAt })
    },
    body,
    afterEach: (callback) => (crumbs) => body(callback)(crumbs).catch(() => {}),
    before: (callback) => (crumbs) =>
      hook(
        'before hook',
        callback,
      )(crumbs).catch((error: unknown) => {
        record.beforeThrew = true
        throw error
      }),
    after: (callback) => (crumbs) => hook('after hook', callback)(crumbs).catch(() => {}),
    skip() {
      record.skipped++
      send({ type: 'skipped' })
    },
  }
}

type Crumbs<T> = Parameters<Callback<T>>[0]

const howToRun = 'node test/support/runner/main.ts --only PART-OF-ITS-PATH'
