// How a message about a failure is laid out: what happened, what was printed, what to do, the exit code.
import type { Backend } from '../../../tasks/backends.ts'
import type { Cause, Stage } from '../../../tasks/failure.ts'
import type { Machine } from '../../preflight/packages.ts'

/** A failure on its way to a person. */
export interface Trouble {
  readonly backend: Backend
  readonly cause: Cause
  /** The line that says what is wrong. */
  readonly error: string
  /** The last relevant lines of the log. */
  readonly lines: readonly string[]
  readonly log: string | undefined
  readonly machine: Machine
  /** What the repair was doing. */
  readonly stage?: Stage
  /** The node that failed: 'cmake-build[llama,cpu]'. */
  readonly node?: string
  /** Logs that a tool keeps itself, as cmake. */
  readonly ownLogs?: readonly string[]
  /** What could not be read or written. */
  readonly path?: string
  /** From where it was to be fetched. */
  readonly url?: string
}

/** A step of a recovery: what to do, and the commands that do it. */
export type Step = readonly [what: string, ...commands: string[]]

/** Head, `Error:`, numbered `Recovery Steps:`, and the line of the exit code. */
export function block(
  head: string,
  error: readonly string[],
  steps: readonly Step[],
  exit: string,
): string {
  const errors = error.map((line) => `  ${line}`)
  return `${[head, '', 'Error:', ...errors, '', 'Recovery Steps:', ...numbered(steps), '', ...HELP, '', exit].join('\n')}\n`
}

const HELP = [
  'For more help, see:',
  '  docs/howto/cpp-setup.md (Detailed C++ setup guide)',
  '  docs/explanation/dual-backend-crossval.md (Architecture overview)',
]

/** Steps with their numbers, and their commands below them. */
export function numbered(steps: readonly Step[]): readonly string[] {
  return steps.flatMap(([what, ...commands], i) => [
    `  ${i + 1}. ${what}`,
    ...commands.map((command) => `     ${command}`),
  ])
}

/** A step in one line, for JSON. */
export function stepLine([what, ...commands]: Step): string {
  return [what, commands.filter((command) => !command.startsWith('# ')).join('; ')]
    .filter((part) => part !== '')
    .join(' ')
}

/** The `Error:` lines of a trouble: the first cause first, then what was printed, then where all of it is. */
export function errorLines(first: readonly string[], trouble: Trouble): readonly string[] {
  const { lines, log, node, ownLogs = [] } = trouble
  return [
    ...first,
    ...lines.map((line) => `  ${line}`),
    ...(node ? [`step: ${node}`] : []),
    ...(log ? [`full log: ${log}`] : []),
    ...ownLogs.map((path) => `log of cmake: ${path}`),
  ]
}

/** The command that repairs a backend. */
export function again(backend: Backend): string {
  return `bitnet-tasks preflight --backend ${backend.name}`
}
