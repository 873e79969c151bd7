// What became of one test file, from what its process said and how it ended.
import { type ChildEvent, parseEvents } from './event.ts'
import type { Failure } from './failure.ts'
import type { TestFile } from './find.ts'

/** How the process of a test file ended. */
export interface Ending {
  readonly events: string
  readonly output: string
  readonly ms: number
  readonly timedOut: boolean
  readonly code: number | null
  readonly signal: string | null
}

export interface Verdict {
  readonly file: TestFile
  readonly passed: number
  readonly skipped: number
  readonly failures: readonly Failure[]
  readonly ms: number
  readonly output: string
}

export function verdictOn(file: TestFile, ending: Ending): Verdict {
  const events = parseEvents(ending.events)
  const failures = events.flatMap((event) => (event.type === 'failed' ? [event.failure] : []))
  const message = fault(file, ending, events, failures.length)
  return {
    file,
    passed: events.filter((event) => event.type === 'passed').length,
    skipped: events.filter((event) => event.type === 'skipped').length,
    failures: message === undefined ? failures : [...failures, { title: '', message }],
    ms: ending.ms,
    output: ending.output,
  }
}

// What the child could not say itself.
function fault(
  file: TestFile,
  ending: Ending,
  events: readonly ChildEvent[],
  known: number,
): string | undefined {
  const how = howItEnded(ending)
  const where = whereItWas(events)
  if (ending.timedOut) return `timed out after ${file.timeoutMs / 1000} s, ${where}`
  if (!events.some((event) => event.type === 'done')) return `its process ended ${how}, ${where}`
  if (ending.code !== 0 && known === 0) return `its process ended ${how}, ${where}`
  return undefined
}

function howItEnded({ code, signal }: Ending): string {
  if (signal !== null) return `by ${signal}`
  if (code === 13) return 'with code 13 (nothing was left that could settle a promise)'
  return `with code ${code}`
}

function whereItWas(events: readonly ChildEvent[]): string {
  if (events.some((event) => event.type === 'done')) return 'after its last test'
  const index = events.findLastIndex((event) => event.type === 'started')
  const started = events[index]
  if (started?.type !== 'started') return 'before its first test'
  const { test } = started
  const hasEnded = events.slice(index).some((event) => isEndOf(test, event))
  return `${hasEnded ? 'after' : 'in'} '${test}'`
}

function isEndOf(test: string, event: ChildEvent): boolean {
  if (event.type === 'passed') return event.test === test
  return event.type === 'failed' && event.failure.title === test
}
