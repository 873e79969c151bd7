// Every part that decides freshness, named and ordered, listed once here: hashing and explaining
// walk the same list. A part is one line `kind TAB name TAB value`; the fingerprint is the digest of
// all lines. They end with 0x1e, not with a line end, so that a record is one line of the journal as it is. Raise FORMAT when a line changes its meaning: everything then runs once.
import { type Command, isPlace } from './command.ts'
import { GraphError } from './error.ts'
import { escaped, SEPARATORS, unescaped } from './escape.ts'
import { type NamedFile, unmatched } from './file-names.ts'
import type { Node, NodeName } from './node.ts'
import type { WriteMarks } from './rewritten.ts'
import { toolNames } from './tool-names.ts'
import type { World } from './world.ts'

export const FORMAT = '1'

export type PartKind =
  | 'format'
  | 'param'
  | 'command'
  | 'contract'
  | 'cwd'
  | 'output-spec'
  | 'clean'
  | 'set'
  | 'env'
  | 'tool'
  | 'fact'
  | 'input'
  | 'discovered'
  | 'need'

export interface Part {
  readonly kind: PartKind
  readonly name: string
  readonly value: string
}

/** Ends each part. */
export const PART_END = '\x1e'

/** In place of the digest of a file that is not there. */
export const ABSENT = 'absent'

// Equals the state of no file, so that the node runs once more.
const MOVED = 'moved'

export interface PartsOptions {
  /** What each need produced. */
  readonly resultOf: (need: Node) => string
  /** Names of the inputs that the last run discovered. */
  readonly discovered: readonly string[]
  /** Discovered inputs that may have changed while the node ran. */
  readonly moved?: ReadonlySet<string>
  /** Told when each input was written. */
  readonly marks?: WriteMarks
}

/**
 * All parts of a node as text.
 *
 * @throws GraphError 'unmatched-input', 'bad-file', 'bad-graph' (unknown fact)
 */
export function partsText(node: Node, world: World, options: PartsOptions): string {
  let text = declaredText(node)
  const { env, facts } = node.spec
  // An unset variable has no line: no word could stand for it that is not also a value. Of `constructor` and
  // the like every object says something.
  for (const name of sorted(env)) {
    const value = world.host.env[name]
    if (typeof value === 'string') text += line('env', name, value)
  }
  for (const name of toolNames(node)) text += line('tool', name, world.tool(name, node))
  for (const name of sorted(facts)) text += line('fact', name, world.fact(name))
  text += inputsText(node, world, options.marks)
  for (const name of options.discovered) {
    const [state] = world.inputStates([{ name, path: world.path(name) }], options.marks?.of([name]))
    text += line('discovered', name, options.moved?.has(name) ? MOVED : (state ?? ABSENT))
  }
  for (const need of sortedNeeds(node)) text += line('need', need.name, options.resultOf(need))
  return text
}

// In place of bytes that are no UTF-8: the file is there, and cannot be asked for by that name.
const NO_UTF8 = '\ufffd'

function unreadableName(name: string): GraphError {
  return new GraphError(`the name of '${name}' is not UTF-8, so that it cannot be an input`, {
    code: 'bad-file',
    place: name,
    hint: 'rename it, or leave it out with a pattern that begins with !',
  })
}

// So many files are worth a comparison with the look before: that after the commands mostly says the same.
const MANY = 64

interface LastLook {
  readonly states: readonly (string | undefined)[]
  readonly text: string
}

const lastLooks = new WeakMap<readonly NamedFile[], LastLook>()

function inputsText(node: Node, world: World, marks: WriteMarks | undefined): string {
  const inputs = world.inputs(node)
  const states = world.inputStates(inputs, marks?.of(inputs.map(({ name }) => name)))
  const last = lastLooks.get(inputs)
  if (last?.states.every((state, i) => state === states[i])) return last.text
  // One test of all names takes a tenth of one for each. A state is digits.
  const isPlain = !SEPARATORS.test(inputs.map(({ name }) => name).join(''))
  let text = ''
  for (const [i, { name }] of inputs.entries()) {
    const state = states[i]
    if (state !== undefined) text += `input\t${isPlain ? name : escaped(name)}\t${state}${PART_END}`
    // A glob also finds links that lead to nothing, as an editor makes them to say that it has a file open.
    else if (isNamed(node, name)) throw unmatched(node.name, name)
    else if (name.includes(NO_UTF8)) throw unreadableName(name)
  }
  // Whether a missing file matters is the node's, and nodes share lists.
  if (inputs.length >= MANY && !states.includes(undefined)) lastLooks.set(inputs, { states, text })
  return text
}

/** The parts behind a text, by `kind TAB name`. */
export function parseParts(text: string): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>()
  for (const row of text.split(PART_END)) {
    if (row === '') continue
    const [kind, name, value] = row.split('\t').map(unescaped) as [PartKind, string, string]
    // A depfile may be an output as well.
    const isDepfile = kind === 'output-spec' && value !== ''
    parts.set(`${kind}\t${name}${isDepfile ? '\tdepfile' : ''}`, { kind, name, value })
  }
  return parts
}

/**
 * The programs behind a node as its record has them: name to path and digests.
 *
 * @example const { cc } = recordedTools(record)
 */
export function recordedTools({
  parts,
}: {
  readonly parts: string
}): Readonly<Record<string, string>> {
  const tools = [...parseParts(parts).values()].filter(({ kind }) => kind === 'tool')
  return Object.fromEntries(tools.map(({ name, value }) => [name, value]))
}

/** The names of the declared inputs as a record has them. */
export function recordedInputs({ parts }: { readonly parts: string }): readonly string[] {
  return [...parseParts(parts).values()].flatMap(({ kind, name }) =>
    kind === 'input' ? [name] : [],
  )
}

/** The discovered inputs that may have changed while the node ran, as a record has them. */
export function movedInputs({ parts }: { readonly parts: string }): readonly string[] {
  if (!parts.includes(`\t${MOVED}${PART_END}`)) return []
  return [...parseParts(parts).values()].flatMap(({ kind, name, value }) =>
    kind === 'discovered' && value === MOVED ? [name] : [],
  )
}

/** The values of the parameters as a record has them. */
export function recordedParams({
  parts,
}: {
  readonly parts: string
}): Readonly<Record<string, string>> {
  const params = [...parseParts(parts).values()].filter(({ kind }) => kind === 'param')
  return Object.fromEntries(params.map(({ name, value }) => [name, value]))
}

const declared = new WeakMap<Node, string>()

// What the declaration alone decides; the same in every decision of a run.
function declaredText(node: Node): string {
  const known = declared.get(node)
  if (known !== undefined) return known
  const { spec, values } = node
  let text = line('format', node.kind, FORMAT)
  for (const name of Object.keys(values)) text += line('param', name, values[name] as string)
  node.commands.forEach((command, i) => {
    text += line('command', `${i + 1}`, commandKey(command))
  })
  spec.contracts?.forEach((command, i) => {
    text += line('contract', `${i + 1}`, commandKey(command))
  })
  if (spec.cwd !== undefined) text += line('cwd', '', JSON.stringify(spec.cwd))
  for (const path of sorted(spec.outputs)) text += line('output-spec', path, '')
  if (spec.depfile !== undefined) text += line('output-spec', spec.depfile, 'depfile')
  // What stays of older outputs may decide what the commands do, and is among the outputs then.
  if (spec.clean !== undefined && spec.clean !== true) text += line('clean', '', `${spec.clean}`)
  for (const name of sorted(spec.set && Object.keys(spec.set)))
    text += line('set', name, spec.set?.[name] as string)
  declared.set(node, text)
  return text
}

// With its kind: a shell splits and expands what argv() passes on as it is.
function commandKey(command: Command): string {
  return `${command.kind} ${JSON.stringify(command.kind === 'argv' ? command.words : command.text)}`
}

function isNamed({ spec }: Node, name: string): boolean {
  return (spec.inputs ?? []).some((one) => {
    const { root, path } = isPlace(one) ? one : { root: '', path: one }
    const named = path.replace(/\?$/, '')
    return (root === '' ? named : `{${root}}/${named}`) === name
  })
}

function sortedNeeds(node: Node): readonly Node[] {
  if (node.needs.length < 2) return node.needs
  return [...new Set(node.needs)].sort((a, b) => byName(a.name, b.name))
}

function byName(a: NodeName, b: NodeName): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function sorted(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined || names.length < 2) return names ?? []
  return [...new Set(names)].sort()
}

function line(kind: PartKind, name: string, value: string): string {
  return `${kind}\t${escaped(name)}\t${escaped(value)}${PART_END}`
}
