// The shortest way through a run: everything was fresh at the last look, and all is as it was then.
import { existsSync, lstatSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { type CheckedSeal, checkSeal, GraphError, machine } from '../graph/index.ts'
import { PACKAGE } from './package.ts'
import { realPath } from './real-path.ts'

const NAMES = ['bitnet.tasks.ts', 'bitnet.tasks.mts', 'bitnet.tasks.js', 'bitnet.tasks.mjs']

/** The nearest graph file of a user, or undefined for the shipped graph. */
export function findGraphFile(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = graphFileIn(folder)
    // The file in our own checkout is the shipped graph itself.
    if (path !== undefined) return realPath(folder) === realPath(PACKAGE) ? undefined : path
    if (dirname(folder) === folder) return undefined
  }
}

/** The graph file of a folder itself. */
export function graphFileIn(folder: string): string | undefined {
  const name = NAMES.find((candidate) => isFile(join(folder, candidate)))
  return name === undefined ? undefined : join(folder, name)
}

/**
 * The graph file that is meant: the one of `-f`, else the nearest; undefined for the shipped graph.
 *
 * @throws GraphError 'bad-file' when the one of `-f` is not there
 */
export function graphFileOf({
  folder,
  file,
}: {
  folder: string
  file?: string
}): string | undefined {
  if (file === undefined) return findGraphFile(folder)
  const path = resolve(folder, file)
  if (existsSync(path)) return path
  throw new GraphError(`there is no graph file '${file}'`, {
    code: 'bad-file',
    place: path,
    hint: 'bitnet-tasks init writes one',
  })
}

/** Where the state of a user's graph lies. Two graphs in one folder have a state each. */
export function stateFolderOf(file: string): string {
  const state = join(dirname(file), '.bitnet-tasks')
  return NAMES.includes(basename(file)) ? state : join(state, 'of', basename(file))
}

/** What the seal of the last run of these targets still says. */
export function checkedSeal(file: string, targets: readonly string[]): CheckedSeal | undefined {
  return checkSeal(stateFolderOf(file), sealKey(file, targets), machine(process.env))
}

/** All that a look depends on and is no file. */
export function sealKey(file: string, targets: readonly string[]): string {
  return JSON.stringify([file, ...targets])
}

// A link to nothing is a file of theirs too, and opening it says so.
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false
}
