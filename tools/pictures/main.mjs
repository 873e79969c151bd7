// Makes docs/pictures anew: the live view and a page of a small C project, and of a repair of the small
// llama.cpp of the tests. Usage: npm run build && npm run pictures [-- CATAPULT], where CATAPULT is a checkout
// of the trace viewer (github.com/catapult-project/catapult); without it the picture of the trace stays.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { debianProgram } from '../../test/support/debian.ts'
import { fixtureRepo } from '../../test/support/fixture-repo.ts'
import { photograph } from './browser.mjs'
import { breakProject, writeProject } from './project.mjs'
import { screenPage } from './screen-page.mjs'
import { watchTerminal } from './terminal.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'dist/src/bin.cjs')
const pictures = join(root, 'docs/pictures')
const MOST_BYTES = 300_000

for (const program of ['tmux', 'chromium']) debianProgram(program)
const work = mkdtempSync(join(tmpdir(), 'bitnet-pictures-'))
const home = join(work, 'home')
const env = {
  HOME: home,
  PATH: process.env.PATH,
  LC_ALL: 'C.UTF-8',
  TERM: 'xterm-256color',
  LLAMA_CPP_REPO: join(work, 'llama.cpp'),
}

try {
  mkdirSync(home)
  mkdirSync(pictures, { recursive: true })
  await project()
  await repair()
  const [catapult] = process.argv.slice(2)
  if (catapult) await trace(catapult)
  else console.error('trace.png is left as it is: no checkout of catapult was named')
} finally {
  rmSync(work, { recursive: true, force: true })
}

// The second run of a C project: its history is known, and one file does not compile.
async function project() {
  const folder = join(work, 'project')
  writeProject(folder, root)
  tasks(folder, 'run', '-q', '-j4')
  breakProject(folder)
  const screen = await watchTerminal(['run', '-k', '-j4'], {
    bin,
    env,
    folder,
    size: { columns: 88, rows: 22 },
    until: showsEverything,
  })
  await saveScreen('live.png', 'npx bitnet-tasks run -k', screen)
  const page = tasks(folder, 'report', '--html', '-')
  await save('report.png', page, { width: 1200, height: 1220 })
}

// A failure, two that are done, two that run, one with its step, what is blocked and what waits.
function showsEverything(text) {
  const rows = (sign) => text.split('\n').filter((line) => line.startsWith(sign))
  const running = rows('▸')
  const isStepped = running.some((line) => /\[\d+\/\d+\]/.test(line))
  const signs = [...rows('✖'), ...rows('⊘'), ...rows('…')]
  return signs.length === 3 && rows('✔').length > 1 && running.length > 1 && isStepped
}

async function repair() {
  fixtureRepo(env.LLAMA_CPP_REPO)
  const preflight = ['preflight', '--backend', 'llama', '--ref', 'v0.5.0']
  const screen = await watchTerminal(preflight, {
    bin,
    env,
    folder: home,
    size: { columns: 150, rows: 14 },
    until: (text) => /▸ compile .*\[[5-9]\/\d+\]/.test(text),
  })
  await saveScreen('repair.png', 'npx bitnet-tasks preflight --backend llama', screen)
  rmSync(join(home, '.cache'), { recursive: true })
  const file = join(work, 'trace.json')
  const revalidate = 'revalidate[llama,cpu]'
  tasks(home, 'run', revalidate, '--ref', 'v0.5.0', '-q', '-j2', '--trace', file)
  writeFileSync(join(pictures, 'repair.trace.json'), anonymous(readFileSync(file, 'utf8')))
  const svg = tasks(home, 'graph', revalidate, '--ref', 'v0.5.0', '--format', 'svg')
  writeFileSync(join(pictures, 'repair.svg'), svg)
}

async function trace(catapult) {
  const page = join(work, 'trace.html')
  const program = join(catapult, 'tracing/bin/trace2html')
  const file = join(pictures, 'repair.trace.json')
  execFileSync('python3', [program, file, '--title', 'repair.trace.json', '--output', page])
  await save('trace.png', readFileSync(page, 'utf8'), {
    width: 1200,
    height: 430,
    waitMs: 12_000,
  })
}

function tasks(folder, ...args) {
  return execFileSync(process.execPath, [bin, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function saveScreen(name, title, captured) {
  const { html, width, height } = screenPage(title, anonymous(captured))
  await save(name, html, { width, height, scale: 2 })
}

async function save(name, page, size) {
  const file = join(pictures, name)
  const html = join(work, 'page.html')
  writeFileSync(html, anonymous(page))
  await photograph(html, file, size)
  const { size: bytes } = statSync(file)
  if (bytes > MOST_BYTES) throw new Error(`${name} has ${bytes} bytes, more than ${MOST_BYTES}`)
  console.error(`${name}: ${Math.round(bytes / 1024)} KiB`)
}

// Nobody's paths.
function anonymous(text) {
  return text.replaceAll(home, '/home/you').replaceAll(work, '/home/you')
}
