// Steps that help against more than one cause.
import type { Backend } from '../../../tasks/backends.ts'
import type { Cause } from '../../../tasks/failure.ts'
import { installLine, type Machine, type Tool } from '../../preflight/packages.ts'
import { type Ask, ask } from './ask-system.ts'
import { again, type Step } from './block.ts'
import { shellWord } from './shell-word.ts'

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
  /** From where it was to be fetched. */
  readonly url?: string
  /** The node that failed. */
  readonly node?: string
}

/** The page of the manual. */
export const MANUAL = 'docs/howto/cpp-setup.md'

/** Whose a folder is, how to get it, and how to do without it. */
export function permission(situation: Situation): readonly Step[] {
  const { machine, path, backend } = situation
  const place = shellWord(path ?? (backend ? `~/.cache/${backend.folder}` : 'PATH'))
  return [
    ['Check directory ownership:', machine.platform.showOwner(place)],
    ['Fix ownership:', machine.platform.takeOver(place)],
    ...customFolder(situation),
    ['See detailed setup guide:', MANUAL],
  ]
}

/** Another folder for the installation. */
export function customFolder(situation: Situation): readonly Step[] {
  const { backend } = situation
  if (backend === undefined) return []
  const { folderVariable, name } = backend
  return [
    [
      'OR use custom directory:',
      setVariable(situation, folderVariable, asked(situation).ownFolder(name)),
      repair(backend),
    ],
  ]
}

/** Another folder for everything else, where the system has a variable for it. */
export function otherCache(what: string, situation: Situation): readonly Step[] {
  const { cache } = asked(situation)
  return cache === undefined ? [] : [[what, setVariable(situation, ...cache)]]
}

/** Sources that are here already. */
export function otherSource({ backend }: Situation): readonly Step[] {
  return [['Or give the sources another way:', `${repair(backend)} --source DIR`]]
}

/** cargo did not build xtask, or what it built does not know the libraries. */
export function toolSteps({ backend }: Situation): readonly Step[] {
  return [
    ['Check that xtask builds without the backend:', 'cargo build -p xtask --no-default-features'],
    ['Build it with other features:', `${repair(backend)} --tool-features LIST`],
    ['Let it look for the libraries from nothing:', `${repair(backend)} --clean-tool`],
    ['For detailed setup:', MANUAL],
  ]
}

/** What a build needs, and how to get it here. */
export function dependencies({ machine, backend }: Situation): readonly Step[] {
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

/** The package of the tool that the line names. */
export function missingTool({ machine, firstCause }: Situation): readonly Step[] {
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

/** For what is about CUDA: with it, or without. */
export function gpuSteps({ firstCause, machine, backend }: Situation): readonly Step[] {
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

/** The command that repairs; in CI a repair runs only when it is asked for. */
export function repair(backend: Backend | undefined): string {
  return `${plain(backend)} --repair=auto`
}

/** The command that looks. */
export function plain(backend: Backend | undefined): string {
  return backend === undefined ? 'bitnet-tasks preflight' : again(backend)
}

/** Sets a variable in the shell of the system. */
export function setVariable({ machine }: Situation, name: string, value: string): string {
  return machine.platform.setVariable(name, value)
}

/** The commands of the system. */
export function asked({ machine }: Situation): Ask {
  return ask(machine.platform)
}
