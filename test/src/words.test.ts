// Every message about a repair, word for word. A golden file that is missing is written, and the test fails
// once: look at what it says. To change a message, delete its file.
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'

import { COMMANDS } from '../../src/flags.ts'
import type { Machine } from '../../src/preflight/packages.ts'
import type { Trouble } from '../../src/report/words/block.ts'
import { stepLine } from '../../src/report/words/block.ts'
import { remedy } from '../../src/report/words/remedy.ts'
import { TITLES } from '../../src/report/words/titles.ts'
import * as words from '../../src/report/words.ts'
import { BACKENDS } from '../../tasks/backends.ts'
import type { Cause } from '../../tasks/failure.ts'
import { platformOf } from '../../tasks/platform.ts'
import { suite } from '../support/suite.ts'

const messages = suite('words')
const { bitnet, llama } = BACKENDS

const machine = (system: string, installer: Machine['installer']): Machine => ({
  platform: platformOf(system),
  installer,
  isRoot: false,
})
const DEBIAN = machine('linux', 'apt-get')
const FEDORA = machine('linux', 'dnf')
const ARCH = machine('linux', 'pacman')
const ALPINE = machine('linux', 'apk')
const MAC = machine('darwin', 'brew')
const WINDOWS = machine('win32', 'winget')

function trouble(cause: Cause, error: string, more: Partial<Trouble> = {}): Trouble {
  return {
    backend: bitnet,
    cause,
    error,
    lines: ['[1/2] what was printed before', error],
    log: '/home/you/.cache/bitnet-tasks/state/logs/step.1.log',
    machine: DEBIAN,
    ...more,
  }
}

const GITHUB = 'https://github.com/microsoft/BitNet'
const RESOLVE = `fatal: unable to access '${GITHUB}/': Could not resolve host: github.com`
const DENIED = "mkdir: cannot create directory '/home/you/.cache/bitnet_cpp': Permission denied"
const COMPILE = 'src/llama.cpp:81:5: error: expected primary-expression'
const NO_CUDA = 'CUDA Toolkit not found'

const failed = (of: Trouble, tool = 'bitnet-probe'): string => words.repairFailed(of, tool)
const fetching = { stage: 'fetch', node: 'fetch-source[bitnet]' } as const
const building = { stage: 'build', node: 'cmake-build[bitnet,cpu]' } as const
const configuring = { stage: 'configure', node: 'cmake-configure[bitnet,cuda]' } as const

const GOLDEN: Readonly<Record<string, string>> = {
  network: failed(trouble('network', RESOLVE, { ...fetching, url: GITHUB })),
  'network-other-host': failed(
    trouble('network', 'ssh: connect to host git.example.org port 22: Connection refused', {
      ...fetching,
      url: 'ssh://git.example.org/BitNet',
    }),
  ),
  'tls-trust': failed(trouble('tls-trust', 'SSL certificate problem: self-signed', fetching)),
  auth: failed(trouble('auth', 'fatal: Authentication failed', fetching)),
  'source-not-found': failed(
    trouble('source-not-found', "fatal: couldn't find remote ref v9", fetching),
  ),
  disk: failed(trouble('disk', 'No space left on device', building)),
  build: failed(trouble('build', COMPILE, building)),
  'build-fedora': failed(trouble('build', COMPILE, { ...building, machine: FEDORA })),
  'build-arch': failed(trouble('build', COMPILE, { ...building, machine: ARCH })),
  'build-mac': failed(trouble('build', COMPILE, { ...building, machine: MAC })),
  'build-windows': failed(trouble('build', COMPILE, { ...building, machine: WINDOWS })),
  'build-cuda': failed(
    trouble('tool-missing', NO_CUDA, {
      ...configuring,
      ownLogs: ['/home/you/.cache/bitnet-tasks/build/bitnet-cuda/CMakeFiles/CMakeOutput.log'],
    }),
  ),
  'tool-missing-alpine': failed(
    trouble('tool-missing', 'CMake was unable to find a build program corresponding to "Ninja"', {
      ...configuring,
      machine: ALPINE,
    }),
  ),
  memory: failed(trouble('resource(oom)', 'c++: fatal error: Killed signal terminated', building)),
  rebuild: failed(
    trouble('build', 'error: could not compile `xtask`', {
      stage: 'rebuild',
      node: 'rebuild-xtask',
    }),
    'xtask',
  ),
  permission: failed(
    trouble('permission', DENIED, { ...fetching, path: '/home/you/.cache/bitnet_cpp' }),
  ),
  'permission-odd-path': failed(
    trouble('permission', "EACCES: permission denied, mkdir '/a b/it's'", {
      lines: [],
      log: undefined,
      path: "/a b/it's",
      backend: llama,
    }),
  ),
  'permission-windows': failed(
    trouble('permission', 'Access is denied.', { machine: WINDOWS, path: 'C:\\cache\\bitnet' }),
  ),
  unknown: failed(trouble('unknown', 'the moon is full', building)),
  interrupted: failed(
    trouble('interrupted', 'ninja: build stopped: interrupted by user.', building),
  ),
  revalidation: words.revalidationFailed(
    trouble('runtime-link', 'libllama.so: undefined symbol: ggml_init'),
  ),
  'still-unavailable': words.stillUnavailable(
    trouble('unknown', 'nothing is installed at /home/you/.cache/bitnet_cpp', {
      lines: [],
      log: undefined,
    }),
  ),
  foreign: words.foreignFolder(bitnet, '/home/you/their folder'),
  disabled: words.repairDisabled(bitnet, 'nothing is installed at /home/you/.cache/bitnet_cpp', {
    isMissing: true,
    mode: 'auto',
  }),
  'disabled-other-device': words.repairDisabled(bitnet, 'installed for cpu', {
    isMissing: false,
    mode: 'auto',
  }),
  locked: words.lockedByAnother(bitnet, '/home/you/.cache/bitnet_locks/bitnet.lock', 'process 7'),
  declined: words.repairDeclined(bitnet),
  'tools-missing': words.toolsMissing(
    bitnet,
    ["'cmake' is not on PATH (configures the build)"],
    'sudo apt-get install cmake',
  ),
}

const TAGS: Readonly<Record<string, string>> = {
  network: 'AC-214 AC-215 AC-216 AC-219 AC-220 AC-224 AC-236 ',
  build: 'AC-217 AC-219 AC-224 AC-236 ',
  'build-cuda': 'AC-221 AC-222 ',
  permission: 'AC-218 AC-219 AC-236 ',
  rebuild: 'AC-236 ',
  revalidation: 'AC-219 AC-236 ',
  disabled: 'AC-236 ',
  'build-mac': 'AC-260 ',
  'build-windows': 'AC-260 ',
  unknown: 'AC-157 ',
}

for (const [name, text] of Object.entries(GOLDEN))
  messages(`${TAGS[name] ?? ''}the message of: ${name}`, () => {
    const file = join(import.meta.dirname, 'words', `${name}.txt`)
    if (!fs.existsSync(file)) {
      fs.writeFileSync(file, text)
      throw new Error(`${file} is new; look at it`)
    }
    assert.is(text, fs.readFileSync(file, 'utf8'))
  })

messages('no golden file is left over', () => {
  const there = fs.readdirSync(join(import.meta.dirname, 'words'))
  assert.equal(
    there.sort(),
    Object.keys(GOLDEN)
      .map((name) => `${name}.txt`)
      .sort(),
  )
})

const CAUSES = Object.keys(TITLES) as readonly Cause[]

messages('AC-219 every cause has steps and an exit code, on every system', () => {
  for (const cause of CAUSES)
    for (const one of [DEBIAN, FEDORA, ARCH, ALPINE, MAC, WINDOWS]) {
      const of = trouble(cause, "fatal: '/x/it' said so", { machine: one })
      const text = failed(of)
      assert.match(text, /\n\nRecovery Steps:\n {2}1\. \S/, cause)
      assert.match(text, /\n\nExit code: [1345] \([^)]+\)\n$/, cause)
      assert.not.match(text, /undefined|\[object|\bnull\b/, cause)
      for (const step of remedy({ ...of, firstCause: of.error }))
        assert.not.match(stepLine(step), /\n|undefined/, cause)
    }
})

// Section R of the acceptance list: what is said, and what is said in its place.
const BANNED: readonly RegExp[] = [
  /when available/i,
  /if available/i,
  /backend available/i,
  /runtime availability/i,
  /something went wrong/i,
  /\bplease\b/i,
]

messages('AC-284 AC-285 AC-286 AC-287 AC-289 no message holds a banned term', () => {
  const everything = [
    ...Object.values(GOLDEN),
    ...CAUSES.map((cause) => failed(trouble(cause, 'x'))),
  ]
  for (const text of everything) for (const term of BANNED) assert.not.match(text, term)
})

messages(
  'AC-288 the help says what was decided at build time, in the words of the specification',
  () => {
    const about = COMMANDS.find(({ name }) => name === 'preflight')?.about ?? ''
    for (const words of [
      'Backend libraries detected at build time',
      'GPU kernels (compiled if gpu feature enabled)',
      'Tokenizer auto-discovery (searches 4 locations)',
    ])
      assert.match(about, words)
  },
)

messages.run()
