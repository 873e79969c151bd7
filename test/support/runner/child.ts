// The process of one test file: `node child.ts FILE`. Loads the file, lets uvu run what it queued,
// and reports everything to the parent, which alone decides and prints.
import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

import { audit } from './audit.ts'
import { type ChildEvent, eventDescriptor } from './event.ts'
import { failureOf } from './failure.ts'

const graceMs = 2000

// uvu looks at these while it loads: with UVU_DEFER it only queues, and we say when it starts.
// Hence the dynamic imports: a static one would load uvu before this line.
const queue: unknown[] = [null]
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [queue], UVU_INDEX: 0 })
const { exec } = await import('uvu')
const { reportTo, speaker, suites } = await import('./watch.ts')

reportTo(report)
// Rejections arrive here as well. Having a listener, the process goes on and its tests finish.
process.on('uncaughtException', (error, origin) => {
  const title = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception'
  report({ type: 'failed', failure: failureOf(title, error) })
})
silenceUvu()
const ownResources = activeResources()

await runFile(process.argv[2] ?? '')

async function runFile(file: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href)
    // uvu's first entry is the file's name.
    const queued = queue.length - 1
    await speaker.run('uvu', exec)
    for (const message of audit(suites, queued)) report({ type: 'failed', failure: whole(message) })
  } catch (error) {
    report({ type: 'failed', failure: failureOf('', error) })
  }
  // A test of our own exit codes may have left one here; the parent reads the events instead.
  process.exitCode = 0
  report({ type: 'done' })
  setTimeout(nameWhatIsLeft, graceMs).unref()
}

function nameWhatIsLeft(): void {
  const left = activeResources()
  for (const own of ownResources) if (left.includes(own)) left.splice(left.indexOf(own), 1)
  const holders = left.sort().join(', ')
  const message = `still alive ${graceMs / 1000} s after its last test, held by: ${holders}`
  report({ type: 'failed', failure: whole(message) })
  process.exit()
}

// Our own pipes are in the list too, once they are open; so they are opened first.
function activeResources(): string[] {
  void [process.stdout, process.stderr]
  return process.getActiveResourcesInfo()
}

function silenceUvu(): void {
  const write = process.stdout.write
  process.stdout.write = ((...args: Parameters<typeof write>) =>
    speaker.getStore() === 'uvu' || write.apply(process.stdout, args)) as typeof write
}

// Synchronous: an event that is still in a buffer when the process is killed is lost.
function report(event: ChildEvent): void {
  writeSync(eventDescriptor, `${JSON.stringify(event)}\n`)
}

function whole(message: string): { title: string; message: string } {
  return { title: '', message }
}
