// A program: the titles of every test, as JSON lines. It loads the test files and runs none of them,
// so that a title that a loop makes is seen as the runner would print it.
// Usage: node list-tests.ts TEST-FILE...
import { pathToFileURL } from 'node:url'

// As in runner/child.ts: with UVU_DEFER uvu only queues, and nobody starts the queue here.
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [[null]], UVU_INDEX: 0 })
const { reportTo, suites } = await import('../runner/watch.ts')
reportTo(() => {})

for (const file of process.argv.slice(2)) {
  const before = suites.length
  await import(pathToFileURL(file).href)
  const titles = suites.slice(before).flatMap((suite) => suite.titles)
  process.stdout.write(`${JSON.stringify({ file, titles })}\n`)
}
// A test file may have opened something for tests that do not come.
process.exit()
