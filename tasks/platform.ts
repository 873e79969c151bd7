// What differs between Linux, macOS and Windows: one entry each, data and pure functions. Whoever needs
// to know asks the entry and not process.platform. WSL is Linux. The engine has its own, in graph/host/.
import { posix, win32 } from 'node:path'

export type PlatformName = 'linux' | 'darwin' | 'win32'

/** Commands that install packages; printed, never run. */
export type Installer = keyof typeof INSTALL

type Env = Readonly<Record<string, string | undefined>>

export interface Platform {
  readonly name: PlatformName
  /** As people write it. */
  readonly title: string
  /** The user's cache folder. */
  readonly cacheFolder: (env: Env, home: string) => string
  /** File name of a compiled program: 'node.exe'. */
  readonly program: (name: string) => string
  readonly libraryFormat: 'ELF' | 'Mach-O' | 'PE'
  /** The file name that linkers, and BitNet-rs, look for: 'libllama.so' of 'llama'. */
  readonly library: (base: string) => string
  /** 'llama' of libllama.so.0, libllama.0.dylib or llama.dll; undefined when it is no library's name. */
  readonly libraryBase: (file: string) => string | undefined
  /** The variable with which the loader finds libraries elsewhere. */
  readonly loaderVariable: string
  /** Between the folders of a search path. */
  readonly separator: ':' | ';'
  /** How an RPATH says "beside this file". None on Windows: there PATH decides. */
  readonly origin: '$ORIGIN' | '@loader_path' | undefined
  /** Whether a process can become another one. */
  readonly canExec: boolean
  /** The shell that `env` writes for unless it is told. */
  readonly shell: (env: Env) => 'sh' | 'pwsh'
  /** In the order in which they are looked for; the first is named where none is found. */
  readonly installers: readonly Installer[]
  /** What brings the compilers, where that is no package. */
  readonly installCompilers: string | undefined
  /** Steps that bring the tools of a build. */
  readonly installSteps: readonly string[]
  /** Shows whose a folder is. */
  readonly showOwner: (path: string) => string
  /** Gives it to the user. */
  readonly takeOver: (path: string) => string
  /** Sets a variable in the shell of this system. */
  readonly setVariable: (name: string, value: string) => string
}

export const INSTALL = {
  'apt-get': 'apt-get install',
  dnf: 'dnf install',
  yum: 'yum install',
  pacman: 'pacman -S',
  apk: 'apk add',
  zypper: 'zypper install',
  brew: 'brew install',
  winget: 'winget install',
} as const

const UNIX = {
  program: (name: string) => name,
  separator: ':',
  canExec: true,
  shell: () => 'sh' as const,
  showOwner: (path: string) => `ls -ld ${path}`,
  takeOver: (path: string) => `sudo chown -R $USER ${path}`,
  setVariable: (name: string, value: string) => `export ${name}=${value}`,
} as const

const LINUX: Platform = {
  ...UNIX,
  name: 'linux',
  title: 'Linux',
  cacheFolder: (env, home) => {
    const xdg = env['XDG_CACHE_HOME']
    // The XDG specification: a relative path is to be ignored.
    return xdg?.startsWith('/') ? xdg : posix.join(home, '.cache')
  },
  libraryFormat: 'ELF',
  library: (base) => `lib${base}.so`,
  libraryBase: (file) => /^lib(.+?)\.so(?:\.\d+)*$/.exec(file)?.[1],
  loaderVariable: 'LD_LIBRARY_PATH',
  origin: '$ORIGIN',
  installCompilers: undefined,
  installers: ['apt-get', 'dnf', 'yum', 'pacman', 'apk', 'zypper', 'brew'],
  installSteps: [
    '# Ubuntu/Debian',
    'sudo apt-get install cmake build-essential git',
    '# CentOS/RHEL',
    'sudo yum install cmake gcc-c++ git',
  ],
}

const DARWIN: Platform = {
  ...UNIX,
  name: 'darwin',
  title: 'macOS',
  cacheFolder: (_, home) => posix.join(home, 'Library', 'Caches'),
  libraryFormat: 'Mach-O',
  library: (base) => `lib${base}.dylib`,
  libraryBase: (file) => /^lib(.+?)(?:\.\d+)*\.dylib$/.exec(file)?.[1],
  loaderVariable: 'DYLD_LIBRARY_PATH',
  origin: '@loader_path',
  installCompilers: 'xcode-select --install',
  installers: ['brew'],
  installSteps: ['xcode-select --install', 'brew install cmake git'],
}

const WIN32: Platform = {
  name: 'win32',
  title: 'Windows',
  cacheFolder: (env, home) => env['LOCALAPPDATA'] || win32.join(home, 'AppData', 'Local'),
  program: (name) => `${name}.exe`,
  libraryFormat: 'PE',
  library: (base) => `${base}.dll`,
  // MinGW puts 'lib' in front, Visual Studio does not.
  libraryBase: (file) => /^(?:lib)?(.+)\.dll$/i.exec(file)?.[1],
  loaderVariable: 'PATH',
  separator: ';',
  origin: undefined,
  canExec: false,
  // Git Bash says so with MSYSTEM.
  shell: (env) => (env['MSYSTEM'] ? 'sh' : 'pwsh'),
  installCompilers: undefined,
  installers: ['winget'],
  installSteps: [
    'winget install Kitware.CMake Git.Git Ninja-build.Ninja',
    'winget install Microsoft.VisualStudio.2022.BuildTools',
  ],
  showOwner: (path) => `icacls ${path}`,
  takeOver: (path) => `takeown /r /f ${path}`,
  setVariable: (name, value) => `$env:${name} = '${value}'`,
}

/** The entry of a system by Node's name for it; one that is none of the three works as Linux does. */
export function platformOf(name: string): Platform {
  if (name === 'darwin') return DARWIN
  return name === 'win32' ? WIN32 : LINUX
}

/** The system that this process runs on. */
export const PLATFORM: Platform = platformOf(process.platform)
