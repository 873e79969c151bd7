// From a write to the start of the command that it sets off, as the command itself sees the clock.
// Usage: node bench/watch.mjs [WIREIT] [RUNS]; WIREIT is a folder with node_modules/wireit, which then takes
// turns with us. The first command line of each is what its own watch mode is started with.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/src/bin.cjs')
const wireit = process.argv[2] && resolve(process.argv[2], 'node_modules/wireit')
const runs = Number(process.argv[3] ?? 15)
const shapes = [
  { tasks: 10, files: 2 },
  { tasks: 100, files: 20 },
]
const pause = (ms) => new Promise((done) => setTimeout(done, ms))

// Layers of a fifth of the tasks; each task reads its own files and two outputs of the layer above.
function tree({ tasks, files }) {
  const folder = mkdtempSync(join(tmpdir(), 'watch-bench-'))
  const width = Math.ceil(tasks / 5)
  const rows = Array.from({ length: tasks }, (_, i) => {
    const layer = Math.floor(i / width)
    const needs = layer === 0 ? [] : [0, 1].map((j) => (layer - 1) * width + ((i + j) % width))
    mkdirSync(join(folder, `p/t${i}/out`), { recursive: true })
    for (let j = 0; j < files; j++) writeFileSync(join(folder, `p/t${i}/f${j}.txt`), `${i} ${j}\n`)
    const stamp = i === 0 ? 'date +%s%N >> stamp; ' : ''
    const read = [`p/t${i}/f*.txt`, ...needs.map((need) => `p/t${need}/out/o`)].join(' ')
    return { name: `t${i}`, needs, line: `${stamp}cat ${read} > p/t${i}/out/o`, dir: `p/t${i}` }
  })
  return { folder, rows }
}

const peers = {
  'bitnet-tasks': ({ folder, rows }) => {
    const text = `import { defineGraph, sh, task } from 'bitnet-tasks'
const made = {}
for (const { name, needs, line, dir } of ${JSON.stringify(rows)})
  made[name] = task(name, () => ({
    inputs: [\`\${dir}/f*.txt\`],
    outputs: [\`\${dir}/out/o\`],
    needs: needs.map((need) => made[\`t\${need}\`]()),
    run: sh(line),
  }))
export default defineGraph({ tasks: Object.values(made) })
`
    writeFileSync(join(folder, 'bitnet.tasks.mjs'), text)
    return [bin, 'watch', '--quiet']
  },
  ...(wireit && {
    wireit: ({ folder, rows }) => {
      const scripts = { all: 'wireit' }
      const own = { all: { dependencies: rows.map(({ name }) => name) } }
      for (const { name, needs, line, dir } of rows) {
        scripts[name] = 'wireit'
        own[name] = {
          command: line,
          files: [`${dir}/f*.txt`],
          output: [`${dir}/out/o`],
          packageLocks: [],
          dependencies: needs.map((need) => `t${need}`),
        }
      }
      const manifest = { name: 'bench', private: true, scripts, wireit: own }
      writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
      mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
      symlinkSync(wireit, join(folder, 'node_modules/wireit'))
      symlinkSync(join(wireit, 'bin/wireit.js'), join(folder, 'node_modules/.bin/wireit'))
      return ['--run', 'all', '--', '--watch']
    },
  }),
}

const stamps = (folder) => {
  try {
    return readFileSync(join(folder, 'stamp'), 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

async function until(test) {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(5)) if (test()) return
  throw new Error('nothing happened for a minute')
}

async function start(peer, shape) {
  const made = tree(shape)
  const args = peers[peer](made)
  const at = performance.now()
  const env = { ...process.env, WIREIT_CACHE: 'none', WIREIT_LOGGER: 'simple' }
  const child = spawn(process.execPath, args, { cwd: made.folder, env, stdio: 'ignore' })
  await until(() => stamps(made.folder).length > 0)
  return { peer, ...made, child, first: performance.now() - at, latency: [] }
}

async function edit({ folder, latency }, i) {
  const seen = stamps(folder).length
  const at = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n
  writeFileSync(join(folder, 'p/t0/f0.txt'), `edit ${i} ${Date.now()}\n`)
  await until(() => stamps(folder).length > seen)
  latency.push(Number(BigInt(stamps(folder)[seen]) - at) / 1e6)
}

const residentMiB = ({ child }) =>
  (
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
  ).toFixed(0)
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

console.log('| tasks, files | peer | ms | min | max | to the first command, ms | MiB |')
console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: |')
for (const shape of shapes) {
  const all = []
  for (const peer of Object.keys(peers)) all.push(await start(peer, shape))
  await pause(4000)
  for (let i = 0; i < runs; i++)
    for (const one of all) {
      await edit(one, i)
      await pause(1200)
    }
  for (const one of all) {
    const { peer, latency, first, child, folder } = one
    const row = [median(latency), Math.min(...latency), Math.max(...latency), first]
    const memory = residentMiB(one)
    console.log(
      `| ${shape.tasks}, ${shape.tasks * shape.files} | ${peer} | ${row.map((ms) => ms.toFixed(1)).join(' | ')} | ${memory} |`,
    )
    child.kill('SIGTERM')
    await new Promise((done) => child.on('exit', done))
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
