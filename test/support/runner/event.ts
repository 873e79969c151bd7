// What a child tells its parent about its test file: one JSON line per event, on file descriptor 3.
import type { Failure } from './failure.ts'

export type ChildEvent =
  | { readonly type: 'started'; readonly test: string }
  | { readonly type: 'passed'; readonly test: string; readonly ms: number }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'skipped' }
  /** All tests have run; what follows is only what they left behind. */
  | { readonly type: 'done' }

export const eventDescriptor = 3

export function parseEvents(text: string): readonly ChildEvent[] {
  // A killed child may have been in the middle of its last line.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
