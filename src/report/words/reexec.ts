// What a person reads of a fresh process that could not be started.
import { clean, quoted } from '../text.ts'
import { shellWord } from './shell-word.ts'

/** A way to a fresh process that was tried and did not lead to one. */
export interface FailedWay {
  readonly way: 'exec()' | 'spawn' | 'cargo run' | 'node' | 'npm exec'
  readonly error: Error
}

/** `["preflight", "--backend", "llama"]` */
export function shownArgs(args: readonly string[]): string {
  return `[${args.map(quoted).join(', ')}]`
}

/** Rust's name for the common ones, as the specification prints it, and the system's. */
export function errorKind(error: NodeJS.ErrnoException): string {
  const { code = 'none' } = error
  return `${KINDS[code] ?? 'Uncategorized'} (${code})`
}

const KINDS: Readonly<Record<string, string>> = {
  ENOENT: 'NotFound',
  EACCES: 'PermissionDenied',
  EPERM: 'PermissionDenied',
  ERR_INVALID_ARG_VALUE: 'InvalidInput',
}

/** The error of each way, one in a line. */
export function failedLines(failed: readonly FailedWay[]): readonly string[] {
  return failed.map(
    ({ way, error }) => `${way} error: ${clean(error.message)} (kind: ${errorKind(error)})`,
  )
}

/** No way led to a fresh process; `tried` is the last command. */
export function reexecFailed(failed: readonly FailedWay[], tried: string): string {
  const { head, steps } = explained(failed.at(-1))
  const numbered = [...steps, 'Retry preflight with --repair=auto'].map(
    (step, i) => `${i + 1}. ${step}`,
  )
  return `Re-exec failed: ${head}
Tried: ${tried}
${failedLines(failed).join('\n')}

Recovery steps:
${numbered.join('\n')}

The installation is as it was; what was built is kept, and the next preflight takes it up
See: docs/howto/reexec-troubleshooting.md

Exit code: 1 (re-exec failed)
`
}

interface Explanation {
  readonly head: string
  readonly steps: readonly string[]
}

function explained(last: FailedWay | undefined): Explanation {
  if (last?.way !== 'cargo run') return NO_NODE
  const { code, path, syscall = '' } = last.error as NodeJS.ErrnoException
  // It was there and was started: what is missing then is something that it needs.
  if (syscall.startsWith('spawn')) return CARGO_FAILED
  if (code === 'ENOENT') return NO_CARGO
  return code === 'EACCES' ? forbidden(path ?? 'cargo') : CARGO_FAILED
}

const NO_NODE: Explanation = {
  head: 'no fresh process could be started',
  steps: [
    'Verify node in PATH: node --version',
    'Install bitnet-tasks again: npm install bitnet-tasks',
  ],
}

const NO_CARGO: Explanation = {
  head: 'cargo not found in PATH',
  steps: ['Install cargo: https://rustup.rs/', 'Verify cargo in PATH: which cargo'],
}

const CARGO_FAILED: Explanation = {
  head: 'cargo run failed',
  steps: ['Verify cargo: cargo --version', 'Run the command above by hand and mend what it says'],
}

function forbidden(cargo: string): Explanation {
  return {
    head: 'permission denied executing cargo',
    steps: [`Make it executable: chmod +x ${shellWord(cargo)}`, 'Verify: cargo --version'],
  }
}
