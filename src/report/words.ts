// Every sentence that a person reads about a failed or a running repair, in one place.

import type { Reason } from '../../graph/index.ts'
import type { Backend } from '../../tasks/backends.ts'
import { clean } from './text.ts'

export interface Trouble {
  readonly backend: Backend
  /** One line: what went wrong. */
  readonly error: string
  /** The last relevant lines of the log. */
  readonly lines: readonly string[]
  readonly log: string | undefined
  readonly path?: string
}

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

export function foreignFolder(backend: Backend, folder: string): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (the folder is not ours)`,
    [
      `${backend.folderVariable} names '${folder}', which this tool did not install and will not replace`,
    ],
    [
      [
        'Give a folder that does not exist yet:',
        `export ${backend.folderVariable}=~/my-custom-${backend.name}`,
      ],
      ['OR use it as a source tree, which is only read:', `${again(backend)} --source ${folder}`],
    ],
    'Exit code: 4 (permission error - manual fix required)',
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

export function repairDisabled(backend: Backend, detail: string): string {
  return `❌ ${backend.title} UNAVAILABLE (repair disabled)
  ${detail}

Quick Fix:
  bitnet-tasks preflight --backend ${backend.name} --repair=auto

Manual Setup:
  See: docs/howto/cpp-setup.md
`
}

export function recursionDetected(backend: Backend): string {
  return `❌ Backend '${backend.name}' UNAVAILABLE (recursion)

Error:
  Repair already in progress (recursion detected): BITNET_REPAIR_IN_PROGRESS is set

Recovery Steps:
  1. A repair must not start another one; if none is running, unset the variable:
     unset BITNET_REPAIR_IN_PROGRESS

Exit code: 6 (recursion detected)
`
}

export function lockedByAnother(backend: Backend, lock: string, detail: string): string {
  return `❌ Another repair operation for ${backend.name} is in progress (lock: ${lock})\n  ${detail}\n`
}

/** Before a repair, on a terminal, with --confirm. */
export const CONFIRM = `Attempt auto-repair? This will:
  1. Download and build C++ reference (~60s)
  2. Rebuild xtask to detect libraries (~15s)
Continue? [Y/n]: `

/** For `--repair` without a value, `--no-repair`, and the older values. */
export function deprecatedRepair(given: string | boolean | undefined, mode: string): string {
  const [what, kind] =
    given === true
      ? ['--repair flag', 'flag']
      : given === false
        ? ['--no-repair flag', 'flag']
        : [`--repair=${given}`, 'value']
  return `⚠️  WARNING: ${what} is deprecated. Use --repair=${mode} instead.
   The ${kind} will be removed in version 0.3.0.
`
}

export function repairDeclined(backend: Backend): string {
  return `❌ ${backend.title} UNAVAILABLE (repair declined)\n  hint: ${again(backend)} --yes\n`
}

export function toolsMissing(
  backend: Backend,
  missing: readonly string[],
  install: string,
): string {
  return block(
    `❌ Backend '${backend.name}' UNAVAILABLE (missing tools; nothing was started)`,
    missing,
    [
      ['Install them:', install],
      ['Then run again:', again(backend)],
    ],
    'Exit code: 5 (build error - install dependencies)',
  )
}

/** A reason why a node is stale, in words; names of files in it cannot steer the terminal. */
export function reasonText(reason: Reason): string {
  return clean(rawReason(reason))
}

function rawReason(reason: Reason): string {
  switch (reason.kind) {
    case 'no-record':
      return 'it has not run yet'
    case 'forced':
      return 'it was forced'
    case 'interrupted':
      return 'its last run was interrupted'
    case 'failed-before':
      return `its last run failed: ${reason.detail}`
    case 'input-missing':
      return reason.detail
    case 'need-will-run':
      return `'${reason.name}' will run first`
    case 'input-changed':
      return `the input '${reason.name}' changed${fromTo(reason)}`
    case 'input-added':
      return `the input '${reason.name}' is new`
    case 'input-removed':
      return `the input '${reason.name}' is gone`
    case 'discovered-changed':
      return `the discovered input '${reason.name}' changed${fromTo(reason)}`
    case 'need-changed':
      return `'${reason.name}' produced something else${fromTo(reason)}`
    case 'need-added':
      return `it now needs '${reason.name}'`
    case 'need-removed':
      return `it no longer needs '${reason.name}'`
    case 'output-missing':
      return `its output '${reason.name}' is missing (damage: something else removed it)`
    case 'output-changed':
      return `its output '${reason.name}' was changed by something else (damage)${fromTo(reason)}`
    case 'output-added':
      return `'${reason.name}' lies among its outputs and was not made by it (damage)`
    case 'tool-changed':
      return `the program '${reason.name}' changed${programs(reason)}`
    case 'env-changed':
      return `the variable ${reason.name} changed from ${shown(reason.old)} to ${shown(reason.new)}`
    case 'fact-changed':
      return `the machine's '${reason.name}' changed`
    case 'command-changed':
      return `its command ${reason.name} changed: ${shown(reason.old)} -> ${shown(reason.new)}`
    case 'contract-changed':
      return `its contract ${reason.name} changed`
    case 'param-changed':
      return `its parameter '${reason.name}' changed`
    case 'set-changed':
      return `the fixed variable ${reason.name} changed from ${shown(reason.old)} to ${shown(reason.new)}`
    case 'cwd-changed':
      return 'its working directory changed'
    case 'output-spec-changed':
      return `what it declares as output changed: '${reason.name}'`
    case 'format-changed':
      return 'bitnet-tasks now fingerprints differently; everything runs once'
    default:
      return reason satisfies never
  }
}

function again(backend: Backend): string {
  return `bitnet-tasks preflight --backend ${backend.name}`
}

function errorLines({ error, lines, log }: Omit<Trouble, 'backend' | 'path'>): readonly string[] {
  return [error, ...lines.map((line) => `  ${line}`), ...(log ? [`full log: ${log}`] : [])]
}

function block(
  head: string,
  error: readonly string[],
  steps: readonly (readonly string[])[],
  exit: string,
): string {
  const numbered = steps.flatMap(([first, ...more], i) => [
    `  ${i + 1}. ${first}`,
    ...more.map((line) => `     ${line}`),
  ])
  const errors = error.map((line) => `  ${line}`)
  return `${[head, '', 'Error:', ...errors, '', 'Recovery Steps:', ...numbered, '', exit].join('\n')}\n`
}

function fromTo(reason: { readonly old: string; readonly new: string }): string {
  return ` (${short(reason.old)} -> ${short(reason.new)})`
}

function programs({ old, new: now }: { readonly old: string; readonly new: string }): string {
  const path = (identity: string): string => identity.split(' ')[0] ?? identity
  return path(old) === path(now)
    ? ` (${path(now)} has other content)`
    : ` (${path(old)} -> ${path(now)})`
}

function short(state: string): string {
  return /^[flx]?[0-9a-f]{64}$/.test(state)
    ? state.replace(/^[flx](?=.{64})/, '').slice(0, 12)
    : state.slice(0, 40)
}

function shown(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}
