// A memo of a whole look: "all of these nodes were fresh, and this is everything that was looked at".
// While every file, folder, variable, program and fact of it is as it was, so is the answer, and a no-op
// needs neither the graph nor the journal: it costs little more than the stats themselves.
import { checksum } from './digest.ts'
import type { Disk, FileStat, Glance, Host } from './host.ts'
import { isTooYoung } from './snapshot.ts'

export interface SealOptions {
  /** All that decides the answer and is no file: graph file, targets, version of the engine. */
  readonly key: string
  /** Absolute paths of the files that the graph was evaluated from. */
  readonly sources: readonly string[]
  /** Beside other seals of the same state; 'seal' unless said. */
  readonly name?: string
  /** False for an answer that what was run decides nothing of. */
  readonly journal?: boolean
}

const MAGIC = 'seal 3'
const FIELDS = 6
// In place of a size: nothing is there.
const ABSENT_SIZE = -1

interface Header {
  readonly key: string
  readonly boot: string
  readonly count: number
  /** What was told of them, for a look that did not find everything fresh. */
  readonly answer?: string
  readonly env: readonly (readonly [string, string | null])[]
  readonly programs: readonly (readonly [string, string | null])[]
  readonly facts: readonly (readonly [string, string | null])[]
  readonly paths: readonly string[]
  /** 's' (links followed) or 'l' for each path. */
  readonly ways: string
}

/**
 * How many nodes are fresh, when the seal still holds; undefined when it does not.
 *
 * @example const isFresh = checkSeal(stateFolder, key, host) !== undefined
 */
export function checkSeal(stateFolder: string, key: string, host: Host): number | undefined {
  return holding(`${stateFolder}/${NAME}`, key, host)?.count
}

/**
 * What was told at the last look, when the seal of that name still holds.
 *
 * @example const answer = sealedAnswer(stateFolder, { key, name: 'status' }, host)
 */
export function sealedAnswer(
  stateFolder: string,
  { key, name = NAME }: Pick<SealOptions, 'key' | 'name'>,
  host: Host,
): string | undefined {
  return holding(`${stateFolder}/${name}`, key, host)?.answer
}

const NAME = 'seal'

function holding(path: string, key: string, host: Host): Header | undefined {
  const read = readSeal(host.disk.readBytes(path))
  if (read === undefined || read.header.key !== key) return undefined
  const { header, numbers } = read
  const isSame = (rows: Header['env'], now: (name: string) => string | undefined): boolean =>
    rows.every(([name, value]) => (now(name) ?? null) === value)
  if (header.boot !== host.clock.bootId()) return undefined
  if (!isSame(header.env, (name) => host.env[name])) return undefined
  if (!isSame(header.programs, (name) => host.shell.which(name))) return undefined
  if (!isSame(header.facts, (name) => host.fact(name))) return undefined
  const { paths, ways } = header
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i] as string
    const now = host.disk.glance(path, ways[i] === 's')
    if (!matches(numbers, i * FIELDS, now)) return undefined
  }
  return header
}

/**
 * Notes everything that is asked of a host, for a seal.
 *
 * @example const { host: noted } = new SealRecorder(host)
 */
export class SealRecorder {
  readonly host: Host
  private readonly startedNs: bigint
  private readonly env = new Map<string, string | null>()
  private readonly programs = new Map<string, string | null>()
  private readonly facts = new Map<string, string | null>()
  private readonly stats = new Map<string, FileStat | undefined>()

  constructor(real: Host) {
    this.startedNs = real.clock.nowNs()
    const disk: Disk = Object.create(real.disk, {
      stat: { value: (path: string) => this.note(`s${path}`, real.disk.stat(path)) },
      lstat: { value: (path: string) => this.note(`l${path}`, real.disk.lstat(path)) },
    })
    const shell = Object.create(real.shell, {
      which: { value: (name: string) => noted(this.programs, name, real.shell.which(name)) },
    })
    const env = new Proxy(real.env, {
      get: (_, name) => noted(this.env, String(name), real.env[String(name)]),
    })
    const fact = (name: string): string | undefined => noted(this.facts, name, real.fact(name))
    this.host = { ...real, disk, shell, env, fact }
  }

  /** Writes the seal, unless something that was seen is too young for its identity to be trusted. */
  seal(
    stateFolder: string,
    count: number,
    { key, sources, name = NAME, journal = true }: SealOptions,
    answer?: string,
  ): void {
    const { disk, clock } = this.host
    for (const path of sources) disk.stat(path)
    if (journal) disk.stat(`${stateFolder}/journal`)
    const entries = [...this.stats]
    const isYoung = entries.some(
      ([, stat]) => stat !== undefined && isTooYoung(stat, this.startedNs),
    )
    if (isYoung) return
    const header: Header = {
      key,
      boot: clock.bootId(),
      count,
      ...(answer === undefined ? {} : { answer }),
      env: [...this.env],
      programs: [...this.programs],
      facts: [...this.facts],
      paths: entries.map(([path]) => path.slice(1)),
      ways: entries.map(([path]) => path[0]).join(''),
    }
    const numbers = new Float64Array(entries.length * FIELDS)
    entries.forEach(([, stat], i) => {
      numbers.set(fields(stat), i * FIELDS)
    })
    const text = Buffer.from(JSON.stringify(header))
    try {
      const head = Buffer.from(`${MAGIC} ${checksum(text)} ${text.length}\n`)
      const bytes = Buffer.concat([head, text, Buffer.from(numbers.buffer)])
      disk.writeWhole(`${stateFolder}/${name}`, bytes)
    } catch {
      // A read-only state folder: the next look takes the long way again.
    }
  }

  private note(key: string, stat: FileStat | undefined): FileStat | undefined {
    // The first look counts: what changed after it is younger than the start.
    if (!this.stats.has(key)) this.stats.set(key, stat)
    return stat
  }
}

function noted(
  notes: Map<string, string | null>,
  name: string,
  value: string | undefined,
): string | undefined {
  notes.set(name, value ?? null)
  return value
}

function readSeal(
  bytes: Uint8Array | undefined,
): { header: Header; numbers: Float64Array } | undefined {
  if (bytes === undefined) return undefined
  try {
    const end = bytes.indexOf(10)
    const head = Buffer.from(bytes.subarray(0, end)).toString('latin1').split(' ')
    const textEnd = end + 1 + Number(head[3])
    const text = bytes.subarray(end + 1, textEnd)
    // A damaged number equals that of no file: it needs no guard.
    if (`${head[0]} ${head[1]}` !== MAGIC || checksum(text) !== head[2]) return undefined
    const view = Buffer.from(text.buffer, text.byteOffset, text.length)
    const header = JSON.parse(view.toString('utf8')) as Header
    const numbers = new Float64Array(new Uint8Array(bytes.subarray(textEnd)).buffer)
    return numbers.length === header.paths.length * FIELDS ? { header, numbers } : undefined
  } catch {
    return undefined
  }
}

function fields(stat: FileStat | undefined): number[] {
  if (stat === undefined) return [ABSENT_SIZE, 0, 0, 0, 0, 0]
  const { size, mtimeNs, ctimeNs, ino, dev, mode } = stat
  return [Number(size), inMs(mtimeNs), inMs(ctimeNs), Number(ino), Number(dev), mode]
}

/**
 * Milliseconds as Node computes them of a file, to the last bit. That they are not exact to the nanosecond
 * hides nothing: a change comes after the look, and what is sealed was 50 ms old by then.
 */
export function inMs(ns: bigint): number {
  return Number(ns / 1_000_000_000n) * 1000 + Number(ns % 1_000_000_000n) / 1_000_000
}

function matches(numbers: Float64Array, at: number, now: Glance | undefined): boolean {
  if (now === undefined) return numbers[at] === ABSENT_SIZE
  return (
    numbers[at] === now.size &&
    numbers[at + 1] === now.mtimeMs &&
    numbers[at + 2] === now.ctimeMs &&
    numbers[at + 3] === now.ino &&
    numbers[at + 4] === now.dev &&
    numbers[at + 5] === (now.mode & 0o7777)
  )
}
