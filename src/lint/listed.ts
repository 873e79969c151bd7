// Which folders a node listed without a glob that covers them: what comes to lie there may change what it
// does, and nobody would know.
import { existsSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'

import {
  GraphError,
  type Node,
  Noting,
  type Place,
  recall,
  type Session,
} from '../../graph/index.ts'
import { realPath } from '../real-path.ts'
import { filesBelow } from './files-below.ts'
import type { Touched } from './strace.ts'

/** A folder, and how many below it. */
export interface Listed {
  readonly path: string
  readonly below: number
  /** A pattern of its inputs takes it away. */
  readonly leftOut?: true
}

/** What a node declares; real paths. */
export interface Declared {
  /** The nodes whose inputs are its own. */
  readonly readers: readonly Node[]
  readonly mayRead: ReadonlySet<string>
  /** What it and its needs make. */
  readonly made: ReadonlySet<string>
  /** What steps of this package list. */
  readonly isOfStep: (folder: string) => boolean
}

/** The highest of such folders in that of the graph, sorted. */
export function undeclaredLists(
  session: Session,
  node: Node,
  traces: readonly Touched[],
  { readers, mayRead, made, isOfStep }: Declared,
): readonly Listed[] {
  const top = realPath(session.folder)
  const globbed = foldersOfGlobs(session, readers)
  const own = new Set(traces.flatMap(({ folders }) => [...folders].map(realPath)))
  const named = new Set([...mayRead].map(dirname))
  const cwd = realPath(recall(session).world.path(node.spec.cwd ?? ''))
  const isDeclared = (folder: string): boolean =>
    globbed.has(folder) ||
    isOfStep(folder) ||
    isIn(folder, own) ||
    isSeldom(folder, top, session) ||
    isMade(folder, made)
  const lists = traces.flatMap((trace) => [
    ...trace.lists,
    ...[...trace.lookups].filter((folder) => folder !== cwd && !named.has(folder)),
  ])
  const found = [...new Set(lists)].filter(
    (folder) => (folder === top || folder.startsWith(`${top}${sep}`)) && !isDeclared(folder),
  )
  if (found.length === 0) return []
  const withAll = foldersOfGlobs(session, readers.map(withoutMinus))
  return highest(found.sort()).map((one) =>
    withAll.has(one.path) ? { ...one, leftOut: true as const } : one,
  )
}

function withoutMinus(node: Node): Node {
  const inputs = node.spec.inputs?.filter((one) => !pathOf(one).startsWith('!'))
  return inputs === undefined ? node : { ...node, spec: { ...node.spec, inputs } }
}

function pathOf(input: string | Place): string {
  return typeof input === 'string' ? input : input.path
}

// As the walk of its globs looks at them: by what the witnesses of the globs are.
function foldersOfGlobs(session: Session, readers: readonly Node[]): ReadonlySet<string> {
  const noting = new Noting(session.host)
  const { world } = recall({ ...session, host: noting.host })
  for (const one of readers) {
    try {
      world.inputs(one)
    } catch (error) {
      // What nobody may read may be what a pattern takes away; the run itself has met all else.
      if (!(error instanceof GraphError)) throw error
    }
  }
  return new Set([...noting.lists].map(realPath))
}

function isIn(folder: string, own: ReadonlySet<string>): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (own.has(at)) return true
    if (at === dirname(at)) return false
  }
}

// What wildcards of inputs stay out of.
function isSeldom(folder: string, top: string, { seldom = [] }: Session): boolean {
  return relative(top, folder)
    .split(sep)
    .some((name) => seldom.includes(name))
}

// It holds what was made by the node or its needs, and nothing else; or it is gone.
function isMade(folder: string, made: ReadonlySet<string>): boolean {
  if (!existsSync(folder)) return true
  const files = [...filesBelow(folder)]
  return files.length > 0 && files.every((path) => made.has(path))
}

function highest(sorted: readonly string[]): readonly Listed[] {
  const found: { path: string; below: number }[] = []
  for (const path of sorted) {
    const above = found.find((one) => path.startsWith(`${one.path}${sep}`))
    if (above) above.below++
    else found.push({ path, below: 0 })
  }
  return found
}
