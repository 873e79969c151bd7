// What happened to each node: append-only lines, each with a checksum. A torn or damaged line is
// dropped and everything before it stands. `begin` forgets a node's record, `commit` gives a new one.
import { GraphError } from './error.ts'
import { FORMAT } from './fingerprint.ts'
import {
  forget,
  type History,
  type LastDone,
  type NodeRecord,
  noteOutputs,
  remember,
  type Trouble,
} from './history.ts'
import type { AppendFile, Clock, Disk } from './host.ts'
import { asLine, beginFields, commitFields, readHistory, troubleFields } from './journal-lines.ts'
import type { NodeName } from './node.ts'
import { obstacle } from './own-file.ts'

const GROUP_MS = 1000

export class Journal {
  private readonly path: string
  private readonly disk: Disk
  private readonly clock: Clock
  readonly history: History
  private lines: number
  private isWholeOnDisk: boolean
  private file: AppendFile | undefined
  private syncedAt = 0
  private syncing: Promise<void> | undefined

  /** Reads what is there; writes nothing until `open`. `isKnownWhole`: an earlier reading found no damage. */
  constructor(path: string, disk: Disk, clock: Clock, isKnownWhole = false) {
    this.path = path
    this.disk = disk
    this.clock = clock
    const { history, lines, isWhole } = readHistory(bytesOf(path, disk), isKnownWhole)
    this.history = history
    this.lines = lines
    this.isWholeOnDisk = isWhole
  }

  /** No line on the disk is damaged. */
  get isWhole(): boolean {
    return this.isWholeOnDisk
  }

  /** Makes it writable: under the lock only. A file that is damaged or has grown long is written anew first. */
  open(): void {
    const live = this.history.records.size + this.history.troubles.size
    if (!this.isWhole || this.lines > 2 * live + 1000) this.compact()
    this.file = this.disk.append(this.path)
    this.syncedAt = this.clock.now()
    this.put(['S', FORMAT, this.clock.bootId(), String(Math.round(this.clock.now()))])
  }

  begin(node: NodeName): void {
    this.history.records.delete(node)
    this.history.troubles.set(node, {
      what: 'interrupted',
      detail: '',
      log: '',
      at: this.clock.now(),
    })
    this.put(beginFields(node, this.clock.now()))
  }

  commit(node: NodeName, record: NodeRecord): void {
    this.put(commitFields(node, record))
    remember(this.history, node, record)
  }

  fail(node: NodeName, trouble: Trouble): void {
    this.put(troubleFields(node, trouble))
    this.history.troubles.set(node, trouble)
  }

  /** What a node without a record is known to have written: nothing that can be relied on. */
  noteOutputs(node: NodeName, outputs: NodeRecord['outputs'], found?: readonly string[]): void {
    noteOutputs(this.history, node, outputs, found)
    for (const fields of this.madeFields(node)) this.put(fields)
  }

  /** Forgets nodes, as `clean` does. */
  drop(nodes: readonly NodeName[]): void {
    for (const node of nodes) {
      this.put(['D', node])
      forget(this.history, node)
    }
  }

  /** Resolves when all that was written is on the disk. */
  async sync(): Promise<void> {
    try {
      await this.file?.sync()
    } catch (error) {
      throw this.unwritable(error)
    }
  }

  close(): void {
    this.file?.close()
    this.file = undefined
  }

  private put(fields: readonly string[]): void {
    if (this.file === undefined) throw new Error('BUG: journal written before open()')
    try {
      this.file.write(asLine(fields))
    } catch (error) {
      throw this.unwritable(error)
    }
    this.lines++
    this.syncGroup()
  }

  // In groups: one fsync for all that was done since the last, beside what runs.
  private syncGroup(): void {
    if (this.syncing || this.clock.now() - this.syncedAt < GROUP_MS) return
    this.syncedAt = this.clock.now()
    this.syncing = this.file
      ?.sync()
      .catch(() => {})
      .finally(() => {
        this.syncing = undefined
      })
  }

  // A full disk is the person's to correct; without a journal no node may run.
  private unwritable(error: unknown): unknown {
    const { code } = error as { code?: string }
    if (code === undefined) return error
    return new GraphError(`cannot write the journal '${this.path}': ${code}`, {
      code: 'state-unwritable',
      place: this.path,
      errno: code,
      hint: 'make room on its disk, or make it writable',
      cause: error,
    })
  }

  // A commit of what it made, taken back at once, and why it was.
  private madeFields(node: NodeName): readonly (readonly string[])[] {
    const { lastDone, troubles } = this.history
    const noRecord = { fingerprint: '', at: 0, durable: false, parts: '', boot: '' }
    const made = commitFields(node, { ...noRecord, ...doneOf(lastDone.get(node) as LastDone) })
    const trouble = troubles.get(node)
    if (trouble === undefined) return [made, ['D', node]]
    return [made, beginFields(node, trouble.at), troubleFields(node, trouble)]
  }

  private compact(): void {
    const sessions = new Set([...this.history.records.values()].map((record) => record.boot))
    let text = ''
    this.lines = 0
    for (const boot of sessions) {
      text += asLine(['S', FORMAT, boot, String(Math.round(this.clock.now()))])
      for (const [node, record] of this.history.records) {
        if (record.boot !== boot) continue
        text += asLine(commitFields(node, record))
        this.lines++
      }
    }
    const { records, troubles, lastDone } = this.history
    // What a node made counts also when its record does not stand any more.
    for (const node of lastDone.keys())
      if (!records.has(node)) text += this.madeFields(node).map(asLine).join('')
    for (const [node, trouble] of troubles)
      if (records.has(node) || !lastDone.has(node)) text += asLine(troubleFields(node, trouble))
    this.disk.writeWhole(this.path, text, { durable: true })
    this.isWholeOnDisk = true
  }
}

// Without it nothing is known of any node: whatever else is in its place, the person decides.
function bytesOf(path: string, disk: Disk): Uint8Array | undefined {
  const kind = disk.stat(path)?.kind
  const inTheWay = kind === undefined || kind === 'file' ? undefined : obstacle(disk, path, 'file')
  if (inTheWay) throw inTheWay
  return disk.readBytes(path)
}

// Of a line that is taken apart when it is asked for, nothing could be spread.
function doneOf({ ms, result, outputs, discovered, found = [] }: LastDone): LastDone {
  return { ms, result, outputs, discovered, found }
}
