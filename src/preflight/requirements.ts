// What a repair needs of the machine, asked before any work starts.
import type { Host } from '../../graph/index.ts'
import type { Device } from '../../tasks/backends.ts'
import { INSTALL, type Installer, PLATFORM, type Platform } from '../../tasks/platform.ts'

export interface Lacking {
  /** One line per missing tool: its name and what it is for. */
  readonly lines: readonly string[]
  /** The command that installs them on this machine. */
  readonly install: string
}

interface Requirement {
  readonly names: readonly string[]
  readonly purpose: string
  readonly packages: Readonly<Record<Installer, string>>
}

const CMAKE_AT_LEAST = [3, 18] as const

/** The names under which cmake looks for a compiler, in its order; the one of CC or CXX alone if set. */
export function compilerNames(env: Host['env'], language: 'c' | 'cxx'): readonly string[] {
  const chosen = env[language === 'c' ? 'CC' : 'CXX']?.trim().split(/\s+/)[0]
  if (chosen) return [chosen]
  return language === 'c' ? ['cc', 'gcc', 'clang'] : ['c++', 'g++', 'clang++']
}

/** The tools that are missing, or undefined. Spawns one program: `cmake --version`. */
export async function lacking(
  host: Host,
  { device }: { device: Device },
  platform: Platform = PLATFORM,
): Promise<Lacking | undefined> {
  const wanted = requirements(host, device)
  const missing = wanted.filter(({ names }) => !names.some((name) => host.shell.which(name)))
  const lines = missing.map(
    ({ names, purpose }) => `'${names.join("' or '")}' is not on PATH (${purpose})`,
  )
  if (host.shell.which('cmake')) {
    const tooOld = await oldCmake(host)
    if (tooOld !== undefined) {
      lines.push(`cmake is ${tooOld}, and 3.18 or newer is needed`)
      missing.push(...wanted.filter(({ names }) => names[0] === 'cmake'))
    }
  }
  return lines.length === 0
    ? undefined
    : { lines, install: installCommand(host, missing, platform) }
}

function requirements(host: Host, device: Device): Requirement[] {
  const all: Requirement[] = [
    need(['git'], 'fetches the sources', 'git'),
    need(['cmake'], 'configures the build', 'cmake'),
    need(
      compilerNames(host.env, 'c'),
      'compiles C',
      'build-essential',
      'gcc',
      'base-devel',
      'build-base',
      'llvm',
    ),
    need(
      compilerNames(host.env, 'cxx'),
      'compiles C++',
      'build-essential',
      'gcc-c++',
      'base-devel',
      'build-base',
      'llvm',
    ),
    need(
      ['ninja', 'make'],
      'runs the build',
      'ninja-build',
      'ninja-build',
      'ninja',
      'ninja',
      'ninja',
    ),
  ]
  if (device === 'cuda')
    all.push(
      need(
        ['nvcc'],
        'compiles CUDA',
        'nvidia-cuda-toolkit',
        'cuda-toolkit',
        'cuda',
        'cuda',
        'cuda',
      ),
    )
  return all
}

function need(
  names: readonly string[],
  purpose: string,
  apt: string,
  dnf: string = apt,
  pacman: string = apt,
  apk: string = apt,
  brew: string = apt,
): Requirement {
  const packages = {
    'apt-get': apt,
    dnf,
    yum: dnf,
    pacman,
    apk,
    zypper: dnf,
    brew,
    winget: WINGET[apt] ?? apt,
  }
  return { names, purpose, packages }
}

// By the name of the package in Debian.
const WINGET: Readonly<Record<string, string>> = {
  git: 'Git.Git',
  cmake: 'Kitware.CMake',
  'build-essential': 'Microsoft.VisualStudio.2022.BuildTools',
  'ninja-build': 'Ninja-build.Ninja',
  'nvidia-cuda-toolkit': 'Nvidia.CUDA',
}

// Printed, never run: nothing here asks for more rights than the person gave.
function installCommand(host: Host, missing: readonly Requirement[], platform: Platform): string {
  const { installers, installCompilers } = platform
  const installer =
    installers.find((name) => host.shell.which(name)) ?? (installers[0] as Installer)
  const isCompiler = ({ purpose }: Requirement): boolean => /^compiles C(\+\+)?$/.test(purpose)
  const packaged = missing.filter((one) => installCompilers === undefined || !isCompiler(one))
  const packages = [...new Set(packaged.map((requirement) => requirement.packages[installer]))]
  const needsSudo = installer !== 'brew' && installer !== 'winget' && process.getuid?.() !== 0
  const command = `${needsSudo ? 'sudo ' : ''}${INSTALL[installer]} ${packages.join(' ')}`
  return [
    ...(packaged.length < missing.length ? [installCompilers] : []),
    ...(packages.length > 0 ? [command] : []),
  ].join(' && ')
}

async function oldCmake(host: Host): Promise<string | undefined> {
  const { stdout } = await host.shell.capture(['cmake', '--version'], {
    cwd: '/',
    env: { PATH: host.env['PATH'] ?? '' },
    timeoutMs: 10_000,
  })
  const found = /(\d+)\.(\d+)(\.\d+)?/.exec(stdout)
  if (!found) return undefined
  const [major, minor] = [Number(found[1]), Number(found[2])]
  const isOld =
    major < CMAKE_AT_LEAST[0] || (major === CMAKE_AT_LEAST[0] && minor < CMAKE_AT_LEAST[1])
  return isOld ? found[0] : undefined
}
