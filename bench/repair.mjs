// A repair of the real llama.cpp against the same commands typed by hand, in turns, each from nothing.
// Usage: node bench/repair.mjs [ROUNDS]
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const rounds = Number(process.argv[2] ?? 1)
const backends = readFileSync(join(root, 'tasks/backends.ts'), 'utf8')
const spec = /spec: '([^']+)'/.exec(backends)[1]
const options = [...backends.matchAll(/'(-DLLAMA_\w+=\w+)'/g)].map((match) => match[1])

const byHand = (folder) => {
  const run = (program, ...args) => execFileSync(program, args, { cwd: folder, stdio: 'ignore' })
  run('npm', 'pack', '--silent', '--prefer-offline', spec)
  run('sh', '-c', 'tar -xzf *.tgz package/llama/gitRelease.bundle')
  run('git', 'clone', '--quiet', 'package/llama/gitRelease.bundle', 'src')
  run(
    'cmake',
    '-S',
    'src',
    '-B',
    'build',
    '-G',
    'Ninja',
    '-DCMAKE_BUILD_TYPE=Release',
    '-DBUILD_SHARED_LIBS=ON',
    ...options,
  )
  run('ninja', '-C', 'build', `-j${availableParallelism()}`, 'llama')
}
const byUs = (folder) => {
  const env = { ...process.env, HOME: folder, npm_config_cache: npmCache }
  delete env.CI
  const args = [
    join(root, 'dist/src/bin.cjs'),
    'preflight',
    '--backend',
    'llama',
    '--source',
    'npm',
  ]
  const { status, stderr } = spawnSync(process.execPath, args, {
    env,
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
}
const npmCache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim()

const timed = (work) => {
  const folder = mkdtempSync(join(tmpdir(), 'repair-'))
  const start = process.hrtime.bigint()
  work(folder)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  rmSync(folder, { recursive: true, force: true })
  return seconds
}
timed((folder) => execFileSync('npm', ['pack', '--silent', spec], { cwd: folder, stdio: 'ignore' }))
for (let round = 0; round < rounds; round++) {
  const hand = timed(byHand)
  const ours = timed(byUs)
  console.log(
    `by hand ${hand.toFixed(1)} s, preflight ${ours.toFixed(1)} s, ratio ${(ours / hand).toFixed(3)}`,
  )
}
