// Runs one test file in a process of its own, and gathers what it says and how it ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { eventDescriptor } from './event.ts'
import type { TestFile } from './find.ts'
import { killGroup, killTree } from './kill.ts'
import { type Verdict, verdictOn } from './verdict.ts'

const entry = fileURLToPath(import.meta.resolve('./child.ts'))
const projectRoot = join(import.meta.dirname, '../../..')
const keptLines = 200
const keptCharacters = 100_000

const live = new Set<number>()

// The children are groups of their own, so a Ctrl-C in the terminal does not reach them.
process.on('exit', () => {
  for (const pid of live) killTree(pid)
})

export async function runFile(file: TestFile, env: NodeJS.ProcessEnv): Promise<Verdict> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [entry, file.path], {
    cwd: projectRoot,
    env,
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const pid = child.pid
  if (pid === undefined) throw (await exited.catch((error: unknown) => error)) as Error
  live.add(pid)
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    killTree(pid)
  }, file.timeoutMs)

  const [, stdout, stderr] = child.stdio
  const events = gather([child.stdio[eventDescriptor] as Readable])
  const output = gather([stdout as Readable, stderr as Readable], keptCharacters)
  const closed = once(child, 'close')
  const [code, signal] = await exited
  const ms = performance.now() - startedAt
  clearTimeout(limit)
  killGroup(pid)
  live.delete(pid)
  await allRead(child, closed)
  const tail = output().trimEnd().split('\n').slice(-keptLines).join('\n')
  return verdictOn(file, { events: events(), output: tail, ms, timedOut, code, signal })
}

function gather(streams: readonly Readable[], limit = Number.POSITIVE_INFINITY): () => string {
  let text = ''
  for (const stream of streams) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      text = text.length > 2 * limit ? text.slice(-limit) + chunk : text + chunk
    })
  }
  return () => text
}

// A process that left the group may hold the pipes open for as long as it lives.
async function allRead(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  const tooLong = new AbortController()
  await Promise.race([closed, sleep(1000, undefined, { signal: tooLong.signal }).catch(() => {})])
  tooLong.abort()
  for (const stream of child.stdio) stream?.destroy()
}
