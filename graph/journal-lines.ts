// The lines of the journal: how each thing that can happen to a node is written and read again.
import { checksum } from './digest.ts'
import { escaped, FORMAT, unescaped } from './fingerprint.ts'
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
  ]
}

export function readHistory(bytes: Uint8Array | undefined): { history: History; lines: number } {
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

/** What stands behind the checksum of a line; undefined when it is damaged. */
export function checkedPayload(row: string): string | undefined {
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
  } else if (fields[0] === 'F' || fields[0] === 'N') history.troubles.set(node, troubleOf(fields))
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
