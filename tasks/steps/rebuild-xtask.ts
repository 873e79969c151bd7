// A program: builds the xtask of a BitNet-rs checkout so that it detects an installation, and sees to it
// that it did. Usage: rebuild-xtask WORKSPACE INSTALLATION ORDER-AS-JSON; '' is no installation.
// What xtask is compiled against is in the environment: BITNET_CPP_DIR and the folders of its RPATH.
import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'

interface RebuildOrder {
  readonly build: readonly string[]
  readonly clean?: readonly string[]
  readonly answer: string
}

interface Constants {
  readonly hasBitnet: boolean
  readonly hasLlama: boolean
  readonly state: string
}

/** What cargo says of a build, one JSON object a line. */
type CargoMessage =
  | {
      readonly reason: 'build-script-executed'
      readonly package_id: string
      readonly env: readonly (readonly [string, string])[]
      readonly out_dir: string
    }
  | {
      readonly reason: 'compiler-artifact'
      readonly target: { readonly name: string; readonly kind: readonly string[] }
      readonly executable: string | null
    }
  | { readonly reason: 'other' }

class RebuildFailure extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

const workspace = process.argv[2] ?? ''
const installation = process.argv[3] ?? ''
const order = JSON.parse(process.argv[4] ?? '') as RebuildOrder
const FEATURES = 'Auto-repair requires crossval features. Rebuild with --features crossval-all'

main().catch((error: unknown) => {
  const { message, code } = error as NodeJS.ErrnoException
  say(`rebuild-xtask: ${code === undefined ? '' : `${code}: `}${message}`)
  process.exitCode = error instanceof RebuildFailure ? error.exitCode : 1
})

async function main(): Promise<void> {
  const messages = await buildAnew()
  const found = messages.findLast(isDetection)
  const program = messages.findLast(isXtask)?.executable
  if (found === undefined || program === undefined || program === null)
    throw new RebuildFailure(`${FEATURES} (xtask took no bitnet-crossval in)`, 1)
  const constants = constantsOf(found.env)
  if (installation !== '') refuseOther(constants)
  const output = join(dirname(found.out_dir), 'output')
  const rpaths = value(found.env, 'CROSSVAL_RPATH_BITNET').split(':')
  writeAnswer({ version: 1, workspace, installation, program, output, constants, rpaths })
}

// crossval/build.rs asks for no rerun when a variable or a library changes. Its time alone is set: git
// sees no change, and cargo runs it again with what depends on it, and nothing else. Then it has its old time
// again, for it is an input of ours, unless somebody has edited it meanwhile.
async function buildAnew(): Promise<readonly CargoMessage[]> {
  if (order.clean) {
    await cargo(order.clean, 'clean')
    return cargo(order.build, 'build')
  }
  const path = join(workspace, 'crossval', 'build.rs')
  const { atime, mtime } = fs.statSync(path)
  const now = new Date()
  fs.utimesSync(path, now, now)
  try {
    return await cargo(order.build, 'build')
  } finally {
    if (fs.statSync(path).mtimeMs === now.getTime()) fs.utimesSync(path, atime, mtime)
  }
}

function isDetection(
  message: CargoMessage,
): message is Extract<CargoMessage, { reason: 'build-script-executed' }> {
  return (
    message.reason === 'build-script-executed' &&
    /[#/]bitnet-crossval[@ ]/.test(message.package_id) &&
    value(message.env, 'CROSSVAL_HAS_LLAMA') !== ''
  )
}

function isXtask(
  message: CargoMessage,
): message is Extract<CargoMessage, { reason: 'compiler-artifact' }> {
  return (
    message.reason === 'compiler-artifact' &&
    message.target.name === 'xtask' &&
    message.target.kind.includes('bin')
  )
}

function constantsOf(env: readonly (readonly [string, string])[]): Constants {
  return {
    hasBitnet: value(env, 'CROSSVAL_HAS_BITNET') === 'true',
    hasLlama: value(env, 'CROSSVAL_HAS_LLAMA') === 'true',
    state: value(env, 'CROSSVAL_BACKEND_STATE'),
  }
}

// cargo ends well when detection found nothing: what it found is looked at.
function refuseOther(found: Constants): void {
  const path = join(installation, 'detect-constants.json')
  const wanted = JSON.parse(fs.readFileSync(path, 'utf8')) as Constants
  if (shown(found) === shown(wanted)) return
  throw new RebuildFailure(
    `xtask was built, and did not detect ${installation}: it says ${shown(found)}, the installation is ${shown(wanted)}`,
    1,
  )
}

function shown({ hasBitnet, hasLlama, state }: Constants): string {
  return `HAS_BITNET=${hasBitnet} HAS_LLAMA=${hasLlama} BACKEND_STATE=${state}`
}

function value(env: readonly (readonly [string, string])[], key: string): string {
  return env.find(([name]) => name === key)?.[1] ?? ''
}

function writeAnswer(answer: object): void {
  fs.mkdirSync(dirname(order.answer), { recursive: true })
  fs.writeFileSync(order.answer, `${JSON.stringify(answer, null, 2)}\n`)
}

/** Runs cargo in the checkout. What it prints for people goes through; what it says of a build comes back. */
function cargo(words: readonly string[], what: 'build' | 'clean'): Promise<CargoMessage[]> {
  say(`$ ${words.join(' ')}`)
  const [program = '', ...args] = words
  const forUs = what === 'build' ? ['--message-format=json-render-diagnostics'] : []
  return new Promise((done, fail) => {
    const child = spawn(program, [...args, ...forUs], {
      cwd: workspace,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let told = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text)
      told = (told + text).slice(-4000)
    })
    child.on('error', (error: NodeJS.ErrnoException) =>
      fail(
        new RebuildFailure(
          `cargo cannot be started: ${error.code}`,
          error.code === 'EACCES' ? 126 : 127,
        ),
      ),
    )
    child.on('close', (code, signal) => {
      if (code === 0) return done(messagesOf(out))
      if (/does not contain th(is|ese) features?/.test(told)) say(FEATURES)
      const how = signal === null ? `exit code ${code}` : signal
      fail(new RebuildFailure(`cargo ${what} failed with ${how}`, code ?? 1))
    })
  })
}

function messagesOf(text: string): CargoMessage[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as CargoMessage)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
