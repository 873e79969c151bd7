// A program: the xtask that was rebuilt is still that one, starts without help, and knows the backends.
// Usage: revalidate-xtask REBUILT-AS-JSON-FILE ANSWER
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

interface Rebuilt {
  readonly workspace: string
  readonly installation: string
  readonly program: string
  readonly output: string
  readonly constants: Constants
  readonly rpaths: readonly string[]
}

interface Constants {
  readonly hasBitnet: boolean
  readonly hasLlama: boolean
  readonly state: string
}

const rebuilt = JSON.parse(fs.readFileSync(process.argv[2] ?? '', 'utf8')) as Rebuilt
const answer = process.argv[3]

try {
  const now = constantsNow()
  if (shown(now) !== shown(rebuilt.constants))
    throw new Error(
      `xtask was built by other hands since: it says ${shown(now)}, and was rebuilt with ${shown(rebuilt.constants)}`,
    )
  const { hasBitnet, hasLlama } = now
  const backends = [...(hasBitnet ? ['bitnet'] : []), ...(hasLlama ? ['llama'] : [])]
  const loaded = librariesLoaded()
  for (const backend of backends) askFor(backend)
  if (answer !== undefined) {
    fs.mkdirSync(dirname(answer), { recursive: true })
    const { program } = rebuilt
    const text = JSON.stringify({ version: 1, program, constants: now, backends, loaded }, null, 2)
    fs.writeFileSync(answer, `${text}\n`)
  }
} catch (error) {
  process.stderr.write(`revalidate-xtask: ${(error as Error).message}\n`)
  process.exitCode = 1
}

function constantsNow(): Constants {
  const text = fs.readFileSync(rebuilt.output, 'utf8')
  const value = (key: string): string =>
    new RegExp(`^cargo::?rustc-env=CROSSVAL_${key}=(.*)$`, 'm').exec(text)?.[1] ?? ''
  return {
    hasBitnet: value('HAS_BITNET') === 'true',
    hasLlama: value('HAS_LLAMA') === 'true',
    state: value('BACKEND_STATE'),
  }
}

// xtask of BitNet-rs answers from its constants alone when it believes itself to be the process after a
// repair; otherwise it would start a repair of its own, or in CI call a missing backend a success.
function askFor(backend: string): void {
  const { status, signal, stderr, error } = run(['preflight', '--backend', backend], {
    BITNET_REPAIR_PARENT: '1',
  })
  if (error) throw new Error(`${rebuilt.program} cannot be run: ${error.message}`)
  if (status === 0) return
  const last = stderr.trim().split('\n').at(-1) ?? ''
  throw new Error(
    `${rebuilt.program} preflight --backend ${backend} failed (${signal ?? `exit code ${status}`}): ${last}`,
  )
}

// The loader's own list, as `ldd` prints it: each of the backend's libraries, and whether from where.
function librariesLoaded(): readonly string[] {
  if (process.platform !== 'linux') return []
  const { stdout } = run([], { LD_TRACE_LOADED_OBJECTS: '1' })
  const lib = fs.realpathSync(join(rebuilt.installation, 'lib'))
  const ours = stdout
    .split('\n')
    .map((line) => /^\s*(lib(?:bitnet|llama|ggml)\S*) => (.*?)(?: \(0x.*)?$/.exec(line))
    .filter((match) => match !== null)
  // The file itself may be a link to where somebody else has built it.
  for (const [, name, from = ''] of ours)
    if (!from.startsWith('/') || fs.realpathSync(dirname(from)) !== lib)
      throw new Error(`xtask takes ${name} from ${from || 'nowhere'}, not from ${lib}`)
  return ours.map(([, name]) => name as string).sort()
}

// Where there is an RPATH it must do alone: LD_LIBRARY_PATH would hide a wrong one.
function run(args: readonly string[], more: Readonly<Record<string, string>>) {
  const { LD_LIBRARY_PATH: _, DYLD_LIBRARY_PATH: __, ...own } = process.env
  const search =
    process.platform === 'win32'
      ? { PATH: [...rebuilt.rpaths, own['PATH'] ?? ''].join(delimiter) }
      : {}
  return spawnSync(rebuilt.program, args, {
    cwd: rebuilt.workspace,
    env: { ...own, ...search, ...more },
    encoding: 'utf8',
  })
}

function shown({ hasBitnet, hasLlama, state }: Constants): string {
  return `HAS_BITNET=${hasBitnet} HAS_LLAMA=${hasLlama} BACKEND_STATE=${state}`
}
