// What an author writes: a task, or a probe, perhaps with parameters. Declaring runs nothing.
import type { Command, Place } from './command.ts'
import { GraphError } from './error.ts'

/** The values that each parameter can take. */
export type Params = Readonly<Record<string, readonly string[]>>

/** `Given` without any field that `Spec` has not: TypeScript lets a function return `{ input: [...] }`. */
type Only<Given extends Spec, Spec> = Given &
  Readonly<Record<Exclude<keyof Given, keyof Spec>, never>>

/** What makes or checks something has a command. */
type Doing<Given> = 'run' extends keyof Given
  ? unknown
  : keyof Given & ('outputs' | 'contracts' | 'depfile') extends never
    ? unknown
    : { readonly run: Command }

/** One value for each parameter. */
export type Bound<P extends Params> = { readonly [K in keyof P]: P[K][number] }

/** A reference to one node: a task with its parameters bound. */
export interface Ref {
  readonly task: string
  readonly values: Readonly<Record<string, string>>
}

export interface TaskSpec {
  /** One line for people, as 'compile the tools for cpu'. */
  readonly title?: string
  /** Edges whose result counts: a rerun that gives the same bytes leaves this node fresh. */
  readonly needs?: readonly Ref[]
  /** Edges that only order. */
  readonly after?: readonly Ref[]
  /**
   * Files or globs that are read, relative to the graph's folder; '!glob' takes matches away. A
   * pattern that matches nothing is an error, unless it ends in '?' (`'local.mk?'`).
   */
  readonly inputs?: readonly (string | Place)[]
  /** Files or globs that are written, below the graph's folder. */
  readonly outputs?: readonly string[]
  /** Variables of the environment that decide the result; their values are part of the key. */
  readonly env?: readonly string[]
  /** Variables that reach the commands but decide nothing (credentials, proxies). */
  readonly passEnv?: readonly string[]
  /** Variables with a fixed value. */
  readonly set?: Readonly<Record<string, string>>
  /** Programs that the commands call; the first word of each argv() command is one already. */
  readonly tools?: readonly string[]
  /** Facts of the machine that decide the result, as 'cpu'. */
  readonly facts?: readonly string[]
  /** Where the commands run; the graph's folder unless said. */
  readonly cwd?: string | Place
  /** Nodes of one pool share its limit. */
  readonly pool?: string
  /**
   * The commands call a tool that runs several jobs of its own and takes part in GNU make's jobserver:
   * its jobs then count as jobs of the run. How many there are decides no result: it is not in the key.
   */
  readonly jobserver?: boolean
  /** Milliseconds for one try of all commands. */
  readonly timeoutMs?: number
  /**
   * Remove the recorded outputs before the commands run. True unless said: an inner build says no, and
   * one that leaves the outputs of sources that are gone says 'input-removed'.
   */
  readonly clean?: boolean | 'input-removed'
  /** Stale each time, for what no key can tell; what stands on it still goes by what it produced. */
  readonly always?: boolean
  /**
   * Keep what it makes, to put it back instead of running when the same key comes again. True unless
   * said: a command whose real product is more than its outputs says no.
   */
  readonly store?: boolean
  /**
   * A Makefile fragment that the commands write (`cc -MD`), or what `ninja -t deps` prints: the files it
   * names are discovered inputs.
   */
  readonly depfile?: string
  /** Checks that the outputs are what they must be; they run after the commands and fail the node. */
  readonly contracts?: readonly Command[]
  /**
   * Without it the task is a name for what it needs and reads: whoever needs it is stale when any of that
   * has changed.
   */
  readonly run?: Command | readonly Command[]
}

export interface ProbeSpec {
  readonly title?: string
  readonly env?: readonly string[]
  readonly tools?: readonly string[]
  readonly facts?: readonly string[]
  readonly run: Command
}

export interface Declaration {
  readonly kind: 'task' | 'probe'
  readonly name: string
  readonly params: Params
  readonly define: (values: Readonly<Record<string, string>>) => TaskSpec
}

/** What `task()` gives: call it with values to name one node. */
export interface TaskHandle<P extends Params = Params> {
  (...values: keyof P extends never ? [] : [values: Bound<P>]): Ref
  readonly declaration: Declaration
}

/**
 * Declares a task: something that reads inputs and writes outputs.
 *
 * @throws GraphError 'bad-graph' when a name or a parameter value cannot be part of a node's name
 * @example
 * const notes = task('notes', () => ({ inputs: ['n/*.md'], outputs: ['out/n.txt'], run: sh`cat n/*.md > out/n.txt` }))
 */
export function task<S extends TaskSpec>(
  name: string,
  define: () => Only<S, TaskSpec> & Doing<S>,
): TaskHandle<Record<never, never>>
export function task<const P extends Params, S extends TaskSpec>(
  name: string,
  params: P,
  define: (values: Bound<P>) => Only<S, TaskSpec> & Doing<S>,
): TaskHandle<P>
export function task(
  name: string,
  paramsOrDefine: Params | (() => TaskSpec),
  maybeDefine?: (values: never) => TaskSpec,
): TaskHandle {
  return handle('task', name, paramsOrDefine, maybeDefine)
}

/**
 * Declares a probe: a question to the machine whose printed answer is its result. It is asked again
 * when what it looks at (its program, a fact, a variable) may have changed.
 *
 * @throws GraphError 'bad-graph' as task() does
 * @example const version = probe('version', { name: ['cc', 'make'] }, ({ name }) => ({ run: argv(name, '--version') }))
 */
export function probe<S extends ProbeSpec>(
  name: string,
  define: () => Only<S, ProbeSpec>,
): TaskHandle<Record<never, never>>
export function probe<const P extends Params, S extends ProbeSpec>(
  name: string,
  params: P,
  define: (values: Bound<P>) => Only<S, ProbeSpec>,
): TaskHandle<P>
export function probe(
  name: string,
  paramsOrDefine: Params | (() => TaskSpec),
  maybeDefine?: (values: never) => TaskSpec,
): TaskHandle {
  return handle('probe', name, paramsOrDefine, maybeDefine)
}

function handle(
  kind: Declaration['kind'],
  name: string,
  paramsOrDefine: Params | (() => TaskSpec),
  maybeDefine: ((values: never) => TaskSpec) | undefined,
): TaskHandle {
  const hasParams = typeof paramsOrDefine !== 'function'
  const params = hasParams ? paramsOrDefine : {}
  const define = (hasParams ? maybeDefine : paramsOrDefine) as Declaration['define']
  checkName(name, 'task')
  if (typeof define !== 'function')
    throw new GraphError(`${kind}() was given no function for '${name}'`, {
      code: 'bad-graph',
      place: name,
      hint: `write ${kind}('${name}', () => ({ run: sh\`...\` }))`,
    })
  const declaration: Declaration = { kind, name, params, define }
  const names = Object.keys(declaration.params)
  for (const name of names) {
    const all: unknown = declaration.params[name]
    if (!Array.isArray(all))
      throw new GraphError(
        `the values of parameter '${name}' of task '${declaration.name}' are no list`,
        {
          code: 'bad-graph',
          place: declaration.name,
          hint: `write { ${name}: ['debug', 'release'] }`,
        },
      )
    for (const value of all)
      checkName(value, `value of parameter '${name}' of task '${declaration.name}'`)
  }
  const refer = (values: Readonly<Record<string, string>> = {}): Ref => ({
    task: declaration.name,
    values,
  })
  return Object.assign(refer, { declaration }) as TaskHandle
}

// Names appear in selectors `task[value,value]`, in file names and on screens.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const UNSAFE = /[\x00-\x20\x7f-\x9f[\],/\\]|^-|^\.+$|^$/

function checkName(name: string, what: string): void {
  if (typeof name === 'string' && !UNSAFE.test(name) && name.length <= 200) return
  throw new GraphError(
    `${JSON.stringify(name)} cannot be the ${what === 'task' ? 'name of a task' : what}`,
    {
      code: 'bad-graph',
      hint: 'use letters, digits, points, dashes; no blanks, brackets, commas or slashes; at most 200 characters',
    },
  )
}
