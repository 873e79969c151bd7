// What kind of value each field of a task holds. A compiler says so too, but not every graph file meets one,
// and of a text where a list belongs the letters would be taken.
import { type Command, isPlace } from './command.ts'
import { GraphError } from './error.ts'
import type { NodeName } from './node.ts'
import type { TaskSpec } from './task.ts'

interface Kind {
  readonly fits: (value: unknown) => boolean
  readonly says: string
  readonly hint: (field: string) => string
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isPath = (value: unknown): boolean => isText(value) || isPlace(value)
const all = (fits: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(fits)

const TEXT: Kind = { fits: isText, says: 'a text', hint: (field) => `write ${field}: '...'` }
const FLAG: Kind = {
  fits: (value) => typeof value === 'boolean',
  says: 'true or false',
  hint: (field) => `write ${field}: true`,
}
const TEXTS: Kind = {
  fits: all(isText),
  says: 'a list of texts',
  hint: (field) => `write ${field}: ['...']`,
}
// `env: ['CC=clang']` would ask for a variable that nobody can have.
const isVariable = (value: unknown): boolean => isText(value) && /^[^=\0]+$/.test(value as string)
const VARIABLES: Kind = {
  fits: all(isVariable),
  says: 'a list of names of variables',
  hint: (field) => `write ${field}: ['CFLAGS']; a fixed value is set: { CFLAGS: '-O2' }`,
}
const isCommand = (value: unknown): boolean => (value as Command | null)?.kind !== undefined
const LIST: Kind = { fits: Array.isArray, says: 'a list', hint: (field) => `write ${field}: [...]` }

const KINDS: Readonly<Record<keyof TaskSpec, Kind>> = {
  title: TEXT,
  needs: LIST,
  after: LIST,
  inputs: {
    fits: all(isPath),
    says: 'a list of paths',
    hint: () => "write inputs: ['src/*.c']; what a need makes is named by needs alone",
  },
  outputs: TEXTS,
  env: VARIABLES,
  passEnv: VARIABLES,
  set: {
    fits: (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every(isText) &&
      Object.keys(value).every(isVariable),
    says: 'an object of names and texts',
    hint: () => "write set: { NAME: 'value' }",
  },
  tools: TEXTS,
  facts: TEXTS,
  cwd: { fits: isPath, says: 'a path', hint: () => "write cwd: 'folder'" },
  pool: TEXT,
  jobserver: FLAG,
  timeoutMs: {
    fits: (value) => typeof value === 'number' && value > 0,
    says: 'a number of milliseconds',
    hint: () => 'write timeoutMs: 60_000 for a minute',
  },
  clean: {
    fits: (value) => typeof value === 'boolean' || value === 'input-removed',
    says: "true, false or 'input-removed'",
    hint: () => 'write clean: false',
  },
  always: FLAG,
  store: FLAG,
  depfile: TEXT,
  contracts: LIST,
  run: {
    fits: (value) => (Array.isArray(value) ? value.every(isCommand) : isCommand(value)),
    says: 'a command or a list of them',
    hint: () => 'give it run: sh`...` or run: argv(...)',
  },
}

/**
 * Refuses a field that holds another kind of value than it should.
 *
 * @throws GraphError 'bad-graph'
 */
export function refuseWrongKinds(node: NodeName, spec: TaskSpec): void {
  for (const field in spec) {
    const value = spec[field as keyof TaskSpec]
    const kind = KINDS[field as keyof typeof KINDS]
    if (value === undefined || kind === undefined || kind.fits(value)) continue
    const shown = (JSON.stringify(value) ?? String(value)).slice(0, 80)
    throw new GraphError(`'${field}' of '${node}' is ${shown}, and should be ${kind.says}`, {
      code: 'bad-graph',
      place: node,
      hint: kind.hint(field),
    })
  }
}
