// What it costs to start: each command against `node -e 0`, taking turns. Usage: node bench/startup.mjs
// [RUNS] [HOME]; HOME is one in which the backends were repaired, the user's own unless given.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/src/bin.cjs')
const runs = Number(process.argv[2] ?? 25)
const env = { ...process.env, HOME: process.argv[3] ?? process.env.HOME, CI: '' }
delete env.CI
const large = graphOf(10_000)
const commands = {
  'node -e 0': ['-e', '0'],
  'preflight --backend llama (cached)': [bin, 'preflight', '--backend', 'llama'],
  'preflight (both, cached)': [bin, 'preflight'],
  'preflight --repair=never': [bin, 'preflight', '--repair=never'],
  '--help': [bin, '--help'],
  list: [bin, 'list'],
  status: [bin, 'status'],
  'TAB behind `run cma`': [bin, '__complete', 'run', 'cma'],
  'TAB, 10,000 nodes': [bin, '__complete', 'run', '-C', large, 'unit[7'],
}

const samples = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
for (let round = -2; round < runs; round++)
  for (const [name, args] of Object.entries(commands)) {
    const start = process.hrtime.bigint()
    const { status, stderr } = spawnSync(process.execPath, args, {
      env,
      cwd: '/',
      encoding: 'utf8',
    })
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    // Without bitnet.cpp the answer for both is 1.
    if (status !== 0 && !(status === 1 && args.includes('preflight')))
      throw new Error(`${name} exited ${status}: ${stderr}`)
    if (round >= 0) samples[name].push(ms)
  }

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const base = samples['node -e 0']
console.log(
  '| command | ms | min | max | x node -e 0 | peak MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |',
)
for (const [name, values] of Object.entries(samples)) {
  const ratio = median(values.map((ms, i) => ms / base[i]))
  const row = [median(values), Math.min(...values), Math.max(...values)].map((ms) => ms.toFixed(1))
  console.log(`| ${name} | ${row.join(' | ')} | ${ratio.toFixed(2)} | ${peakMiB(commands[name])} |`)
}

// A graph of so many nodes, of which the names are kept as after a run.
function graphOf(count) {
  const folder = mkdtempSync(join(tmpdir(), 'startup-'))
  mkdirSync(join(folder, '.bitnet-tasks'))
  writeFileSync(
    join(folder, 'bitnet.tasks.mjs'),
    `import { defineGraph, sh, task } from 'bitnet-tasks'
const of = Array.from({ length: ${count} }, (_, i) => String(i))
export default defineGraph({ tasks: [task('unit', { of }, ({ of }) => ({ run: sh\`echo \${of}\` }))] })
`,
  )
  process.on('exit', () => rmSync(folder, { recursive: true }))
  while (!existsSync(join(folder, '.bitnet-tasks/names')))
    spawnSync(process.execPath, [bin, 'list', '-C', folder], { env })
  return folder
}

// The kernel's own figure of the finished process.
function peakMiB(args) {
  const probe = join(dirname(fileURLToPath(import.meta.url)), 'peak.cjs')
  const { stderr } = spawnSync(process.execPath, ['--require', probe, ...args], {
    env,
    cwd: '/',
    encoding: 'utf8',
  })
  return (Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024).toFixed(0)
}
