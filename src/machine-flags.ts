// The commands about this machine, what is installed on it, and who uses that; and their flags.
import type { CommandRow } from './flag.ts'
import { BACKEND, DEVICE, DIRECTORY, EMIT, JSON_FLAG, REPAIRING } from './shared-flags.ts'

export const OF_MACHINE: readonly CommandRow[] = [
  {
    name: 'doctor',
    help: 'What this machine offers and what would stand in the way.',
    flags: [DIRECTORY, JSON_FLAG],
  },
  {
    name: 'verify',
    help: 'Compare what is installed with what was built, byte by byte.',
    flags: [DIRECTORY, JSON_FLAG, BACKEND],
  },
  {
    name: 'diagnose',
    help: 'What a log says: class, first cause, and what to do.',
    nodes: '<file>',
    nodesHelp: 'the log; - reads it from stdin',
    flags: [
      DIRECTORY,
      {
        long: 'stage',
        value: 'name',
        choices: ['fetch', 'configure', 'build', 'install', 'rebuild', 'revalidate'],
        help: 'what was being done',
      },
      {
        long: 'exit-code',
        value: 'n',
        kind: 'number',
        help: 'how the tool ended; 128+n for signal n',
      },
      JSON_FLAG,
    ],
  },
  {
    name: 'history',
    help: 'The repairs of this machine and what became of each.',
    flags: [
      DIRECTORY,
      { long: 'last', short: 'n', value: 'n', kind: 'number', help: 'only the newest N' },
      JSON_FLAG,
    ],
  },
  {
    name: 'completions',
    help: 'A script that lets a shell complete commands, flags and nodes.',
    nodes: '<shell>',
    nodesHelp: 'bash, zsh, fish or pwsh',
    flags: [],
  },
  {
    name: 'env',
    help: 'The variables with which programs find the installation.',
    flags: [DIRECTORY, EMIT, { long: 'json', help: 'the same as --emit json' }],
  },
  {
    name: 'setup-cpp-auto',
    help: 'Install what is missing, then print the variables with which programs find it.',
    flags: [...REPAIRING.filter(({ long }) => long !== 'json' && long !== 'dry-run'), DEVICE, EMIT],
  },
]
