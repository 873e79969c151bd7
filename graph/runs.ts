// The record of every run that had something to do: its events, one JSON document a line, one file a
// run. Whatever is told of a past run is a function of that file.
import { quote } from './command.ts'
import { GraphError } from './error.ts'
import type { RunEvent } from './event.ts'
import type { AppendFile, Clock, Disk } from './host.ts'
import { nearest } from './nearest.ts'
import type { Session } from './state.ts'

/** The first line of a run's file. A change of any event that a reader could miss raises the version. */
export interface RunHeader {
  readonly type: 'run'
  readonly version: 1
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly targets: readonly string[]
}

/** A past run. Without a last event 'done' it was killed. */
export interface PastRun {
  readonly header: RunHeader
  readonly events: readonly RunEvent[]
}

// Enough to look back over some days of work; a run of 1,000 nodes takes half a megabyte.
const KEPT = 100
const PIECE = 65_536
// What a killed run loses of its record at most, and not a write for each of a thousand nodes.
const OFTEN_MS = 250

export interface RunRecorder {
  /** Under which the run is remembered; undefined when it is not. */
  readonly id: string | undefined
  readonly write: (event: RunEvent) => void
  readonly close: () => void
}

/** Writes one run. A disk that refuses costs the record and not the run. */
export class RunWriter implements RunRecorder {
  readonly id: string
  private readonly disk: Disk
  private readonly clock: Clock
  private readonly folder: string
  private file: AppendFile | undefined
  private text: string
  private cancel: (() => void) | undefined
  private readonly onLine: ((line: string) => void) | undefined

  constructor(
    { host, stateFolder }: Session,
    targets: readonly string[],
    onLine?: (line: string) => void,
  ) {
    const at = host.clock.now()
    this.disk = host.disk
    this.clock = host.clock
    this.folder = `${stateFolder}/runs`
    this.id = unusedId(at, namesIn(this.folder, host.disk))
    const header: RunHeader = { type: 'run', version: 1, id: this.id, at, targets }
    this.text = `${JSON.stringify(header)}\n`
    this.onLine = onLine
    onLine?.(this.text)
  }

  write(event: RunEvent): void {
    const line = lineOf(event)
    if (line === undefined) return
    this.onLine?.(line)
    this.text += line
    if (this.text.length >= PIECE || event.type === 'done') this.put()
    // By the clock, and not by the next event: none may come for as long as a command takes.
    else this.cancel ??= this.clock.after(OFTEN_MS, () => this.put())
  }

  close(): void {
    this.put()
    try {
      this.file?.close()
      this.sweep()
    } catch {
      // As in put().
    }
  }

  private put(): void {
    const { text } = this
    this.text = ''
    this.cancel?.()
    this.cancel = undefined
    try {
      this.file ??= this.disk.append(`${this.folder}/${this.id}${ENDING}`)
      this.file.write(text)
    } catch {
      this.file = DEAD
    }
  }

  private sweep(): void {
    for (const id of runIds(this.disk, this.folder).slice(0, -KEPT))
      this.disk.removeFile(`${this.folder}/${id}${ENDING}`)
  }
}

/** Tells the lines of a run that had nothing to do, of which nothing is kept: so its header has no id. */
export function unkeptRun(
  at: number,
  targets: readonly string[],
  onLine: (line: string) => void,
): RunRecorder {
  const header: Omit<RunHeader, 'id'> = { type: 'run', version: 1, at, targets }
  onLine(`${JSON.stringify(header)}\n`)
  const write = (event: RunEvent): void => {
    const line = lineOf(event)
    if (line !== undefined) onLine(line)
  }
  return { id: undefined, write, close: () => {} }
}

// What a node prints is in its log, and how far it has come matters only meanwhile.
function lineOf(event: RunEvent): string | undefined {
  return event.type === 'output' || event.type === 'progress'
    ? undefined
    : `${JSON.stringify(event)}\n`
}

const ENDING = '.ndjson'
const DEAD: AppendFile = { write: () => {}, sync: async () => {}, close: () => {} }

/**
 * Ids of the runs that are remembered, the oldest first.
 *
 * @example const last = listRuns(session).at(-1)
 */
export function listRuns({ host, stateFolder }: Session): readonly string[] {
  return runIds(host.disk, `${stateFolder}/runs`)
}

/**
 * Reads a past run: by its id, the beginning of one, `last`, or `last~2` for the third but last.
 *
 * @throws GraphError 'unknown-run' naming the nearest, 'bad-file' when its record is none
 * @example const { header, events } = readRun(session, 'last~1')
 */
export function readRun(session: Session, named: string): PastRun {
  const ids = listRuns(session)
  const back = /^last(?:~(\d+))?$/.exec(named)
  const fitting = back
    ? ids.slice(-1 - Number(back[1] ?? 0)).slice(0, ids.length > Number(back[1] ?? 0) ? 1 : 0)
    : ids.includes(named)
      ? [named]
      : ids.filter((id) => id.startsWith(named))
  const id = fitting[0]
  if (id === undefined || fitting.length > 1) throw unknownRun(named, ids, fitting)
  const path = `${session.stateFolder}/runs/${id}${ENDING}`
  const run = recorded(session.host.disk, path)
  if (run === undefined) throw unreadableRun(id, path)
  return run
}

// Of a folder or a FIFO nothing is read.
function recorded(disk: Disk, path: string): PastRun | undefined {
  const text = disk.stat(path)?.kind === 'file' ? disk.readText(path) : undefined
  return text === undefined ? undefined : parseRun(text)
}

/**
 * The events of a run's file. A line that a kill has torn is left out; undefined without a header.
 *
 * @example const run = parseRun(text)
 */
export function parseRun(text: string): PastRun | undefined {
  const [header, ...events] = text.split('\n').flatMap((line) => parsed(line))
  const isOurs = header?.type === 'run' && header.version === 1 && Array.isArray(header.targets)
  return isOurs ? { header, events: events as readonly RunEvent[] } : undefined
}

function parsed(line: string): (RunHeader | RunEvent)[] {
  try {
    const value = JSON.parse(line) as RunHeader | RunEvent | null
    return typeof value === 'object' && value !== null && 'type' in value ? [value] : []
  } catch {
    return []
  }
}

function runIds(disk: Disk, folder: string): readonly string[] {
  const names = disk.list(folder) ?? []
  return names
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length))
    .sort()
}

// A folder that cannot be listed cannot be written into either, and then the run is not remembered.
function namesIn(folder: string, disk: Disk): ReadonlySet<string> {
  try {
    return new Set(disk.list(folder))
  } catch {
    return new Set()
  }
}

// By time, so that they sort: 20261121-093501-482.
function unusedId(at: number, taken: ReadonlySet<string>): string {
  const digits = new Date(at).toISOString().replace(/\D/g, '')
  const id = `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${digits.slice(14, 17)}`
  for (let i = 0; ; i++) {
    const candidate = i === 0 ? id : `${id}.${i}`
    if (!taken.has(`${candidate}${ENDING}`)) return candidate
  }
}

// A full disk leaves an empty file.
function unreadableRun(id: string, path: string): GraphError {
  return new GraphError(
    `the record of the run '${id}' cannot be read: '${path}' does not begin as one`,
    {
      code: 'bad-file',
      place: path,
      hint: `look at it, and where it is of no use: rm -r ${quote(path)}`,
    },
  )
}

function unknownRun(named: string, ids: readonly string[], fitting: readonly string[]): GraphError {
  if (ids.length === 0)
    return new GraphError('no run is remembered here', {
      code: 'unknown-run',
      hint: 'run something: each run that has something to do is remembered',
    })
  const near = nearest(named, ids)
  const hint =
    fitting.length > 1
      ? `it fits ${fitting.slice(0, 3).join(', ')}${fitting.length > 3 ? ' and more' : ''}`
      : near !== undefined
        ? `did you mean '${near}'?`
        : `the newest is '${ids.at(-1)}', which 'last' means too`
  return new GraphError(`no run is called '${named}'`, { code: 'unknown-run', hint })
}
