// What happened to each node: append-only lines, each with a checksum. A torn or damaged line is
// dropped and everything before it stands. `begin` forgets a node's record, `commit` gives a new one.
import { checksum } from './digest.ts'
import { GraphError } from './error.ts'
import { escaped, FORMAT, unescaped } from './fingerprint.ts'
import type { NodeName } from './graph.ts'
import type { AppendFile, Clock, Disk } from './host.ts'
import type { FileState } from './snapshot.ts'

/** What is remembered of a node that was done. */
export interface NodeRecord {
  readonly fingerprint: string
  readonly result: string
  /** Milliseconds that its commands took. */
  readonly ms: number
  /** When it was done: milliseconds since 1970. */
  readonly at: number
  /** Its outputs were fsynced before the record was written. */
  readonly durable: boolean
  /** Every part of its fingerprint, as text. */
  readonly parts: string
  readonly outputs: readonly (readonly [path: string, state: FileState])[]
  readonly discovered: readonly string[]
  /** Start of the machine in which it was written. */
  readonly boot: string
}

/** Why a node has no record. */
export interface Trouble {
  readonly what: 'interrupted' | 'failed'
  readonly detail: string
  readonly log: string
  readonly at: number
}

export interface History {
  readonly records: Map<NodeName, NodeRecord>
  readonly troubles: Map<NodeName, Trouble>
  /** How long a node took when it last was done, whether or not its record still stands. */
  readonly durations: Map<NodeName, number>
  /** Outputs of the last record of a node, so that a rerun can remove them. */
  readonly lastOutputs: Map<NodeName, readonly (readonly [string, FileState])[]>
  /** What the node last produced, so that a rerun can say whether it produced the same. */
  readonly lastResults: Map<NodeName, string>
  /** Inputs that the last record discovered, so that a rerun can watch them. */
  readonly lastDiscovered: Map<NodeName, readonly string[]>
}

const GROUP_MS = 1000
const FIELD = '\x1f'
const ITEM = '\x1e'

export class Journal {
  private readonly path: string
  private readonly disk: Disk
  private readonly clock: Clock
  readonly history: History
  private lines: number
  private file: AppendFile | undefined
  private syncedAt = 0
  private syncing: Promise<void> | undefined

  /** Reads what is there; writes nothing until `open`. */
  constructor(path: string, disk: Disk, clock: Clock) {
    this.path = path
    this.disk = disk
    this.clock = clock
    const { history, lines } = readHistory(disk.readBytes(path))
    this.history = history
    this.lines = lines
  }

  /** Makes it writable: under the lock only. A file that has grown long is written anew first. */
  open(): void {
    const live = this.history.records.size + this.history.troubles.size
    if (this.lines > 4 * live + 2000) this.compact()
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
    this.put(failFields(node, trouble))
    this.history.troubles.set(node, trouble)
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
    for (const [node, trouble] of this.history.troubles)
      text += asLine(
        trouble.what === 'interrupted' ? beginFields(node, trouble.at) : failFields(node, trouble),
      )
    this.disk.writeWhole(this.path, text, { durable: true })
  }
}

function asLine(fields: readonly string[]): string {
  const payload = fields.join(FIELD)
  return `${checksum(payload)} ${payload}\n`
}

function beginFields(node: NodeName, at: number): string[] {
  return ['B', node, String(Math.round(at))]
}

function failFields(node: NodeName, { detail, log, at }: Trouble): string[] {
  return ['F', node, escaped(detail), escaped(log), String(Math.round(at))]
}

function commitFields(node: NodeName, record: NodeRecord): string[] {
  return [
    'C',
    node,
    record.fingerprint,
    record.result,
    String(Math.round(record.ms * 10) / 10),
    String(Math.round(record.at)),
    record.durable ? '1' : '0',
    record.parts,
    record.outputs.map(([path, state]) => `${escaped(path)}\t${state}`).join(ITEM),
    record.discovered.map(escaped).join(ITEM),
  ]
}

function readHistory(bytes: Uint8Array | undefined): { history: History; lines: number } {
  const history = emptyHistory()
  if (bytes === undefined) return { history, lines: 0 }
  // A byte that is no UTF-8 becomes another character, and the checksum of its line does not fit.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  let lines = 0
  let boot = ''
  let isOurFormat = false
  for (let start = 0; start < text.length; lines++) {
    const end = text.indexOf('\n', start)
    if (end < 0) break
    const payload = checkedPayload(text.slice(start, end))
    start = end + 1
    // A damaged line is as if it had not been written. Should it have been a `begin`, the record
    // before it is believed again, but only as far as the bytes on the disk are those it names.
    if (payload === undefined) continue
    const fields = payload.split(FIELD)
    if (fields[0] === 'S') {
      isOurFormat = fields[1] === FORMAT
      boot = fields[2] as string
    } else if (isOurFormat) replay(history, fields, boot)
  }
  return { history, lines }
}

// Eight digits of a checksum and a blank.
const HEAD = 9

function checkedPayload(row: string): string | undefined {
  if (row[HEAD - 1] !== ' ') return undefined
  const payload = row.slice(HEAD)
  return row.startsWith(checksum(payload)) ? payload : undefined
}

function replay(history: History, fields: readonly string[], boot: string): void {
  const node = fields[1] as string
  if (fields[0] === 'C') remember(history, node, commitOf(fields, boot))
  else if (fields[0] === 'D') forget(history, node)
  else if (fields[0] === 'B') {
    history.records.delete(node)
    history.troubles.set(node, { what: 'interrupted', detail: '', log: '', at: Number(fields[2]) })
  } else if (fields[0] === 'F')
    history.troubles.set(node, {
      what: 'failed',
      detail: unescaped(fields[2] as string),
      log: unescaped(fields[3] as string),
      at: Number(fields[4]),
    })
}

function commitOf(fields: readonly string[], boot: string): NodeRecord {
  const items = (field: string | undefined): string[] => (field ? field.split(ITEM) : [])
  return {
    fingerprint: fields[2] as string,
    result: fields[3] as string,
    ms: Number(fields[4]),
    at: Number(fields[5]),
    durable: fields[6] === '1',
    parts: fields[7] as string,
    outputs: items(fields[8]).map((item) => {
      const tab = item.indexOf('\t')
      return [unescaped(item.slice(0, tab)), item.slice(tab + 1)] as const
    }),
    discovered: items(fields[9]).map(unescaped),
    boot,
  }
}

function remember(history: History, node: NodeName, record: NodeRecord): void {
  history.records.set(node, record)
  history.troubles.delete(node)
  history.durations.set(node, record.ms)
  history.lastOutputs.set(node, record.outputs)
  history.lastResults.set(node, record.result)
  history.lastDiscovered.set(node, record.discovered)
}

function forget(history: History, node: NodeName): void {
  history.records.delete(node)
  history.troubles.delete(node)
  history.lastOutputs.delete(node)
  history.lastResults.delete(node)
  history.lastDiscovered.delete(node)
}

function emptyHistory(): History {
  return {
    records: new Map(),
    troubles: new Map(),
    durations: new Map(),
    lastOutputs: new Map(),
    lastResults: new Map(),
    lastDiscovered: new Map(),
  }
}
