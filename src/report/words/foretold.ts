// What is said of a stale node that would not run.
import type { Foretold } from '../../../graph/index.ts'

export const FORETOLD: Readonly<Record<Foretold, string>> = {
  restored: 'the cache has it: restored, nothing runs',
  failed:
    'nothing that it declares has changed since: that failure is told again (--retry runs it)',
}
