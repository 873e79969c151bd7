// The flags that several commands share, alone and in bundles.
import type { Flag } from './flag.ts'

export const DIRECTORY: Flag = {
  long: 'directory',
  short: 'C',
  value: 'dir',
  help: 'work as if started in DIR',
}
export const JSON_FLAG: Flag = { long: 'json', help: 'the answer as JSON' }
export const NO_WAIT: Flag = {
  long: 'no-wait',
  help: 'fail at once when another run holds the lock',
}
export const NO_CACHE: Flag = { long: 'no-cache', help: 'restore nothing, store nothing' }
export const DRY_RUN: Flag = { long: 'dry-run', help: 'only say what would be done' }
export const KEEP_GOING: Flag = {
  long: 'keep-going',
  short: 'k',
  help: 'after a failure go on with what does not depend on it',
}
export const LOAD: Flag = {
  long: 'load',
  short: 'l',
  value: 'n',
  kind: 'load',
  help: 'begin nothing beside what runs unless the load average is below N',
}
export const VERBOSE: Flag = { long: 'verbose', short: 'v', help: 'every line the tools print' }
export const QUIET: Flag = { long: 'quiet', short: 'q', help: 'only the answer' }
export const BACKEND: Flag = {
  long: 'backend',
  value: 'name',
  kind: 'backend',
  help: 'the backend; all without',
}

const SOURCE_CHOICES: readonly Flag[] = [
  {
    long: 'source',
    value: 'where',
    help: 'auto, git, npm, or a folder or .tar.gz with the sources',
  },
  { long: 'ref', value: 'ref', help: 'another commit, tag or branch than the pinned one' },
  { long: 'cuda-arch', value: 'list', help: "CUDA architectures, as '86;90'" },
  { long: 'offline', help: 'do not use the network' },
  { long: 'workspace', value: 'dir', help: 'the BitNet-rs checkout whose xtask is rebuilt' },
]

const REPAIR_CHOICES: readonly Flag[] = [
  DIRECTORY,
  JSON_FLAG,
  { long: 'jobs', short: 'j', value: 'n', kind: 'number', help: 'how many at once' },
  ...SOURCE_CHOICES,
]

export const FILE: Flag = {
  long: 'file',
  short: 'f',
  value: 'file',
  help: 'the graph file, instead of the nearest',
}

/** Of every command that works with a graph. */
export const CHOICES: readonly Flag[] = [...REPAIR_CHOICES, FILE]

export const FETCH_LIMITS: readonly Flag[] = [
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

/** What does nothing on a graph of one's own. */
export const OF_SHIPPED: ReadonlySet<Flag> = new Set([...SOURCE_CHOICES, ...FETCH_LIMITS, BACKEND])

export const PAST_RUN: Flag = {
  long: 'run',
  value: 'id',
  help: 'a past run: its id, the beginning of it, last, or last~2',
}
export const TRACE: Flag = {
  long: 'trace',
  value: 'file',
  help: "write the run for Chrome's trace viewer",
}
export const EVENTS: Flag = {
  long: 'events',
  value: 'file',
  help: 'write the events of the run while they happen, a line of JSON each',
}

export const REPAIRING: readonly Flag[] = [
  ...REPAIR_CHOICES,
  ...FETCH_LIMITS,
  BACKEND,
  { long: 'force', help: 'run even if fresh' },
  DRY_RUN,
  KEEP_GOING,
  LOAD,
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

export const DEVICE: Flag = {
  long: 'device',
  value: 'name',
  choices: ['cpu', 'cuda'],
  help: 'what to build for',
}
export const EMIT: Flag = {
  long: 'emit',
  value: 'shell',
  choices: ['sh', 'fish', 'pwsh', 'cmd', 'json', 'github'],
  help: 'for which shell',
}

export const RUNNING: readonly Flag[] = [...REPAIRING, FILE]
