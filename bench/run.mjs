// Puts this project into the peers' harness and runs it. Usage: npm run bench -- HARNESS [its arguments]
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [harness, ...args] = process.argv.slice(2)
if (harness === undefined || !existsSync(join(harness, 'run.mjs'))) {
  console.error(
    'usage: npm run bench -- HARNESS [--peers a,b --scenarios noop,cold --shapes 1000x2]',
  )
  process.exit(2)
}
const scratch = join(tmpdir(), 'bitnet-tasks-bench')
mkdirSync(scratch, { recursive: true })
execFileSync('cp', ['-r', `${resolve(harness)}/.`, scratch])
execFileSync('chmod', ['-R', 'u+w', scratch])
cpSync(join(root, 'bench/adapters'), join(scratch, 'adapters'), { recursive: true })
if (!existsSync(join(scratch, 'node_modules')))
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: scratch, stdio: 'inherit' })
const env = { ...process.env, BITNET_TASKS: root }
process.exitCode =
  spawnSync(process.execPath, ['run.mjs', ...args], { cwd: scratch, env, stdio: 'inherit' })
    .status ?? 1
