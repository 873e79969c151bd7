// What a repair needs of the machine, asked before any work starts.
import type { Host } from '../../graph/index.ts'
import type { Device } from '../../tasks/backends.ts'
import { PLATFORM, type Platform } from '../../tasks/platform.ts'
import { chooseCompilers, compilerNames } from './compilers.ts'
import { INSIDE } from './guards.ts'
import { installLine, machineOf, type Tool } from './packages.ts'

export interface Lacking {
  /** One line per missing tool: its name and what it is for. */
  readonly lines: readonly string[]
  /** The command that installs them on this machine. */
  readonly install: string
}

interface Requirement {
  readonly names: readonly string[]
  readonly purpose: string
  readonly tool: Tool
}

const CMAKE_AT_LEAST = [3, 18] as const

/** What a repair will do. */
export interface Needs {
  readonly device: Device
  /** Build backends; not so where only the tool is behind. */
  readonly backends?: boolean
  /** Rebuild the xtask of a checkout. */
  readonly tool?: boolean
}

/** The tools that are missing, or undefined. Spawns one program: `cmake --version`. */
export async function lacking(
  host: Host,
  { device, tool, backends = true }: Needs,
  platform: Platform = PLATFORM,
): Promise<Lacking | undefined> {
  const wanted = [...(backends ? requirements(host, device) : []), ...(tool ? RUST : [])]
  const missing = wanted.filter(({ names }) => !names.some((name) => host.shell.which(name)))
  const lines = missing.map(
    ({ names, purpose }) => `'${names.join("' or '")}' is not on PATH (${purpose})`,
  )
  if (backends && host.shell.which('cmake')) {
    const tooOld = await oldCmake(host)
    if (tooOld !== undefined) {
      lines.push(`cmake is ${tooOld}, and 3.18 or newer is needed`)
      missing.push(...wanted.filter(({ names }) => names[0] === 'cmake'))
    }
  }
  if (lines.length === 0) return undefined
  const machine = machineOf((name) => host.shell.which(name), platform)
  const install = installLine(
    machine,
    missing.map(({ tool }) => tool),
  )
  return { lines, install }
}

// In a BitNet-rs checkout.
const RUST: readonly Requirement[] = [
  { names: ['cargo'], purpose: 'rebuilds xtask; see https://rustup.rs/', tool: 'rust' },
  { names: ['rustc'], purpose: 'compiles xtask', tool: 'rust' },
]

function requirements({ env, shell }: Host, device: Device): Requirement[] {
  const { c, cxx } = chooseCompilers(env, (name) => shell.which(name))
  const all: Requirement[] = [
    { names: ['git'], purpose: 'fetches the sources', tool: 'git' },
    { names: ['cmake'], purpose: 'configures the build', tool: 'cmake' },
    { names: union(compilerNames(env, 'c'), c), purpose: 'compiles C', tool: 'c' },
    { names: union(compilerNames(env, 'cxx'), cxx), purpose: 'compiles C++', tool: 'c++' },
    { names: ['ninja', 'make'], purpose: 'runs the build', tool: 'ninja' },
  ]
  if (device === 'cuda') all.push({ names: ['nvcc'], purpose: 'compiles CUDA', tool: 'cuda' })
  return all
}

function union(names: readonly string[], name: string): readonly string[] {
  return [...new Set([...names, name])]
}

async function oldCmake(host: Host): Promise<string | undefined> {
  const { stdout } = await host.shell.capture(['cmake', '--version'], {
    cwd: '/',
    env: { ...INSIDE, PATH: host.env['PATH'] ?? '' },
    timeoutMs: 10_000,
  })
  const found = /(\d+)\.(\d+)(\.\d+)?/.exec(stdout)
  if (!found) return undefined
  const [major, minor] = [Number(found[1]), Number(found[2])]
  const isOld =
    major < CMAKE_AT_LEAST[0] || (major === CMAKE_AT_LEAST[0] && minor < CMAKE_AT_LEAST[1])
  return isOld ? found[0] : undefined
}
