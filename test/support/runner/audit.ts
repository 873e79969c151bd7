// What uvu lets pass and we do not: tests that are there and did not run. Returns the complaints.
import type { SuiteRecord } from './watch.ts'

export function audit(suites: readonly SuiteRecord[], queued: number): readonly string[] {
  if (queued === 0) return ['no test ran: is .run() missing?']
  if (queued > suites.filter((suite) => suite.hasRun).length) {
    return ["a suite of uvu itself ran: import { suite } from 'test/support/suite.ts' instead"]
  }
  return suites.flatMap((suite) => complaint(suite) ?? [])
}

function complaint(suite: SuiteRecord): string | undefined {
  if (!suite.hasRun) return `suite '${suite.name}' did not run: is .run() missing?`
  const tests = suite.titles.length
  if (tests + suite.skipped === 0) return `suite '${suite.name}' has no test`
  const left = tests - suite.ended
  if (left === 0 || suite.beforeThrew) return undefined
  return `suite '${suite.name}': ${left} of its ${tests} tests did not run: is there an .only?`
}
