// The commands with which a person asks each system for what a remedy is about.
import type { Platform, PlatformName } from '../../../tasks/platform.ts'

export interface Ask {
  readonly clock: string
  readonly disk: string
  readonly memory: string
  readonly proxies: string
  readonly git: string
  readonly dependencies: string
  /** Sources, builds and state can be moved with it; macOS has none. */
  readonly cache: readonly [variable: string, example: string] | undefined
  /** A folder of the person's own. */
  readonly ownFolder: (name: string) => string
  readonly remove: (path: string) => string
}

const UNIX = {
  clock: 'date',
  proxies: 'env | grep -i proxy',
  git: 'pgrep -a git',
  ownFolder: (name: string) => `~/my-custom-${name}`,
  remove: (path: string) => `rm -f ${path}`,
} as const

const ASK: Readonly<Record<PlatformName, Ask>> = {
  linux: {
    ...UNIX,
    disk: 'df -h ~/.cache',
    memory: 'free -h; ulimit -a',
    dependencies: 'ldd FILE',
    cache: ['XDG_CACHE_HOME', '/path/to/cache'],
  },
  darwin: {
    ...UNIX,
    disk: 'df -h ~/Library/Caches',
    memory: 'vm_stat; ulimit -a',
    dependencies: 'otool -L FILE',
    cache: undefined,
  },
  win32: {
    clock: 'Get-Date',
    disk: 'Get-PSDrive -PSProvider FileSystem',
    memory: 'Get-CimInstance Win32_OperatingSystem | Select-Object FreePhysicalMemory',
    proxies: 'Get-ChildItem Env:*proxy*',
    git: 'Get-Process git',
    dependencies: 'dumpbin /dependents FILE',
    cache: ['LOCALAPPDATA', 'D:\\cache'],
    ownFolder: (name) => `C:\\my-custom-${name}`,
    remove: (path) => `Remove-Item ${path}`,
  },
}

/** The commands of a system. */
export function ask({ name }: Platform): Ask {
  return ASK[name]
}
