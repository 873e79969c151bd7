// How a message about a failure is laid out: what happened, what was printed, what to do, the exit code.
import type { Backend } from '../../../tasks/backends.ts'

export interface Trouble {
  readonly backend: Backend
  /** One line: what went wrong. */
  readonly error: string
  /** The last relevant lines of the log. */
  readonly lines: readonly string[]
  readonly log: string | undefined
  readonly path?: string
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
  return `${[head, '', 'Error:', ...errors, '', 'Recovery Steps:', ...numbered(steps), '', exit].join('\n')}\n`
}

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

/** The `Error:` lines of a trouble. */
export function errorLines({
  error,
  lines,
  log,
}: Omit<Trouble, 'backend' | 'path'>): readonly string[] {
  return [error, ...lines.map((line) => `  ${line}`), ...(log ? [`full log: ${log}`] : [])]
}

/** The command that repairs a backend. */
export function again(backend: Backend): string {
  return `bitnet-tasks preflight --backend ${backend.name}`
}
