// The commands and their flags as data: one table for the quick parser and for commander.

export interface Flag {
  readonly long: string
  readonly short?: string
  /** Name of its value in help; without one it is a switch. */
  readonly value?: string
  /** Its value may be left out. */
  readonly optional?: true
  readonly kind?: 'number' | 'backend' | 'repair'
  readonly choices?: readonly string[]
  readonly help: string
}

export interface CommandRow {
  readonly name: string
  readonly help: string
  /** What its own help says beside that. */
  readonly about?: string
  /** Its arguments as commander writes them: `[nodes...]`. */
  readonly nodes?: string
  /** What they are; nodes or tasks unless said. */
  readonly nodesHelp?: string
  readonly flags: readonly Flag[]
  /** What is behind `--`, which is taken as it is. */
  readonly behind?: string
}

const DIRECTORY: Flag = {
  long: 'directory',
  short: 'C',
  value: 'dir',
  help: 'work as if started in DIR',
}
const JSON_FLAG: Flag = { long: 'json', help: 'the answer as JSON' }
const NO_WAIT: Flag = { long: 'no-wait', help: 'fail at once when another run holds the lock' }
const NO_CACHE: Flag = { long: 'no-cache', help: 'restore nothing, store nothing' }
const DRY_RUN: Flag = { long: 'dry-run', help: 'only say what would be done' }
const KEEP_GOING: Flag = {
  long: 'keep-going',
  short: 'k',
  help: 'after a failure go on with what does not depend on it',
}
const VERBOSE: Flag = { long: 'verbose', short: 'v', help: 'every line the tools print' }
const QUIET: Flag = { long: 'quiet', short: 'q', help: 'only the answer' }
const BACKEND: Flag = {
  long: 'backend',
  value: 'name',
  kind: 'backend',
  help: 'the backend; all without',
}

const REPAIR_CHOICES: readonly Flag[] = [
  DIRECTORY,
  JSON_FLAG,
  { long: 'jobs', short: 'j', value: 'n', kind: 'number', help: 'how many at once' },
  { long: 'source', value: 'where', help: 'auto, git, npm, or a folder with the sources' },
  { long: 'ref', value: 'ref', help: 'another commit, tag or branch than the pinned one' },
  { long: 'cuda-arch', value: 'list', help: "CUDA architectures, as '86;90'" },
  { long: 'offline', help: 'do not use the network' },
  { long: 'workspace', value: 'dir', help: 'the BitNet-rs checkout whose xtask is rebuilt' },
]

const FILE: Flag = {
  long: 'file',
  short: 'f',
  value: 'file',
  help: 'the graph file, instead of the nearest',
}

/** Of every command that works with a graph. */
const CHOICES: readonly Flag[] = [...REPAIR_CHOICES, FILE]

const FETCH_LIMITS: readonly Flag[] = [
  {
    long: 'connect-timeout',
    value: 'seconds',
    kind: 'number',
    help: 'give a server up that says nothing for so long at first; 30',
  },
  {
    long: 'stall-timeout',
    value: 'seconds',
    kind: 'number',
    help: 'give a fetch up that stands still for so long; 60',
  },
  {
    long: 'fetch-timeout',
    value: 'seconds',
    kind: 'number',
    help: 'give a fetch up after so long in all; 900',
  },
]

const PAST_RUN: Flag = {
  long: 'run',
  value: 'id',
  help: 'a past run: its id, the beginning of it, last, or last~2',
}
const TRACE: Flag = {
  long: 'trace',
  value: 'file',
  help: "write the run for Chrome's trace viewer",
}

const REPAIRING: readonly Flag[] = [
  ...REPAIR_CHOICES,
  ...FETCH_LIMITS,
  BACKEND,
  { long: 'force', help: 'run even if fresh' },
  DRY_RUN,
  KEEP_GOING,
  NO_WAIT,
  {
    long: 'lock-timeout',
    value: 'seconds',
    kind: 'number',
    help: 'wait for the lock at most so long',
  },
  VERBOSE,
  QUIET,
  { long: 'color', value: 'when', choices: ['auto', 'always', 'never'], help: 'colours' },
]

const DEVICE: Flag = {
  long: 'device',
  value: 'name',
  choices: ['cpu', 'cuda'],
  help: 'what to build for',
}
const EMIT: Flag = {
  long: 'emit',
  value: 'shell',
  choices: ['sh', 'fish', 'pwsh', 'cmd', 'json', 'github'],
  help: 'for which shell',
}

const RUNNING: readonly Flag[] = [...REPAIRING, FILE]

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
    nodes: '[nodes...]',
    flags: [
      ...RUNNING,
      NO_CACHE,
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
      TRACE,
    ],
  },
  {
    name: 'watch',
    help: 'Keep nodes up to date while their sources change.',
    nodes: '[nodes...]',
    flags: [...CHOICES, ...FETCH_LIMITS, BACKEND, KEEP_GOING, NO_CACHE, VERBOSE, QUIET],
  },
  { name: 'list', help: 'The nodes that there are.', nodes: '[nodes...]', flags: CHOICES },
  { name: 'plan', help: 'What a run would do, in order.', nodes: '[nodes...]', flags: CHOICES },
  {
    name: 'explain',
    help: 'Why nodes are fresh or stale.',
    nodes: '<nodes...>',
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

/** What a command is given; the names are those of the flags, in camel case. */
export interface ParsedArgs {
  readonly command: string
  readonly nodes: readonly string[]
  readonly flags: Readonly<Record<string, string | number | boolean>>
}

/** `--no-wait` is stored as `wait: false`, `--dry-run` as `dryRun: true`. */
export function flagName({ long }: Flag): string {
  return long.replace(/^no-/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}
