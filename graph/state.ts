// Where a graph keeps what it remembers: journal, snapshot, lock, logs; opened for looking or writing.
import { quote } from './command.ts'
import { checksum } from './digest.ts'
import { GraphError } from './error.ts'
import type { Graph } from './graph.ts'
import type { Host } from './host.ts'
import { Journal } from './journal.ts'
import type { Node } from './node.ts'
import { obstacle, readMemo } from './own-file.ts'
import { Snapshot } from './snapshot.ts'
import { World } from './world.ts'

/** A graph on a machine: what every command works with. */
export interface Session {
  readonly graph: Graph
  readonly host: Host
  /** Absolute: relative paths of the graph start here. */
  readonly folder: string
  /** Absolute: journal, snapshot, lock and logs. */
  readonly stateFolder: string
  /** Names of folders that the wildcards of an input enter only where they are named. */
  readonly seldom?: readonly string[]
}

/** What is remembered, and the machine beside it. */
export interface Memory {
  readonly graph: Graph
  readonly journal: Journal
  readonly world: World
}

export interface RecallOptions {
  /** Absolute paths of files that are taken as changed. */
  readonly pretended?: ReadonlySet<string>
  /** The journal is the one that was read before without any damage. */
  readonly isKnownWhole?: boolean
}

/**
 * Reads what is remembered; changes nothing on the disk.
 *
 * @example const { journal } = recall({ graph, host: machine(), folder, stateFolder })
 */
export function recall(session: Session, options: RecallOptions = {}): Memory {
  const { pretended, isKnownWhole } = options
  const { graph, host, stateFolder } = session
  const { disk, clock } = host
  const boot = clock.bootId()
  const journal = new Journal(`${stateFolder}/journal`, disk, clock, isKnownWhole)
  const snapshot = Snapshot.load(readMemo(disk, `${stateFolder}/snapshot`), boot)
  const world = new World({ ...session, roots: graph.roots }, snapshot, pretended)
  if (!snapshot.isFromThisBoot) distrust(journal, world, boot)
  return { graph, journal, world }
}

/** What is remembered already, and the machine as it is now. */
export function lookedAnew(session: Session, { journal, world }: Memory): Memory {
  const { graph } = session
  const { roots } = graph
  return { graph, journal, world: new World({ ...session, roots }, world.snapshot) }
}

/**
 * Saves the snapshot if enough was learned; a disk that refuses costs only time later.
 *
 * @example keepSnapshot(session, recall(session))
 */
export function keepSnapshot({ host, stateFolder }: Session, { world }: Memory): void {
  if (!world.snapshot.isWorthSaving) return
  try {
    const isThere = (path: string): boolean => host.disk.lstat(path) !== undefined
    host.disk.writeWhole(`${stateFolder}/snapshot`, world.snapshot.save(isThere))
  } catch {
    // A read-only state folder: the next look reads the files again.
  }
}

/** The state folder cannot be written: says which and why. */
export function unwritable({ host, stateFolder }: Session, error: unknown): GraphError {
  const { disk } = host
  const inTheWay =
    obstacle(disk, `${stateFolder}/logs`, 'folder') ??
    obstacle(disk, `${stateFolder}/journal`, 'file')
  if (inTheWay) return inTheWay
  const errno = (error as { code?: string }).code ?? 'unknown'
  return new GraphError(`cannot write the state folder '${stateFolder}': ${errno}`, {
    code: 'state-unwritable',
    place: stateFolder,
    errno,
    hint: `make it writable: ls -ld ${quote(stateFolder)}`,
    cause: error,
  })
}

// Bytes, with a checksum and `.1.log` behind them: a file name has 255.
const LOG_NAME_BYTES = 150

/**
 * File name of a node's logs; no two nodes have the same.
 *
 * @example logName(node)   // compile_debug
 */
export function logName({ name }: Node): string {
  // A separator becomes one `_`, and a `_` two: where they meet that would be ambiguous.
  const isClear = !/_[[,\]]|[[,]_/.test(name)
  const flat = name.replaceAll('_', '__').replaceAll(/[[,]/g, '_').replace(']', '')
  if (isClear && flat.length <= LOG_NAME_BYTES && !UNUSUAL.test(flat)) return flat
  const some = flat.replaceAll(new RegExp(UNUSUAL, 'g'), '_').slice(0, LOG_NAME_BYTES)
  return `${some}~${checksum(name)}`
}

const UNUSUAL = /[^\w.@+=-]+/

// After a power loss a file may have its new size and times, and not its new bytes. An output that
// was not fsynced and was last seen before this start of the machine is read again.
function distrust(journal: Journal, world: World, boot: string): void {
  world.snapshot.mustBeSaved()
  for (const record of journal.history.records.values()) {
    if (record.durable || record.boot === boot) continue
    for (const [path] of record.outputs) world.snapshot.forget(world.path(path))
  }
}
