// The messages of a failed repair as they are read, whole: what, where, the next steps, the exit code.
import * as assert from 'uvu/assert'

import { EXIT_TABLE, exitOfClass } from '../../../src/exit-code.ts'
import type { Machine } from '../../../src/preflight/packages.ts'
import type { Trouble } from '../../../src/report/words/block.ts'
import { repairFailed, revalidationFailed } from '../../../src/report/words/repair-failed.ts'
import { BACKENDS } from '../../../tasks/backends.ts'
import { type Cause, VERDICTS } from '../../../tasks/failure-rules/rule.ts'
import { platformOf } from '../../../tasks/platform.ts'
import { suite } from '../../support/suite.ts'

const failed = suite('message of a failed repair')

const LINUX: Machine = { platform: platformOf('linux'), installer: 'apt-get', isRoot: false }

function trouble(cause: Cause, error: string, more: Partial<Trouble> = {}): Trouble {
  const backend = BACKENDS.bitnet
  return { backend, cause, error, lines: [], log: undefined, machine: LINUX, ...more }
}

const HELP = `For more help, see:
  docs/howto/cpp-setup.md (Detailed C++ setup guide)
  docs/explanation/dual-backend-crossval.md (Architecture overview)`

failed('AC-217 AC-221 a build that fails, with what cmake printed and where all of it is', () => {
  const error = 'CMake Error at CMakeLists.txt:3 (project): no'
  const told = trouble('build', error, {
    stage: 'configure',
    node: 'cmake-configure[bitnet,cpu]',
    lines: ['-- The CXX compiler identification is unknown', error],
    log: '/state/logs/cmake-configure_bitnet_cpu.1.log',
    ownLogs: ['/build/CMakeFiles/CMakeConfigureLog.yaml'],
  })
  assert.is(
    repairFailed(told, 'xtask'),
    `❌ Backend 'bitnet' UNAVAILABLE (build error during repair)

Error:
  Build error during C++ compilation: ${error}
    -- The CXX compiler identification is unknown
    ${error}
  step: cmake-configure[bitnet,cpu]
  full log: /state/logs/cmake-configure_bitnet_cpu.1.log
  log of cmake: /build/CMakeFiles/CMakeConfigureLog.yaml

Recovery Steps:
  1. Check required dependencies:
     cmake --version      # Need >= 3.18
     gcc --version        # or clang
     git --version
  2. Install missing tools (Linux):
     # Ubuntu/Debian
     sudo apt-get install cmake build-essential git
     # CentOS/RHEL
     sudo yum install cmake gcc-c++ git
  3. Retry repair:
     bitnet-tasks preflight --backend bitnet --repair=auto
  4. For detailed setup:
     docs/development/build-commands.md
     docs/GPU_SETUP.md (for GPU-related issues)

${HELP}

Exit code: 5 (build error - install dependencies)
`,
  )
})

failed('AC-222 a CUDA toolkit that is not found: how to get it, and how to do without', () => {
  const text = repairFailed(
    trouble('tool-missing', 'Could not find nvcc, please set CUDAToolkit_ROOT', {
      stage: 'configure',
    }),
    'xtask',
  )
  assert.match(text, '     sudo apt install nvidia-cuda-toolkit  # Ubuntu/Debian\n')
  assert.match(text, /\n {5}bitnet-tasks .*--device cpu {2}# -DGGML_CUDA=OFF\n/)
})

failed('AC-218 AC-236 a permission that is denied, with the path in each command', () => {
  const path = '/srv/cache/bitnet_cpp'
  const error = `mkdir: cannot create directory '${path}': Permission denied`
  assert.is(
    repairFailed(trouble('permission', error, { path }), 'xtask'),
    `❌ Backend 'bitnet' UNAVAILABLE (permission error during repair)

Error:
  Permission denied: ${path}
  ${error}

Recovery Steps:
  1. Check directory ownership:
     ls -ld ${path}
  2. Fix ownership:
     sudo chown -R $USER ${path}
  3. OR use custom directory:
     export BITNET_CPP_DIR=~/my-custom-bitnet
     bitnet-tasks preflight --backend bitnet --repair=auto
  4. See detailed setup guide:
     docs/howto/cpp-setup.md

${HELP}

Exit code: 4 (permission error - manual fix required)
`,
  )
})

failed('AC-236 the kinds of error are named as they are', () => {
  const first = (told: Trouble): string =>
    repairFailed(told, 'xtask').split('\nError:\n')[1]?.split('\n')[0]?.trim() ?? ''
  assert.is(first(trouble('unknown', 'odd')), 'setup-cpp-auto failed: odd')
  assert.is(first(trouble('network', 'lost')), 'Network error during C++ download: lost')
  assert.is(
    first(trouble('build', 'no', { stage: 'build' })),
    'Build error during C++ compilation: no',
  )
  assert.is(first(trouble('build', 'no', { stage: 'rebuild' })), 'xtask rebuild failed: no')
  assert.match(
    revalidationFailed(trouble('crash', 'it aborts')),
    'Revalidation failed after repair: backend still unavailable\n',
  )
})

failed('AC-219 whatever the cause, there are steps to take, and the exit code is said', () => {
  for (const cause of Object.keys(VERDICTS) as Cause[]) {
    const text = repairFailed(trouble(cause, 'it is so'), 'xtask')
    const [, steps = ''] = text.split('\nRecovery Steps:\n')
    assert.match(steps, /^ {2}1\. \S/, cause)
    // Who is interrupted ends by the signal, and says nothing of an exit code of ours.
    if (cause === 'interrupted') continue
    const code = exitOfClass(VERDICTS[cause].class)
    assert.ok(EXIT_TABLE.some((row) => row.code === code))
    assert.match(text, new RegExp(`\nExit code: ${code} \\(.+\\)\n$`), cause)
  }
})

failed.run()
