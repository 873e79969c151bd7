// Every exit code and what leads to it: one table for the program, `help exit-codes` and the docs.

export const EXIT = {
  available: 0,
  unavailable: 1,
  usage: 2,
  network: 3,
  permission: 4,
  build: 5,
  recursion: 6,
  revalidation: 8,
} as const

export type ExitName = keyof typeof EXIT
export type ExitCode = (typeof EXIT)[ExitName]

export interface ExitRow {
  readonly code: ExitCode
  readonly name: ExitName
  readonly meaning: string
  readonly recovery: string
}

export const EXIT_TABLE: readonly ExitRow[] = [
  {
    code: 0,
    name: 'available',
    meaning: 'Backend available (ready for cross-validation), or the command did what it was asked',
    recovery: 'nothing to do',
  },
  {
    code: 1,
    name: 'unavailable',
    meaning:
      'Backend unavailable: repair disabled, lock not had, re-exec failed, or an unknown error',
    recovery: 'run with --repair=auto; for an unknown error read the log that the message names',
  },
  {
    code: 2,
    name: 'usage',
    meaning: 'Invalid arguments or an invalid bitnet.tasks.ts',
    recovery: 'read the message: it names what is wrong and what is valid',
  },
  {
    code: 3,
    name: 'network',
    meaning: 'Network failure after 3 retries',
    recovery: 'check the connection and run again, or give --source DIR',
  },
  {
    code: 4,
    name: 'permission',
    meaning: 'Permission denied',
    recovery: 'make the named folder writable, or choose another one with LLAMA_CPP_DIR',
  },
  {
    code: 5,
    name: 'build',
    meaning: 'Build failure: a tool is missing, or compiling the C++ or the consumer tool failed',
    recovery: 'install the named tools, or mend the first error of the log',
  },
  {
    code: 6,
    name: 'recursion',
    meaning: 'Recursion detected during repair (internal error - report to maintainers)',
    recovery: 'unset BITNET_REPAIR_IN_PROGRESS if no repair is running',
  },
  {
    code: 8,
    name: 'revalidation',
    meaning: 'Revalidation failed: what was built does not run or load; the old installation stays',
    recovery: 'read what the probe said; run again with --repair=always',
  },
]

/** The exit code of a failure class of tasks/failure.ts. */
export function exitOfClass(failureClass: string): ExitCode {
  switch (failureClass) {
    case 'network':
      return EXIT.network
    case 'permission':
      return EXIT.permission
    case 'build':
      return EXIT.build
    default:
      return EXIT.unavailable
  }
}
