// Watching for long: 10,000 events, 30,000 files at once, 1,000 rebuilds. Is anything missed, does anything grow?
// Usage: node bench/soak.mjs [EVENTS] [FILES] [REBUILDS] [SEED]; 0 of a kind leaves it out.
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const bin = join(dirname(here), 'dist/src/bin.cjs')
const [events, files, rebuilds, seed] = [10_000, 30_000, 1000, 1].map((usual, i) =>
  Number(process.argv[2 + i] ?? usual),
)
// Without any event there is a look every 10 s: what took longer to be seen was missed.
const SEEN_MS = 9000
const GRAPH = `import { defineGraph, sh, task } from 'bitnet-tasks'
const all = task('all', () => ({
  inputs: ['src/**/*.txt'],
  outputs: ['out/all'],
  run: sh\`find src -name '*.txt' -print0 | LC_ALL=C sort -z | xargs -0 -r cat > out/all\`,
}))
export default defineGraph({ tasks: [all] })
`
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
let state = seed
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

class Watched {
  runs = 0
  starts = 0
  #idle = Promise.withResolvers()

  constructor() {
    this.folder = fs.mkdtempSync(join(tmpdir(), 'soak-'))
    fs.writeFileSync(join(this.folder, 'bitnet.tasks.mjs'), GRAPH)
    fs.mkdirSync(join(this.folder, 'src'))
  }

  path(name) {
    return join(this.folder, 'src', name)
  }

  async start() {
    const { folder } = this
    const env = { PATH: process.env.PATH, HOME: folder }
    const alive = ['--require', join(here, 'alive.cjs')]
    this.child = spawn(process.execPath, [...alive, bin, 'watch', '--json'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    process.on('exit', () => this.child.kill())
    let rest = ''
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      for (const line of lines) this.#hear(JSON.parse(line))
    })
    await this.idle()
  }

  #hear({ type }) {
    if (type === 'done') this.runs++
    if (type === 'started') this.starts++
    if (type !== 'idle') return
    this.#idle.resolve()
    this.#idle = Promise.withResolvers()
  }

  idle() {
    return this.#idle.promise
  }

  expected() {
    const names = fs.readdirSync(this.path(''), { recursive: true, withFileTypes: true })
    const paths = names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
    const sorted = paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return Buffer.concat(sorted.map((path) => fs.readFileSync(path)))
  }

  /** Milliseconds until the output is what the files on disk make of it. */
  async seen() {
    const [start, wanted] = [performance.now(), this.expected()]
    const output = join(this.folder, 'out/all')
    while (!(fs.existsSync(output) && fs.readFileSync(output).equals(wanted))) {
      if (performance.now() - start > 60_000) return Number.POSITIVE_INFINITY
      await pause(20)
    }
    return performance.now() - start
  }

  #proc(path) {
    return fs.readFileSync(`/proc/${this.child.pid}/${path}`, 'utf8')
  }

  measured() {
    const fds = fs.readdirSync(`/proc/${this.child.pid}/fd`)
    const infos = fs.readdirSync(`/proc/${this.child.pid}/fdinfo`).map((fd) => {
      try {
        return this.#proc(`fdinfo/${fd}`)
      } catch {
        return ''
      }
    })
    const watches = infos.join('\n').match(/^inotify wd:/gm)?.length ?? 0
    const mib = Number(/^VmRSS:\s+(\d+)/m.exec(this.#proc('status'))[1]) / 1024
    return { files: fds.length, watches, mib }
  }

  /** What garbage collection leaves: it is asked for, so memory is less afterwards. */
  async alive() {
    const said = new Promise((done) => this.child.stderr.once('data', done))
    this.child.kill('SIGUSR2')
    const [, objects, bytes] = /^alive (\d+) (\d+)$/m.exec(String(await said))
    return { objects, heap: bytes / 2 ** 20 }
  }

  async end() {
    this.child.kill('SIGTERM')
    await new Promise((done) => this.child.on('close', done))
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

const folderOf = (i) => `d${i % 40}/e${i % 7}`

// One of the ways in which files change; most are edits.
function change(watched, i) {
  const name = `${folderOf(random(280))}/f${random(12)}.txt`
  const path = watched.path(name)
  const kind = random(100)
  if (kind < 2) return fs.rmSync(watched.path(`d${random(40)}`), { recursive: true, force: true })
  fs.mkdirSync(dirname(path), { recursive: true })
  if (kind < 10) return fs.rmSync(path, { force: true })
  if (kind < 14) {
    const other = watched.path(`d${random(40)}`)
    if (!fs.existsSync(other)) return
    fs.renameSync(other, `${other}.gone`)
    return fs.rmSync(`${other}.gone`, { recursive: true })
  }
  if (kind < 40) {
    fs.writeFileSync(`${path}~`, `saved ${i}\n`)
    return fs.renameSync(`${path}~`, path)
  }
  if (kind < 45) return fs.existsSync(path) && fs.utimesSync(path, i, i)
  fs.appendFileSync(path, `${i}\n`)
}

async function soakEvents() {
  const watched = new Watched()
  for (let i = 0; i < 280; i++) {
    fs.mkdirSync(watched.path(folderOf(i)), { recursive: true })
    fs.writeFileSync(watched.path(`${folderOf(i)}/f0.txt`), `${i}\n`)
  }
  await watched.start()
  const late = []
  let missed = 0
  for (let i = 1; i <= events; i++) {
    change(watched, i)
    // Now a pause as of a person, now one as of a script.
    if (random(20) === 0) await pause(random(30))
    if (random(400) === 0) await pause(600)
    if (i % 500 !== 0) continue
    const ms = await watched.seen()
    late.push(ms)
    if (ms > SEEN_MS) missed++
  }
  row('events', events, missed, Math.max(...late), watched)
  await watched.end()
}

async function soakBurst() {
  const watched = new Watched()
  fs.writeFileSync(watched.path('a.txt'), 'a\n')
  await watched.start()
  for (let i = 0; i < files; i++) {
    if (i % 100 === 0) fs.mkdirSync(watched.path(`d${i / 100}`))
    fs.writeFileSync(watched.path(`d${Math.floor(i / 100)}/${i}.txt`), `${i}\n`)
  }
  const ms = await watched.seen()
  const { starts } = watched
  // Every folder is heard of also afterwards.
  let missed = ms > SEEN_MS ? 1 : 0
  for (let i = 0; i < files / 100; i += Math.ceil(files / 1000)) {
    fs.appendFileSync(watched.path(`d${i}/${i * 100}.txt`), 'more\n')
    if ((await watched.seen()) > SEEN_MS) missed++
  }
  row('files at once', files, missed, ms, watched, starts)
  await watched.end()
}

async function soakRebuilds() {
  const watched = new Watched()
  for (let i = 0; i < 100; i++) {
    fs.mkdirSync(watched.path(folderOf(i)), { recursive: true })
    fs.writeFileSync(watched.path(`${folderOf(i)}/f.txt`), `${i}\n`)
  }
  await watched.start()
  const marks = [0.1, 0.25, 0.5, 0.75, 1].map((part) => Math.round(rebuilds * part))
  const measured = []
  let worst = 0
  for (let i = 1; i <= rebuilds; i++) {
    // Now and then a folder comes or goes: watches must go with it.
    const extra = watched.path('extra')
    if (i % 10 === 5) fs.mkdirSync(extra)
    if (i % 10 === 5) fs.writeFileSync(`${extra}/x.txt`, `${i}\n`)
    else if (i % 10 === 0) fs.rmSync(extra, { recursive: true })
    else
      fs.writeFileSync(
        watched.path(`${folderOf(random(100))}/f.txt`),
        `${i} ${performance.now()}\n`,
      )
    worst = Math.max(worst, await watched.seen())
    if (!marks.includes(i)) continue
    await pause(1500)
    const now = watched.measured()
    const isEnd = i === marks[0] || i === marks.at(-1)
    measured.push({ after: i, ...now, ...(isEnd ? await watched.alive() : {}) })
  }
  row('rebuilds', rebuilds, worst > SEEN_MS ? 1 : 0, worst, watched)
  console.log(
    '\n| rebuilds | MiB | alive, MiB | objects | inotify watches | open files |\n| ---: | ---: | ---: | ---: | ---: | ---: |',
  )
  for (const { after, mib, heap, objects = '', watches, files: open } of measured)
    console.log(
      `| ${after} | ${mib.toFixed(1)} | ${heap?.toFixed(1) ?? ''} | ${objects} | ${watches} | ${open} |`,
    )
  await watched.end()
}

function row(what, count, missed, ms, { runs }, starts) {
  const runsText = starts === undefined ? runs : starts - 1
  console.log(`| ${what} | ${count} | ${missed} | ${Math.round(ms)} | ${runsText} |`)
}

console.log('| what | how many | missed | longest until right, ms | runs |')
console.log('| --- | ---: | ---: | ---: | ---: |')
if (events > 0) await soakEvents()
if (files > 0) await soakBurst()
if (rebuilds > 0) await soakRebuilds()
