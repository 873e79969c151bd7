// What it costs to fingerprint a tree for the first time, against sha256sum of the same files, taking turns.
// Usage: node bench/fingerprint.mjs [RUNS] [FILES] [BYTES]; 20,000 files of 53,687 bytes are 1 GiB.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/src/bin.cjs')
const [runs, files, bytes] = [5, 20_000, 53_687].map((usual, i) =>
  Number(process.argv[2 + i] ?? usual),
)
const folder = mkdtempSync(join(tmpdir(), 'fingerprint-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const names = Array.from({ length: files }, (_, i) => `src/${i % 100}/${i}.bin`)
for (let i = 0; i < 100; i++) mkdirSync(join(folder, `src/${i}`), { recursive: true })
for (const [i, name] of names.entries())
  writeFileSync(join(folder, name), Buffer.alloc(bytes, `${i} `))
writeFileSync(join(folder, 'names'), names.join('\n'))
writeFileSync(
  join(folder, 'bitnet.tasks.mjs'),
  `import { argv, defineGraph, task } from 'bitnet-tasks'
const all = task('all', () => ({ inputs: ['src/**'], run: argv('true') }))
export default defineGraph({ tasks: [all] })
`,
)

const peers = {
  'sha256sum, one process': ['sh', '-c', 'xargs sha256sum < names > /dev/null'],
  'xargs -P2 sha256sum': ['sh', '-c', 'xargs -P2 -n 500 sha256sum < names > /dev/null'],
  'bare Node, two threads': [process.execPath, join(dirname(bin), '../../bench/bare-digests.mjs')],
  'bitnet-tasks, cold': [process.execPath, bin, 'run', '--quiet', '--no-cache'],
}
const samples = Object.fromEntries(Object.keys(peers).map((name) => [name, []]))
for (let round = -1; round < runs; round++)
  for (const [name, [command, ...args]] of Object.entries(peers)) {
    rmSync(join(folder, '.bitnet-tasks'), { recursive: true, force: true })
    const start = process.hrtime.bigint()
    const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    if (status !== 0) throw new Error(`${name} exited ${status}: ${stderr}`)
    if (round >= 0) samples[name].push(ms)
  }

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]
const [base] = Object.values(samples)
console.log(
  `${files} files of ${bytes} bytes, page cache warm\n\n| | ms | min | max | x sha256sum |`,
)
console.log('| --- | ---: | ---: | ---: | ---: |')
for (const [name, values] of Object.entries(samples)) {
  const figures = [median(values), Math.min(...values), Math.max(...values)].map((ms) =>
    ms.toFixed(0),
  )
  const ratio = median(values.map((ms, i) => ms / base[i])).toFixed(2)
  console.log(`| ${[name, ...figures, ratio].join(' | ')} |`)
}
