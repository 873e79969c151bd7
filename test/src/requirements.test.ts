// What a repair lacks, and how to install it on each system; the machine is one of these lines.
import * as assert from 'uvu/assert'

import type { Host } from '../../graph/index.ts'
import { lacking } from '../../src/preflight/requirements.ts'
import { platformOf } from '../../tasks/platform.ts'
import { suite } from '../support/suite.ts'

const requirements = suite('requirements')

/** A machine on which just these programs are found. */
function machineWith(programs: readonly string[], env: Host['env'] = {}): Host {
  const which = (name: string) => (programs.includes(name) ? `/bin/${name}` : undefined)
  const capture = async () => ({ stdout: 'cmake version 3.25.1', stderr: '' })
  return { env, shell: { which, capture } } as unknown as Host
}

const sudo = process.getuid?.() === 0 ? '' : 'sudo '
const CPU = { device: 'cpu' } as const
const on = async (system: string, programs: readonly string[], env?: Host['env']) =>
  (await lacking(machineWith(programs, env), CPU, platformOf(system)))?.install

requirements('AC-260 on Linux the package manager that is there is named', async () => {
  assert.is(await on('linux', []), `${sudo}apt-get install git cmake build-essential ninja-build`)
  assert.is(await on('linux', ['dnf', 'git']), `${sudo}dnf install cmake gcc gcc-c++ ninja-build`)
  assert.is(await on('linux', ['apk', 'git', 'cmake', 'cc', 'c++']), `${sudo}apk add ninja`)
})

requirements(
  'AC-255 AC-260 on macOS the compilers are those of Xcode, the rest comes by brew',
  async () => {
    assert.is(await on('darwin', []), 'xcode-select --install && brew install git cmake ninja')
    assert.is(await on('darwin', ['git', 'cmake', 'make']), 'xcode-select --install')
    assert.is(await on('darwin', ['git', 'cc', 'c++', 'make']), 'brew install cmake')
  },
)

requirements(
  'AC-260 on Windows winget names its own packages, whatever the compiler is called',
  async () => {
    const all =
      'winget install Git.Git Kitware.CMake Microsoft.VisualStudio.2022.BuildTools Ninja-build.Ninja'
    assert.is(await on('win32', []), all)
    assert.is(await on('win32', [], { CC: 'clang-cl', CXX: 'clang-cl' }), all)
  },
)

requirements('where nothing lacks nothing is said', async () => {
  for (const system of ['linux', 'darwin', 'win32'])
    assert.is(await on(system, ['git', 'cmake', 'cc', 'c++', 'make']), undefined)
})

requirements.run()
