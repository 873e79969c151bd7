// A program: fetches a source tree into FOLDER, from the first mirror that can be reached, and lets
// nothing through that is not what the pin says. Usage: fetch-source FOLDER ORDER-AS-JSON
//   BITNET_TASKS_FETCH=auto|git|npm chooses the mirror, BITNET_TASKS_OFFLINE=1 forbids the network.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join, resolve } from 'node:path'

import type { Mirror } from '../backends.ts'
import type { FetchOrder } from '../git.ts'

// A server that says nothing for so long will not speak again (specification 000: 30 s to connect).
const FIRST_WORD_MS = 30_000
const SILENCE_MS = 60_000
// npm names the tarball and then is silent until it has it all; its own limit for that is 5 minutes.
const DOWNLOAD_MS = 330_000

class FetchFailure extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

const folder = resolve(process.argv[2] ?? '')
const order = JSON.parse(process.argv[3] ?? '') as FetchOrder
const way = process.env['BITNET_TASKS_FETCH'] ?? 'auto'
const isOffline = process.env['BITNET_TASKS_OFFLINE'] === '1'
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
      const found = await fetchFrom(mirror)
      return publish(found, mirror)
    } catch (error) {
      const next = mirrors[i + 1]
      if (next === undefined || !(error instanceof FetchFailure)) throw error
      say(`${nameOf(mirror)}: ${error.message}`)
      say(`trying the next source: ${nameOf(next)}`)
    }
  }
}

interface Found {
  readonly commit: string
  readonly tree: string
}

async function fetchFrom(mirror: Mirror): Promise<Found> {
  fs.rmSync(part, { recursive: true, force: true })
  fs.mkdirSync(part, { recursive: true })
  await git('init', '--quiet', '.')
  if (mirror.kind === 'git') {
    const isLocal = fs.existsSync(mirror.url)
    if (isOffline && !isLocal)
      throw new FetchFailure(`offline: not asking ${nameOf(mirror)}; Could not resolve host`, 128)
    say(`fetching ${order.ref} from ${nameOf(mirror)}`)
    await git(
      'fetch',
      '--progress',
      '--depth',
      '1',
      '--no-tags',
      '--end-of-options',
      mirror.url,
      order.ref,
    )
  } else {
    const bundle = await unpackBundle(mirror)
    await git('fetch', '--no-tags', '--end-of-options', bundle, 'HEAD')
    fs.rmSync(join(part, '.npm'), { recursive: true, force: true })
  }
  const commit = await git('rev-parse', 'FETCH_HEAD^{commit}')
  const tree = await git('rev-parse', 'FETCH_HEAD^{tree}')
  refuseOther({ commit, tree }, mirror)
  await git('config', 'core.autocrlf', 'false')
  await git(
    'sparse-checkout',
    'set',
    '--no-cone',
    ...order.sources.map((glob) => `/${glob.replace(/\*\*$/, '')}`),
  )
  await git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
  if (!fs.existsSync(join(part, 'CMakeLists.txt')))
    throw new FetchFailure(`${nameOf(mirror)} holds no CMakeLists.txt at ${order.ref}`, 1)
  return { commit, tree }
}

// The pin is a tree: it names every byte, whichever mirror they come from.
function refuseOther({ commit, tree }: Found, mirror: Mirror): void {
  const isCommit = /^[0-9a-f]{40}$/.test(order.ref)
  if (order.tree !== undefined && tree !== order.tree)
    throw new FetchFailure(
      `${nameOf(mirror)} gave another source than the pin: tree ${tree} at ${order.ref}, the pin says ${order.tree}`,
      1,
    )
  if (isCommit && commit !== order.ref)
    throw new FetchFailure(`${nameOf(mirror)} gave commit ${commit} when asked for ${order.ref}`, 1)
}

// Whole or not at all: the old tree stands until the new one has its name.
function publish({ commit, tree }: Found, mirror: Mirror): void {
  fs.rmSync(join(part, '.git'), { recursive: true, force: true })
  const old = `${folder}.old`
  fs.rmSync(old, { recursive: true, force: true })
  if (fs.existsSync(folder)) {
    keepTimes(folder, part)
    fs.renameSync(folder, old)
  }
  fs.renameSync(part, folder)
  fs.rmSync(old, { recursive: true, force: true })
  const provenance = { ref: order.ref, commit, tree, from: nameOf(mirror) }
  fs.writeFileSync(`${folder}.provenance.json`, `${JSON.stringify(provenance, null, 2)}\n`)
  say(`source ${tree.slice(0, 12)} from ${nameOf(mirror)}`)
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

async function unpackBundle(mirror: Extract<Mirror, { kind: 'npm' }>): Promise<string> {
  const into = join(part, '.npm')
  fs.mkdirSync(into)
  say(`fetching ${mirror.spec} from the npm registry${isOffline ? "'s cache (offline)" : ''}`)
  const network = isOffline ? ['--offline'] : ['--prefer-offline']
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const pack = [
    'pack',
    // Not silent: the cause of a failure would be lost with it. As JSON, or it lists every file.
    '--json',
    '--loglevel=http',
    // Retries are the engine's.
    '--fetch-retries=0',
    ...network,
    '--ignore-scripts',
    '--pack-destination',
    into,
    mirror.spec,
  ]
  await run(npm, pack, DOWNLOAD_MS)
  const tarball = fs.readdirSync(into).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new FetchFailure(`npm gave no tarball of ${mirror.spec}`, 1)
  const digest = createHash('sha512')
    .update(fs.readFileSync(join(into, tarball)))
    .digest('base64')
  if (`sha512-${digest}` !== mirror.integrity)
    throw new FetchFailure(
      `${mirror.spec} is not what the pin says: its integrity is sha512-${digest}`,
      1,
    )
  // One file by its name: nothing else of the archive touches the disk.
  await run('tar', ['-xzf', join(into, tarball), '-C', into, `package/${mirror.bundle}`])
  return join(into, 'package', mirror.bundle)
}

function nameOf(mirror: Mirror): string {
  if (mirror.kind === 'npm') return mirror.spec
  return mirror.url.replace(/\/\/[^/@]*@/, '//***@')
}

function git(...args: string[]): Promise<string> {
  const safe = [
    '-c',
    'protocol.ext.allow=never',
    '-c',
    'core.hooksPath=/dev/null',
    '-c',
    'advice.detachedHead=false',
  ]
  return run('git', ['-C', part, ...safe, ...args])
}

/** Runs a program; what it prints goes through. A long silence ends it. */
function run(program: string, args: readonly string[], silenceMs = SILENCE_MS): Promise<string> {
  const env = {
    ...process.env,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_HTTP_LOW_SPEED_LIMIT: '1000',
    GIT_HTTP_LOW_SPEED_TIME: '60',
  }
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let isQuiet = false
    let timer: NodeJS.Timeout
    const listen = (ms: number): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        isQuiet = true
        child.kill('SIGKILL')
      }, ms)
    }
    listen(args.includes('fetch') || args.includes('pack') ? FIRST_WORD_MS + SILENCE_MS : 600_000)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      listen(silenceMs)
    })
    child.stderr.on('data', (text: Buffer) => {
      process.stderr.write(text)
      listen(silenceMs)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      fail(
        new FetchFailure(
          `${program} cannot be started: ${error.code}`,
          error.code === 'EACCES' ? 126 : 127,
        ),
      )
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) return done(out.trim())
      if (isQuiet)
        return fail(
          new FetchFailure(
            `${program} ${args.find((a) => /^[a-z]/.test(a)) ?? ''}: connection timed out (no answer)`,
            128,
          ),
        )
      fail(new FetchFailure(`${program} failed (${signal ?? `exit code ${code}`})`, code ?? 1))
    })
  })
}

function say(text: string): void {
  process.stderr.write(`fetch-source: ${text}\n`)
}
