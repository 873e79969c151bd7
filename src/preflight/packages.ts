// What the tools that we call are named by each package manager, and the command that installs them.
// Printed, never run: nothing here asks for more rights than the person gave.
import { machine } from '../../graph/index.ts'
import { INSTALL, type Installer, PLATFORM, type Platform } from '../../tasks/platform.ts'

export type Tool =
  | 'git'
  | 'cmake'
  | 'c'
  | 'c++'
  | 'ninja'
  | 'cuda'
  | 'rust'
  | 'certificates'
  | 'strace'

/** The machine as far as it decides how software is installed. */
export interface Machine {
  readonly platform: Platform
  readonly installer: Installer
  readonly isRoot: boolean
}

/** The package manager that is there; where there is none, the one to expect on such a system. */
export function machineOf(
  which: (name: string) => string | undefined,
  platform: Platform = PLATFORM,
): Machine {
  const { installers } = platform
  const installer = installers.find((name) => which(name)) ?? (installers[0] as Installer)
  return { platform, installer, isRoot: process.getuid?.() === 0 }
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const { shell } = machine(process.env)
  return machineOf((name) => shell.which(name))
}

/** The command that installs tools: `sudo apt-get install cmake ninja-build`. */
export function installLine(
  { platform, installer, isRoot }: Machine,
  tools: readonly Tool[],
): string {
  const { installCompilers } = platform
  const packaged = tools.filter((tool) => installCompilers === undefined || !isCompiler(tool))
  const packages = [...new Set(packaged.map((tool) => PACKAGES[tool][installer]))]
  const needsSudo = installer !== 'brew' && installer !== 'winget' && !isRoot
  const command = `${needsSudo ? 'sudo ' : ''}${INSTALL[installer]} ${packages.join(' ')}`
  return [
    ...(packaged.length < tools.length ? [installCompilers] : []),
    ...(packages.length > 0 ? [command] : []),
  ].join(' && ')
}

function isCompiler(tool: Tool): boolean {
  return tool === 'c' || tool === 'c++'
}

type Packages = Readonly<Record<Installer, string>>

// Fedora's names are those of CentOS and openSUSE, too.
function packages(
  apt: string,
  dnf: string,
  pacman: string,
  apk: string,
  brew: string,
  winget: string,
): Packages {
  return { 'apt-get': apt, dnf, yum: dnf, zypper: dnf, pacman, apk, brew, winget }
}

const STUDIO = 'Microsoft.VisualStudio.2022.BuildTools'

const PACKAGES: Readonly<Record<Tool, Packages>> = {
  git: packages('git', 'git', 'git', 'git', 'git', 'Git.Git'),
  cmake: packages('cmake', 'cmake', 'cmake', 'cmake', 'cmake', 'Kitware.CMake'),
  c: packages('build-essential', 'gcc', 'base-devel', 'build-base', 'llvm', STUDIO),
  'c++': packages('build-essential', 'gcc-c++', 'base-devel', 'build-base', 'llvm', STUDIO),
  ninja: packages('ninja-build', 'ninja-build', 'ninja', 'ninja', 'ninja', 'Ninja-build.Ninja'),
  cuda: packages('nvidia-cuda-toolkit', 'cuda-toolkit', 'cuda', 'cuda', 'cuda', 'Nvidia.CUDA'),
  rust: packages('cargo', 'cargo', 'rust', 'cargo', 'rust', 'Rustlang.Rustup'),
  // For Linux alone.
  strace: packages('strace', 'strace', 'strace', 'strace', 'strace', ''),
  certificates: packages(
    'ca-certificates',
    'ca-certificates',
    'ca-certificates',
    'ca-certificates',
    'ca-certificates',
    'Git.Git',
  ),
}
