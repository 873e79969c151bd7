// The commands and their flags as data: one table for the quick parser and for commander.
import type { CommandRow } from './flag.ts'
import {
  BACKEND,
  CHOICES,
  DEVICE,
  DIRECTORY,
  DRY_RUN,
  EMIT,
  EVENTS,
  FETCH_LIMITS,
  FILE,
  JSON_FLAG,
  KEEP_GOING,
  LOAD,
  NO_CACHE,
  NO_WAIT,
  PAST_RUN,
  QUIET,
  REPAIRING,
  RUNNING,
  TRACE,
  VERBOSE,
} from './shared-flags.ts'

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'preflight',
    help: 'Check C++ backend library detection and auto-repair if needed.',
    about: `Are the libraries there, as detected at BUILD TIME (when xtask was compiled)?
Missing ones are provisioned, xtask is rebuilt, and a fresh process looks
again. In CI it only looks.

What xtask has was decided when it was compiled:
  Backend libraries detected at build time
  GPU kernels (compiled if gpu feature enabled)
  Tokenizer auto-discovery (searches 4 locations)`,
    behind: 'behind --: a command of the consumer tool, run when all is there',
    flags: [
      ...REPAIRING,
      DEVICE,
      {
        long: 'repair',
        value: 'mode',
        optional: true,
        kind: 'repair',
        help: 'when to repair: auto, never or always',
      },
      { long: 'no-repair', help: 'deprecated: the same as --repair=never' },
      { long: 'confirm', help: 'ask before a repair; on a terminal only' },
      { long: 'yes', short: 'y', help: 'answer that question with yes' },
      { long: 'backend-version', value: 'ref', help: 'the same as --ref, as v0.5.2' },
      { long: 'watch', help: 'again whenever libraries, or the sources of --source DIR, change' },
      { long: 'verify', help: 'load the installed libraries, also where nothing has changed' },
      { long: 'clean-tool', help: 'rebuild xtask after cargo clean -p bitnet-crossval' },
      { long: 'tool-features', value: 'list', help: 'cargo features of xtask; crossval-all' },
    ],
  },
  {
    name: 'init',
    help: 'Write a first bitnet.tasks.ts, with comments.',
    flags: [DIRECTORY, JSON_FLAG, FILE],
  },
  {
    name: 'run',
    help: 'Bring nodes and all they need up to date.',
    about: 'Words behind -- are added to the last command of the one node that is named.',
    nodes: '[nodes...]',
    takesWords: true,
    flags: [
      ...RUNNING,
      NO_CACHE,
      {
        long: 'fail-fast',
        help: 'after a failure end at once what runs, whatever --keep-going says',
      },
      { long: 'strict-env', help: 'commands see what is declared and a short list; the default' },
      {
        long: 'no-strict-env',
        help: 'commands see the whole environment; what they make is not recorded',
      },
      { long: 'retry', help: 'run also what failed before under the same key' },
      { long: 'only', help: 'these nodes alone; what they need is taken as it was last made' },
      {
        long: 'from',
        value: 'node',
        help: 'this node even if fresh, and what stands on it; the rest is taken as it is',
      },
      {
        long: 'until',
        value: 'node',
        help: 'this node and all that it needs; the same as naming it',
      },
      EVENTS,
      TRACE,
    ],
  },
  {
    name: 'watch',
    help: 'Keep nodes up to date while their sources change.',
    about: 'Words behind -- are added to the last command of the one node that is named.',
    nodes: '[nodes...]',
    takesWords: true,
    flags: [...CHOICES, ...FETCH_LIMITS, BACKEND, KEEP_GOING, LOAD, NO_CACHE, VERBOSE, QUIET],
  },
  { name: 'list', help: 'The nodes that there are.', nodes: '[nodes...]', flags: CHOICES },
  { name: 'plan', help: 'What a run would do, in order.', nodes: '[nodes...]', flags: CHOICES },
  {
    name: 'explain',
    help: 'Why nodes are fresh or stale.',
    nodes: '[nodes...]',
    nodesHelp: 'nodes or tasks; without any, all that would run',
    flags: [...CHOICES, PAST_RUN],
  },
  { name: 'status', help: 'The state of each node.', nodes: '[nodes...]', flags: CHOICES },
  {
    name: 'graph',
    help: 'The nodes and edges, for other programs.',
    nodes: '[nodes...]',
    flags: [
      ...CHOICES,
      {
        long: 'format',
        value: 'name',
        choices: ['text', 'dot', 'mermaid', 'svg', 'html', 'json'],
        help: 'the picture',
      },
      PAST_RUN,
    ],
  },
  {
    name: 'shell',
    help: 'A shell where a node runs, with what its commands see.',
    nodes: '<node>',
    flags: CHOICES,
  },
  {
    name: 'repro',
    help: "A script that does what a node's run does, without bitnet-tasks.",
    nodes: '<node>',
    flags: CHOICES,
  },
  {
    name: 'logs',
    help: 'What a node printed when it last ran.',
    nodes: '<node>',
    flags: [
      ...CHOICES,
      { long: 'attempt', value: 'n', kind: 'number', help: 'of this try, not of the last' },
      { long: 'follow', help: 'go on while the node runs' },
    ],
  },
  {
    name: 'lint',
    help: 'Run a node under strace: does it declare what it reads and writes?',
    nodes: '<node>',
    flags: [...CHOICES, { long: 'twice', help: 'run it twice instead, and compare what it made' }],
  },
  {
    name: 'what-if',
    help: 'What would run if these files changed.',
    nodes: '<files...>',
    flags: CHOICES,
  },
  {
    name: 'affected',
    help: 'The nodes that these files reach, fresh or not.',
    nodes: '<files...>',
    flags: CHOICES,
  },
  {
    name: 'query',
    help: 'Questions: deps NODE, rdeps NODE, stale, path FROM TO.',
    nodes: '<question...>',
    flags: CHOICES,
  },
  { name: 'runs', help: 'The past runs that are remembered.', flags: CHOICES },
  {
    name: 'report',
    help: 'A past run again: its summary, a page, or a trace.',
    flags: [
      ...CHOICES,
      PAST_RUN,
      { long: 'html', value: 'file', help: 'write it as one self-contained page' },
      TRACE,
    ],
  },
  {
    name: 'timings',
    help: 'Where the time of a run went.',
    flags: [...CHOICES, PAST_RUN],
  },
  {
    name: 'clean',
    help: 'Remove what nodes made and what is remembered of them.',
    nodes: '[nodes...]',
    flags: [...CHOICES, DRY_RUN, NO_WAIT],
  },
  {
    name: 'cache',
    help: 'What is kept of what nodes made: stats, verify, gc or clean.',
    nodes: '<action>',
    nodesHelp: 'stats, verify, gc or clean',
    flags: [...CHOICES, NO_WAIT],
  },
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
