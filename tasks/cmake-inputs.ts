// Which files cmake has read, by its File API (cmake-file-api(7), from cmake 3.14 on): a query that lies in
// the build folder before cmake configures, and a step that makes a depfile of the reply.
import { argv, type Command, type Roots, type Word } from '../graph/index.ts'
import { roots, step } from './places.ts'

export interface CMakeInputsOptions {
  /** The sources of all targets as well, with the headers that targets list: for a task that compiles. */
  readonly sources?: boolean
  /** The folder whose files count, where cmake is given another one with links into it. */
  readonly tree?: Word
}

/** Fields of a task. */
export interface CMakeInputs {
  /**
   * Its first line says the content of all that was read: declared as an output too, it makes who needs the
   * task stale when any of that has changed.
   */
  readonly depfile: string
  readonly run: readonly Command[]
}

/**
 * Commands among which is one that has cmake configure a build folder, with what they take to learn which
 * files of the source tree it read: listfiles, what they include, what they configure. The task has no `cwd`,
 * and `defineGraph()` is given the roots of `cmakeRoots()`.
 *
 * @param build the build folder, relative to the graph's
 */
export function cmakeInputs(
  build: string,
  commands: readonly Command[],
  { sources = false, tree }: CMakeInputsOptions = {},
): CMakeInputs {
  const depfile = `${build}/cmake-inputs.d`
  const kinds = ['cmakeFiles-v1', ...(sources ? ['codemodel-v2'] : [])]
  const words = [build, depfile, kinds.join(), ...(tree === undefined ? [] : [tree])]
  return { depfile, run: [...query(build, kinds), ...commands, step('cmake-inputs', words)] }
}

/** Where the roots lie that these commands name. */
export function cmakeRoots(): Roots {
  const { steps = '', node = '' } = roots()
  return { steps, node }
}

// A client has a folder of its own, and the names of files in it say what it wants.
const QUERY = '.cmake/api/v1/query/client-bitnet-tasks'

function query(build: string, kinds: readonly string[]): readonly Command[] {
  const folder = `${build}/${QUERY}`
  return [
    argv('cmake', '-E', 'make_directory', folder),
    argv('cmake', '-E', 'touch', ...kinds.map((kind) => `${folder}/${kind}`)),
  ]
}
