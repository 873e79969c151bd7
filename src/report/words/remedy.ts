// What to do about each cause of a failure: one table, for the message of a failed repair and for `diagnose`.
import type { Backend } from '../../../tasks/backends.ts'
import type { Cause } from '../../../tasks/failure.ts'
import { installLine, type Machine, type Tool } from '../../preflight/packages.ts'
import { again, type Step } from './block.ts'

/** A failure, as far as it decides what helps. */
export interface Situation {
  readonly cause: Cause
  /** The line that says what is wrong. */
  readonly firstCause: string
  readonly machine: Machine
  /** Of a repair; without it the log may be of anything. */
  readonly backend?: Backend
  /** What could not be read or written. */
  readonly path?: string
  /** The node that failed. */
  readonly node?: string
}

/** The steps, the most likely first. */
export function remedy(situation: Situation): readonly Step[] {
  return STEPS[situation.cause](situation)
}

const MANUAL = 'docs/howto/cpp-setup.md'

const STEPS: Readonly<Record<Cause, (situation: Situation) => readonly Step[]>> = {
  network: ({ firstCause, backend }) => {
    const host = hostIn(firstCause) ?? 'github.com'
    return [
      ['Check internet connectivity:', `ping ${host}`],
      ['Verify firewall allows git clone:', `curl -I https://${host}`],
      ['Retry with backoff (auto-repair will retry 3 times)'],
      ['Without a network, give a source tree:', `${repair(backend)} --source DIR`],
      ['For persistent issues, see manual setup:', MANUAL],
    ]
  },
  'network-permanent': (situation) => [
    [
      'The answer will be the same the next time. Check the address, and proxies:',
      'env | grep -i proxy',
    ],
    ...otherSource(situation),
  ],
  'tls-trust': (situation) => [
    ['Check the clock:', 'date'],
    ['Install the usual authorities:', installLine(situation.machine, ['certificates'])],
    [
      'Behind a proxy that signs certificates itself, name its authority:',
      setVariable(situation, 'GIT_SSL_CAINFO', '/path/to/authority.pem'),
      setVariable(situation, 'NODE_EXTRA_CA_CERTS', '/path/to/authority.pem'),
    ],
    ...otherSource(situation),
  ],
  auth: (situation) => [
    ['Check the address: a repository that asks for a login may be misspelt or private'],
    ['Over ssh, see which keys are offered:', 'ssh-add -l'],
    ['A proxy that answers 407 wants its own login:', 'env | grep -i proxy'],
    ...otherSource(situation),
  ],
  'source-not-found': (situation) => [
    ['Check the address and the version:', `git ls-remote ${urlIn(situation.firstCause) ?? 'URL'}`],
    [
      'Without --ref and another repository the pinned source is fetched:',
      repair(situation.backend),
    ],
    ...otherSource(situation),
  ],
  'source-corrupt': (situation) => [
    ['Fetch it again; what was damaged is not used:', repair(situation.backend)],
    ['If it is damaged each time, something on the way changes it (a proxy, a full disk)'],
    ...otherSource(situation),
  ],
  'dest-occupied': ({ backend, firstCause }) => [
    ['Move away what lies there:', `mv ${shellWord(quotedIn(firstCause) ?? 'FOLDER')} ELSEWHERE`],
    ['Retry:', repair(backend)],
  ],
  'stale-lock': ({ backend, firstCause }) => [
    ['See whether git is running there:', 'pgrep -a git'],
    [
      'If it is not, remove what it left:',
      `rm -f ${shellWord(quotedIn(firstCause) ?? 'FILE.lock')}`,
    ],
    ['Retry:', repair(backend)],
  ],
  'repo-state': (situation) => [
    ['See in which state the repository is:', 'git status'],
    ['Fetch into a folder of its own, as a repair does:', repair(situation.backend)],
  ],
  disk: (situation) => [
    ['See what is full (a repair needs about 400 MB, 1 GB is better):', 'df -h ~/.cache'],
    ['Move the cache to another disk:', setVariable(situation, 'XDG_CACHE_HOME', '/path/to/cache')],
    ['Retry; what was finished is kept:', repair(situation.backend)],
  ],
  unknown: ({ backend }) => [
    ['Read the whole log; the first error counts'],
    ['Retry repair:', repair(backend)],
    ['If it fails again, report it with that log'],
  ],
  permission: permission,
  'read-only fs': (situation) => [
    ['The file system is mounted read-only: another place is needed'],
    ...customFolder(situation),
    [
      'Or another place for sources and builds:',
      setVariable(situation, 'XDG_CACHE_HOME', '/path/to/cache'),
    ],
  ],
  ownership: permission,
  build: (situation) =>
    situation.node === 'rebuild-xtask'
      ? toolSteps(situation)
      : [...gpuSteps(situation), ...dependencies(situation)],
  config: (situation) => [
    ['An option, a version or a generator does not fit: the first error says which'],
    ...dependencies(situation),
  ],
  clock: ({ backend }) => [
    ['Check the clock:', 'date'],
    [
      'Files from the future are built for ever; give them a time of now:',
      'find SOURCE -newermt now -exec touch {} +',
    ],
    ['Retry:', repair(backend)],
  ],
  crash: (situation) => [
    ['A tool crashed. Once more, with less at once:', `${repair(situation.backend)} --jobs 1`],
    [
      'If it crashes at the same file, another compiler helps:',
      'CC=clang CXX=clang++ ' + repair(situation.backend),
    ],
  ],
  'tool-missing': (situation) => [
    ...gpuSteps(situation),
    ...missingTool(situation),
    ...dependencies(situation),
  ],
  'source-incomplete': ({ backend }) => [
    [
      'The source tree lacks files. Of a git tree, fetch what belongs to it:',
      'git submodule update --init --recursive',
    ],
    ['Let a repair fetch its own:', `${plain(backend)} --repair=always`],
  ],
  'stale-build-dir': ({ backend }) => [
    [
      'The build folder is of another source or generator: begin a new one',
      'bitnet-tasks clean cmake-configure cmake-build',
    ],
    ['Retry:', repair(backend)],
  ],
  'runtime-link': ({ backend }) => [
    ['See which library is not found, or is another one:', 'ldd FILE'],
    ['Libraries of another program may be in the way:', 'unset LD_LIBRARY_PATH'],
    ['Build it again for this machine:', `${plain(backend)} --repair=always`],
  ],
  'resource(oom)': ({ backend }) => [
    ['Memory or processes ran out. Compile less at once:', `${repair(backend)} --jobs 1`],
    ['See what is left, and the limits:', 'free -h; ulimit -a'],
  ],
  interrupted: ({ backend }) => [
    [
      'It was ended from outside; nothing is broken. Run it again, it goes on where it was:',
      repair(backend),
    ],
  ],
}

// cargo did not build xtask, or what it built does not know the libraries.
function toolSteps({ backend }: Situation): readonly Step[] {
  return [
    ['Check that xtask builds without the backend:', 'cargo build -p xtask --no-default-features'],
    ['Build it with other features:', `${repair(backend)} --tool-features LIST`],
    ['Let it look for the libraries from nothing:', `${repair(backend)} --clean-tool`],
    ['For detailed setup:', MANUAL],
  ]
}

function permission(situation: Situation): readonly Step[] {
  const { machine, path, backend } = situation
  const place = shellWord(path ?? (backend ? `~/.cache/${backend.folder}` : 'PATH'))
  return [
    ['Check directory ownership:', machine.platform.showOwner(place)],
    ['Fix ownership:', machine.platform.takeOver(place)],
    ...customFolder(situation),
    ['See detailed setup guide:', MANUAL],
  ]
}

function customFolder(situation: Situation): readonly Step[] {
  const { backend } = situation
  if (backend === undefined) return []
  const { folderVariable, name } = backend
  return [
    [
      'OR use custom directory:',
      setVariable(situation, folderVariable, `~/my-custom-${name}`),
      repair(backend),
    ],
  ]
}

function dependencies({ machine, backend }: Situation): readonly Step[] {
  return [
    [
      'Check required dependencies:',
      'cmake --version      # Need >= 3.18',
      'gcc --version        # or clang',
      'git --version',
    ],
    [`Install missing tools (${machine.platform.title}):`, ...installSteps(machine)],
    ['Retry repair:', repair(backend)],
    [
      'For detailed setup:',
      'docs/development/build-commands.md',
      'docs/GPU_SETUP.md (for GPU-related issues)',
    ],
  ]
}

const ALL: readonly Tool[] = ['cmake', 'c', 'c++', 'git', 'ninja']

// The specification's two lines, and those of a package manager that they do not name.
function installSteps(machine: Machine): readonly string[] {
  const { installer, platform } = machine
  const isNamed = platform.name !== 'linux' || ['apt-get', 'dnf', 'yum'].includes(installer)
  const own = isNamed ? [] : [`# ${installer}`, installLine(machine, ALL)]
  return [...own, ...platform.installSteps]
}

function missingTool({ machine, firstCause }: Situation): readonly Step[] {
  const wanted = TOOL_WORDS.filter(([words]) => words.test(firstCause)).map(([, tool]) => tool)
  return wanted.length === 0 ? [] : [['Install what is missing:', installLine(machine, wanted)]]
}

const TOOL_WORDS: readonly (readonly [RegExp, Tool])[] = [
  [/\bcmake(?:\.exe)?['"]?:? (?:command )?not found|['"]cmake['"]/i, 'cmake'],
  [/\bninja\b|build program|cmake_make_program|\bmake\b/i, 'ninja'],
  [/cxx_compiler|c\+\+|clang\+\+|cc1plus/i, 'c++'],
  [/_c_compiler|\bgcc\b|\bcc\b|linker/i, 'c'],
  [/\bgit\b.*not found/i, 'git'],
]

function gpuSteps({ firstCause, machine, backend }: Situation): readonly Step[] {
  if (!/cuda|nvcc|\bgpu\b|cublas/i.test(firstCause)) return []
  const toolkit: Step = /no gpu was detected|native/i.test(firstCause)
    ? ['Say for which GPU to compile:', `${repair(backend)} --device cuda --cuda-arch 86`]
    : [
        'For GPU support, install CUDA toolkit:',
        machine.installer === 'apt-get'
          ? 'sudo apt install nvidia-cuda-toolkit  # Ubuntu/Debian'
          : installLine(machine, ['cuda']),
      ]
  return [
    toolkit,
    ['If CPU-only build desired:', `${repair(backend)} --device cpu  # -DGGML_CUDA=OFF`],
  ]
}

function otherSource({ backend }: Situation): readonly Step[] {
  return [['Or give the sources another way:', `${repair(backend)} --source DIR`]]
}

// In CI a repair runs only when it is asked for.
function repair(backend: Backend | undefined): string {
  return `${plain(backend)} --repair=auto`
}

function plain(backend: Backend | undefined): string {
  return backend === undefined ? 'bitnet-tasks preflight' : again(backend)
}

function setVariable({ machine }: Situation, name: string, value: string): string {
  return machine.platform.setVariable(name, value)
}

function hostIn(text: string): string | undefined {
  const forms = [
    /\b(?:https?|ssh|git):\/\/(?:[^/@\s'"]*@)?([\w.-]+)/,
    /\bgit@([\w.-]+):/,
    /(?:resolve|lookup|look up)(?: host| proxy| hostname)?:? '?([\w-]+(?:\.[\w-]+)+)/i,
    /connect to (?:host )?([\w-]+(?:\.[\w-]+)+)/i,
  ]
  return forms.map((form) => form.exec(text)?.[1]).find((host) => host !== undefined)
}

function urlIn(text: string): string | undefined {
  return /\b(?:https?|ssh|git):\/\/[^\s'"]+[^\s'".,:;)]/.exec(text)?.[0]
}

function quotedIn(text: string): string | undefined {
  return /['"`‘“«]([^'"`’”»\n]+)['"`’”»]/.exec(text)?.[1]
}

/** A path as one word of a shell; `~` stays what it means. */
export function shellWord(path: string): string {
  return /^~?[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
