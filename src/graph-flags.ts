// The commands that work with a graph, a user's or the shipped one, and their flags.
import type { CommandRow } from './flag.ts'
import {
  BACKEND,
  CHOICES,
  DIRECTORY,
  DRY_RUN,
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
  RUNNING,
  TRACE,
  VERBOSE,
} from './shared-flags.ts'

// The answer is a shell, a script or a log, and no document.
const TEXT_CHOICES = CHOICES.filter((flag) => flag !== JSON_FLAG)

export const OF_GRAPHS: readonly CommandRow[] = [
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
    help: 'Nodes, states and needs: as text, a picture, or for other programs.',
    nodes: '[nodes...]',
    flags: [
      ...CHOICES,
      {
        long: 'format',
        value: 'name',
        choices: ['text', 'dot', 'mermaid', 'svg', 'html', 'json'],
        help: 'as what it is shown',
      },
      PAST_RUN,
    ],
  },
  {
    name: 'shell',
    help: 'A shell where a node runs, with what its commands see.',
    nodes: '<node>',
    flags: TEXT_CHOICES,
  },
  {
    name: 'repro',
    help: "A script that does what a node's run does, without bitnet-tasks.",
    nodes: '<node>',
    flags: TEXT_CHOICES,
  },
  {
    name: 'logs',
    help: 'What a node printed when it last ran.',
    nodes: '<node>',
    flags: [
      ...TEXT_CHOICES,
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
]
