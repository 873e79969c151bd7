// A repair that failed: what is said for each class of failure.
import { again, block, errorLines, type Trouble } from './block.ts'

/** The text of a failed repair, by class; ends with its exit code. */
export function repairFailed(failureClass: string, trouble: Trouble): string {
  switch (failureClass) {
    case 'network':
      return network(trouble)
    case 'permission':
      return permission(trouble)
    case 'build':
      return build(trouble)
    default:
      return unknown(trouble)
  }
}

function network({ backend, ...trouble }: Trouble): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (network error during repair)`,
    errorLines(trouble),
    [
      ['Check internet connectivity:', 'ping github.com'],
      ['Verify firewall allows git clone:', 'curl -I https://github.com'],
      ['Retry with backoff (auto-repair will retry 3 times)'],
      ['Without a network, give a source tree:', `${again(backend)} --source DIR`],
      ['For persistent issues, see manual setup:', 'docs/howto/cpp-setup.md'],
    ],
    'Exit code: 3 (network error - retryable)',
  )
}

function build({ backend, ...trouble }: Trouble): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (build error during repair)`,
    errorLines(trouble),
    [
      [
        'Check required dependencies:',
        'cmake --version      # Need >= 3.18',
        'gcc --version        # or clang',
        'git --version',
      ],
      [
        'Install missing tools (Linux):',
        '# Ubuntu/Debian',
        'sudo apt-get install cmake build-essential git',
        '# CentOS/RHEL',
        'sudo yum install cmake gcc-c++ git',
      ],
      ['Retry repair:', again(backend)],
      ['For detailed setup:', 'docs/howto/cpp-setup.md'],
    ],
    'Exit code: 5 (build error - install dependencies)',
  )
}

function permission({ backend, path, ...trouble }: Trouble): string {
  const place = path ?? `~/.cache/${backend.folder}`
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (permission error during repair)`,
    [`Permission denied: ${place}`, ...errorLines(trouble)],
    [
      ['Check directory ownership:', `ls -ld ${place}`],
      ['Fix ownership:', `sudo chown -R $USER ${place}`],
      [
        'OR use custom directory:',
        `export ${backend.folderVariable}=~/my-custom-${backend.name}`,
        again(backend),
      ],
      ['See detailed setup guide:', 'docs/howto/cpp-setup.md'],
    ],
    'Exit code: 4 (permission error - manual fix required)',
  )
}

function unknown({ backend, ...trouble }: Trouble): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (unknown error during repair)`,
    errorLines(trouble),
    [
      ['Read the whole log; its path is above'],
      ['Retry repair:', again(backend)],
      ['If it fails again, report it with that log'],
    ],
    'Exit code: 1 (unknown error)',
  )
}

export function revalidationFailed(trouble: Trouble): string {
  const { backend } = trouble
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (revalidation failed after repair: backend still unavailable)`,
    errorLines(trouble),
    [
      ['The previous installation was left as it was'],
      ['Run the repair again, even where it looks fresh:', `${again(backend)} --repair=always`],
      ['See what the machine offers:', 'bitnet-tasks doctor'],
    ],
    'Exit code: 8 (revalidation failed)',
  )
}
