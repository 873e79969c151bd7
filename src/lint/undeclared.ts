// What a node touched and did not declare. The machine's own folders are not looked at: a library of the
// system enters no key, and the programs that use it do.
import { lstatSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

import {
  type Memory,
  type Node,
  outputFiles,
  plan,
  recall,
  recordedTools,
  type Session,
} from '../../graph/index.ts'
import { realPath } from '../real-path.ts'
import { filesBelow } from './files-below.ts'
import { undeclaredLists } from './listed.ts'
import { isOfOwnSteps } from './own-steps.ts'
import type { Touched } from './strace.ts'
import { isOfTools } from './tool-files.ts'

export interface Complaint {
  readonly kind: 'read' | 'list' | 'write'
  /** Absolute; the first of its folder, or the folder that was listed. */
  readonly path: string
  /** How many more there are in that folder; of one that was listed, how many below it were too. */
  readonly also: number
  /** Of a folder that was listed: a pattern of its inputs takes it away. */
  readonly leftOut?: true
}

const SYSTEM =
  /^\/(?:usr|lib\w*|bin|sbin|etc|proc|sys|dev|opt|run|var\/lib)(?:\/|$)|\/\/?(?:deleted|pipe:|socket:)/

/** What was there before the node ran. */
export interface Before {
  /** The files below the graph's folder. */
  readonly files: ReadonlySet<string>
  /** Those among them that its outputs name: what it removes of them it made another time. */
  readonly outputs: readonly string[]
}

/** What a node finds. */
export function filesBefore(session: Session, node: Node): Before {
  const memory = recall(session)
  const outputs = outputFiles(node, memory).map((path) => memory.world.path(path))
  return { files: filesBelow(session.folder), outputs }
}

/** One complaint for each folder and kind, sorted. */
export function undeclared(
  session: Session,
  node: Node,
  traces: readonly Touched[],
  before: Before,
): readonly Complaint[] {
  const renamed = new Set(traces.flatMap(({ renamed }) => [...renamed]))
  const writes = new Set([
    ...traces.flatMap(({ writes }) => [...writes]),
    ...[...renamed].flatMap((path) => within(path, before.files)),
  ])
  const { mayRead, mayWrite, made, tools } = declared(session, node, before)
  const temporary = new Set([tmpdir(), session.host.env['TMPDIR'] ?? tmpdir()].map(realPath))
  const isOfStep = isOfOwnSteps(session, node)
  const home = session.host.env['HOME']
  const isOfTool = isOfTools(tools, { own: realPath(session.folder), home })
  const declarations = { readers: readers(node), mayRead, made, isOfStep }
  const isIn = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)
  // What it wrote itself it may read again, and a folder that is opened is not yet listed. A program is
  // started by any of its names.
  const reads = traces
    .flatMap(({ reads }) => [...reads])
    .filter((path) => !writes.has(path) && !isFolder(path))
    .map(realPath)
  // What it left in a temporary folder is nobody's; what somebody else put there decides like any other file.
  const isOurs = (path: string, kind: Complaint['kind']): boolean =>
    isIn(path, realPath(session.folder)) ||
    (!SYSTEM.test(path) && (kind === 'read' || ![...temporary].some((place) => isIn(path, place))))
  const complaints = (kind: Complaint['kind'], paths: Iterable<string>, may: ReadonlySet<string>) =>
    grouped(
      kind,
      [...new Set(paths)].filter((path) => isOurs(path, kind) && !may.has(path) && !isOfStep(path)),
    )
  return [
    ...complaints(
      'read',
      reads.filter((path) => !isOfTool(path)),
      mayRead,
    ),
    ...undeclaredLists(session, node, traces, declarations).map(
      ({ below, ...listed }) => ({ kind: 'list', ...listed, also: below }) as const,
    ),
    ...complaints(
      'write',
      [...writes].filter((path) => before.files.has(path) || isFile(path)),
      mayWrite,
    ),
  ]
}

// A folder takes along what is in it.
function within(path: string, before: ReadonlySet<string>): readonly string[] {
  const were = [...before].filter((file) => file.startsWith(`${path}/`))
  return [path, ...were, ...(isFolder(path) ? filesBelow(path) : [])]
}

// What came and went while it ran is its own affair, as the a.out of a configure step.
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false
}

function declared(session: Session, node: Node, before: Before) {
  const memory = recall(session)
  const { world, journal } = memory
  const { records } = journal.history
  const record = records.get(node.name)
  const outputsOf = (one: Node): readonly string[] =>
    (records.get(one.name)?.outputs ?? []).map(([path]) => world.path(path))
  // A run whose input changed meanwhile left no record.
  const made = [...outputsOf(node), ...outputFiles(node, memory).map((path) => world.path(path))]
  const mayWrite = new Set([...made, ...before.outputs].map(inRealFolder))
  if (node.spec.depfile !== undefined) mayWrite.add(realPath(world.path(node.spec.depfile)))
  const inputs = readers(node).flatMap((one) => world.inputs(one).map(({ path }) => path))
  const discovered = (record?.discovered ?? []).map((name) => world.path(name))
  const needs = plan(session.graph, [node]).flatMap(outputsOf)
  const tools =
    record === undefined
      ? []
      : Object.values(recordedTools(record)).flatMap((identity) => pathsIn(identity, memory))
  const mayRead = new Set([...inputs, ...discovered, ...needs, ...tools, ...made].map(realPath))
  for (const path of mayWrite) mayRead.add(path)
  return { mayRead, mayWrite, tools, made: new Set([...needs.map(inRealFolder), ...mayWrite]) }
}

// The nodes whose inputs are its own: it, and of its needs those that only name what they read.
function readers(node: Node): readonly Node[] {
  const groups = node.needs.filter(({ commands }) => commands.length === 0)
  return [node, ...groups.flatMap(readers)]
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

// `/usr/bin/cc /usr/bin/x86_64-linux-gnu-gcc-12=x3f2a…`, `./tool tool=x3f2a…`
function pathsIn(identity: string, { world }: Memory): readonly string[] {
  return identity.split(' ').map((word) => world.named(word.replace(/=[flx][0-9a-f]{64}$/, '')))
}

function grouped(kind: Complaint['kind'], paths: readonly string[]): readonly Complaint[] {
  const folders = new Map<string, string[]>()
  for (const path of [...paths].sort()) {
    const folder = dirname(path)
    folders.set(folder, [...(folders.get(folder) ?? []), path])
  }
  return [...folders.values()].map(([path = '', ...more]) => ({ kind, path, also: more.length }))
}

// An output may be a link: it is made, and what it leads to is not.
function inRealFolder(path: string): string {
  return join(realPath(dirname(path)), basename(path))
}
