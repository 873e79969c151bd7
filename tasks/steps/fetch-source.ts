// A program: fetches a source tree into FOLDER, from the first mirror that can be reached, and lets
// nothing through that is not what the pin says. Usage: fetch-source FOLDER ORDER-AS-JSON
//   BITNET_TASKS_FETCH=auto|git|npm chooses the mirror, BITNET_TASKS_OFFLINE=1 forbids the network,
//   BITNET_TASKS_{CONNECT,STALL,FETCH}_TIMEOUT are limits in seconds.
import * as fs from 'node:fs'
import { join, resolve } from 'node:path'

import type { Mirror } from '../backend.ts'
import { FetchFailure, limitsOf } from '../fetch/limited.ts'
import { unpackBundle } from '../fetch/npm-bundle.ts'
import {
  checkOut,
  emptyRepository,
  type Found,
  fetchBundle,
  fetchCommit,
  refuseOther,
  shownAddress,
} from '../fetch/repository.ts'
import { fetchSubmodule } from '../fetch/submodule.ts'
import type { FetchOrder } from '../git.ts'

/** What is recorded of a source beside it: ref, commit, tree, from; and of each submodule, by its path. */
type Provenance = Readonly<Record<string, string>> & Found & { readonly from: string }

const folder = resolve(process.argv[2] ?? '')
const order = JSON.parse(process.argv[3] ?? '') as FetchOrder
const way = process.env['BITNET_TASKS_FETCH'] ?? 'auto'
const isOffline = process.env['BITNET_TASKS_OFFLINE'] === '1'
const limits = limitsOf(process.env)
const part = `${folder}.part`

main().then(
  () => {},
  (error: unknown) => {
    fs.rmSync(part, { recursive: true, force: true })
    const errno = (error as NodeJS.ErrnoException).code
    say(
      errno === undefined ? `${(error as Error).message}` : `${errno}: ${(error as Error).message}`,
    )
    process.exitCode = error instanceof FetchFailure ? error.exitCode : 1
  },
)

async function main(): Promise<void> {
  const mirrors = order.mirrors.filter((mirror) => way === 'auto' || mirror.kind === way)
  if (mirrors.length === 0)
    throw new FetchFailure(`no '${way}' source is known for '${order.ref}'`, 2)
  for (const [i, mirror] of mirrors.entries()) {
    try {
      return publish(await fetchFrom(mirror))
    } catch (error) {
      const next = mirrors[i + 1]
      const isOver = Date.now() >= limits.endsAt
      if (next === undefined || isOver || !(error instanceof FetchFailure)) throw error
      say(`${nameOf(mirror)}: ${error.message}`)
      say(`trying the next source: ${nameOf(next)}`)
    }
  }
}

async function fetchFrom(mirror: Mirror): Promise<Provenance> {
  fs.rmSync(part, { recursive: true, force: true })
  await emptyRepository(part, limits)
  const found = mirror.kind === 'git' ? await fromGit(mirror.url) : await fromNpm(mirror)
  refuseOther(found, order, nameOf(mirror))
  await checkOut(part, order.sources, limits)
  if (!fs.existsSync(join(part, 'CMakeLists.txt')))
    throw new FetchFailure(`${nameOf(mirror)} holds no CMakeLists.txt at ${order.ref}`, 1)
  const submodules: Record<string, string> = {}
  const parent = { folder: part, url: mirror.kind === 'git' ? mirror.url : '', isOffline, say }
  for (const one of order.submodules) {
    const { commit, from } = await fetchSubmodule(parent, one, limits)
    submodules[one.path] = `${commit} from ${from}`
  }
  return { ref: order.ref, ...found, from: nameOf(mirror), ...submodules }
}

async function fromGit(url: string): Promise<Found> {
  if (isOffline && !fs.existsSync(url))
    throw new FetchFailure(`offline: not asking ${shownAddress(url)}; Could not resolve host`, 128)
  say(`fetching ${order.ref} from ${shownAddress(url)}`)
  return fetchCommit(part, { url, ref: order.ref }, limits)
}

async function fromNpm(mirror: Extract<Mirror, { kind: 'npm' }>): Promise<Found> {
  say(`fetching ${mirror.spec} from the npm registry${isOffline ? "'s cache (offline)" : ''}`)
  const into = join(part, '.npm')
  const found = await fetchBundle(
    part,
    await unpackBundle({ mirror, into, isOffline }, limits),
    limits,
  )
  fs.rmSync(into, { recursive: true, force: true })
  return found
}

// Whole or not at all: the old tree stands until the new one has its name.
function publish(provenance: Provenance): void {
  fs.rmSync(join(part, '.git'), { recursive: true, force: true })
  const old = `${folder}.old`
  fs.rmSync(old, { recursive: true, force: true })
  if (fs.existsSync(folder)) {
    keepTimes(folder, part)
    fs.renameSync(folder, old)
  }
  fs.renameSync(part, folder)
  fs.rmSync(old, { recursive: true, force: true })
  fs.writeFileSync(`${folder}.provenance.json`, `${JSON.stringify(provenance, null, 2)}\n`)
  say(`source ${provenance.tree.slice(0, 12)} from ${provenance.from}`)
}

// ninja goes by mtime: a file that came back with the same bytes must not look newer than its object.
function keepTimes(from: string, to: string): void {
  for (const entry of fs.readdirSync(to, { withFileTypes: true })) {
    const [before, after] = [join(from, entry.name), join(to, entry.name)]
    const stat = fs.lstatSync(before, { throwIfNoEntry: false })
    if (entry.isDirectory() && stat?.isDirectory()) keepTimes(before, after)
    else if (entry.isFile() && stat?.isFile() && stat.size === fs.statSync(after).size)
      if (fs.readFileSync(before).equals(fs.readFileSync(after)))
        fs.utimesSync(after, stat.atime, stat.mtime)
  }
}

function nameOf(mirror: Mirror): string {
  return mirror.kind === 'npm' ? mirror.spec : shownAddress(mirror.url)
}

function say(text: string): void {
  process.stderr.write(`fetch-source: ${text}\n`)
}
