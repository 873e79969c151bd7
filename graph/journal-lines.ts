// The lines of the journal: how each thing that can happen to a node is written and read again.
import { checksum } from './digest.ts'
import { escaped, unescaped } from './escape.ts'
import { FORMAT } from './fingerprint.ts'
import {
  emptyHistory,
  type FailedUnder,
  forget,
  type History,
  type NodeRecord,
  remember,
  type Trouble,
} from './history.ts'
import type { NodeName } from './node.ts'

const FIELD = '\x1f'
const ITEM = '\x1e'

export function asLine(fields: readonly string[]): string {
  const payload = fields.join(FIELD)
  return `${checksum(payload)} ${payload}\n`
}

export function beginFields(node: NodeName, at: number): string[] {
  return ['B', node, String(Math.round(at))]
}

export function troubleFields(node: NodeName, trouble: Trouble): string[] {
  const { what, detail, log, at, under } = trouble
  if (what === 'interrupted') return beginFields(node, at)
  const kind = what === 'failed' ? 'F' : 'N'
  const fields = [kind, node, escaped(detail), escaped(log), String(Math.round(at))]
  if (under === undefined) return fields
  const { key, how, exitCode, class: found } = under
  return [...fields, key, how, String(exitCode ?? ''), escaped(found ?? '')]
}

export function commitFields(node: NodeName, record: NodeRecord): string[] {
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
    ...(record.found?.length ? [record.found.map(escaped).join(ITEM)] : []),
  ]
}

export interface ReadHistory {
  readonly history: History
  readonly lines: number
  /** No line of it is damaged, and none cut off. */
  readonly isWhole: boolean
}

/** `isKnownWhole`: the same bytes were read before, and no checksum of a line failed. */
export function readHistory(bytes: Uint8Array | undefined, isKnownWhole = false): ReadHistory {
  const history = emptyHistory()
  if (bytes === undefined) return { history, lines: 0, isWhole: true }
  // A byte that is no UTF-8 becomes another character, and the checksum of its line does not fit.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  let lines = 0
  let boot = ''
  let isOurFormat = false
  let isWhole = text === '' || text.endsWith('\n')
  for (let start = 0; start < text.length; lines++) {
    const end = text.indexOf('\n', start)
    if (end < 0) break
    const row = text.slice(start, end)
    const payload = isKnownWhole ? row.slice(HEAD) : checkedPayload(row)
    start = end + 1
    // A damaged line is as if it had not been written. Should it have been a `begin`, the record
    // before it is believed again, but only as far as the bytes on the disk are those it names.
    isWhole &&= payload !== undefined
    if (payload === undefined) continue
    if (payload[0] === 'S') {
      const fields = payload.split(FIELD)
      isOurFormat = fields[1] === FORMAT
      boot = fields[2] as string
    } else if (isOurFormat) replay(history, payload, boot)
  }
  return { history, lines, isWhole }
}

// Eight digits of a checksum and a blank.
const HEAD = 9

/** What stands behind the checksum of a line; undefined when it is damaged. */
export function checkedPayload(row: string): string | undefined {
  if (row[HEAD - 1] !== ' ') return undefined
  const payload = row.slice(HEAD)
  return row.startsWith(checksum(payload)) ? payload : undefined
}

// The second field ends the payload, or another follows.
function nodeOf(payload: string): string {
  const end = payload.indexOf(FIELD, 2)
  return payload.slice(2, end < 0 ? undefined : end)
}

function replay(history: History, payload: string, boot: string): void {
  const [kind] = payload
  const node = nodeOf(payload)
  if (kind === 'C') return remember(history, node, new CommitLine(payload, boot))
  if (kind === 'D') return forget(history, node)
  const fields = payload.split(FIELD)
  if (kind === 'B') {
    history.records.delete(node)
    history.troubles.set(node, { what: 'interrupted', detail: '', log: '', at: Number(fields[2]) })
  } else if (kind === 'F' || kind === 'N') history.troubles.set(node, troubleOf(fields))
}

function troubleOf([
  letter,
  ,
  detail = '',
  log = '',
  at,
  key,
  how,
  code,
  kind,
]: readonly string[]): Trouble {
  const trouble: Trouble = {
    what: letter === 'F' ? 'failed' : 'unrecorded',
    detail: unescaped(detail),
    log: unescaped(log),
    at: Number(at),
  }
  if (key === undefined) return trouble
  const under: FailedUnder = {
    key,
    how: how as FailedUnder['how'],
    ...(code ? { exitCode: Number(code) } : {}),
    ...(kind ? { class: unescaped(kind) } : {}),
  }
  return { ...trouble, under }
}

// Taken apart when it is asked for: a run that looks at a few nodes needs few of a thousand.
class CommitLine implements NodeRecord {
  private readonly payload: string
  private made: NodeRecord['outputs'] | undefined
  private read: readonly string[] | undefined
  readonly boot: string

  constructor(payload: string, boot: string) {
    this.payload = payload
    this.boot = boot
  }

  get fingerprint(): string {
    return this.field(2)
  }

  get result(): string {
    return this.field(3)
  }

  get ms(): number {
    return Number(this.field(4))
  }

  get at(): number {
    return Number(this.field(5))
  }

  get durable(): boolean {
    return this.field(6) === '1'
  }

  get parts(): string {
    return this.field(7)
  }

  get outputs(): NodeRecord['outputs'] {
    this.made ??= items(this.field(8)).map((item) => {
      const tab = item.indexOf('\t')
      return [unescaped(item.slice(0, tab)), item.slice(tab + 1)] as const
    })
    return this.made
  }

  get discovered(): readonly string[] {
    this.read ??= items(this.field(9)).map(unescaped)
    return this.read
  }

  get found(): readonly string[] {
    return items(this.field(10)).map(unescaped)
  }

  private field(at: number): string {
    const { payload } = this
    let start = 0
    for (let i = 0; i < at; i++) {
      start = payload.indexOf(FIELD, start) + 1
      if (start === 0) return ''
    }
    const end = payload.indexOf(FIELD, start)
    return payload.slice(start, end < 0 ? undefined : end)
  }
}

function items(field: string): readonly string[] {
  return field === '' ? [] : field.split(ITEM)
}
