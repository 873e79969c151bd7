// What is known of files: identity (size, times, inode) and the digest that was read under it.
// An unchanged identity spares the reading. A file whose times are too young when it is looked at
// is not remembered: another write in the same tick of the clock would look the same.
import { checksum } from './digest.ts'
import type { FileStat } from './host.ts'

/** 'f' or 'x' (executable) and the digest of the content; 'l' and the digest of a link's text. */
export type FileState = string

interface GlobMemory {
  readonly files: readonly string[]
  /** Folders that were looked into, with their identity then. */
  readonly folders: readonly (readonly [path: string, identity: string])[]
}

const MAGIC = 'snapshot 5'
const FIELDS = 6
// Coarser than any kernel's tick; file systems that keep whole seconds are given two.
const TICK_MS = 50
const WHOLE_SECONDS_MS = 2000
// No file is that small: an entry with this size matches nothing.
const NO_SIZE = -1
// One file read again takes as long as writing so many down, or as that many bytes.
const WORTH = 32
const MUCH = 1024 * 1024
// So many entries may be of files that are gone.
const MANY = 10_000

export class Snapshot {
  /** Something was learned. */
  changed = false
  /** It was saved since the machine started: what it says of outputs outlived no power loss. */
  isFromThisBoot = false
  private readonly places = new Map<string, number>()
  /** Places of what was learned since it was loaded. */
  private readonly touched = new Set<number>()
  private learned = 0
  private readBytes = 0
  private isMuchToLearn = false
  private numbers = new Float64Array(64 * FIELDS)
  private states: FileState[] = []
  private globs = new Map<string, GlobMemory>()
  private readonly boot: string
  /** How many files were left when those that were gone last went. */
  private trimmedTo = 0

  constructor(boot: string) {
    this.boot = boot
  }

  /** What was saved; an unreadable or damaged text gives an empty snapshot, never an error. */
  static load(bytes: Uint8Array | undefined, boot: string): Snapshot {
    const snapshot = new Snapshot(boot)
    if (bytes === undefined) return snapshot
    try {
      snapshot.read(bytes)
      return snapshot
    } catch {
      return new Snapshot(boot)
    }
  }

  /** Whether anything was ever read under that path. */
  has(path: string): boolean {
    return this.places.has(path)
  }

  /** The state of a file that still has the identity it was read under. */
  known(path: string, stat: FileStat): FileState | undefined {
    const place = this.places.get(path)
    if (place === undefined) return undefined
    const at = place * FIELDS
    const n = this.numbers
    const isSame =
      n[at] === stat.size &&
      n[at + 1] === stat.mtimeMs &&
      n[at + 2] === stat.ctimeMs &&
      n[at + 3] === stat.ino &&
      n[at + 4] === stat.dev &&
      n[at + 5] === stat.mode
    return isSame ? this.states[place] : undefined
  }

  /** Remembers what was read, unless the file was too young for its identity to be trusted. */
  remember(path: string, stat: FileStat, state: FileState, lookedAtMs: number): void {
    if (isTooYoung(stat, lookedAtMs)) return
    const { size, mtimeMs, ctimeMs, ino, dev, mode } = stat
    this.readBytes += size
    this.put(path, [size, mtimeMs, ctimeMs, ino, dev, mode], state)
  }

  /** To read it all again would take longer than to write it down. */
  get isWorthSaving(): boolean {
    const isMuch = this.learned * WORTH >= this.places.size || this.readBytes >= MUCH
    return this.changed && (isMuch || this.isMuchToLearn)
  }

  /** Nothing of it is from this start of the machine, or it cannot be learned again by reading a file. */
  mustBeSaved(): void {
    this.changed = true
    this.isMuchToLearn = true
  }

  /** The file has to be read again. */
  forget(path: string): void {
    const place = this.places.get(path)
    if (place !== undefined) this.numbers[place * FIELDS] = NO_SIZE
  }

  /** The files of a glob whose folders all still have their identity. */
  knownGlob(
    key: string,
    look: (folder: string) => FileStat | undefined,
  ): readonly string[] | undefined {
    const memory = this.globs.get(key)
    if (memory === undefined) return undefined
    for (const [folder, identity] of memory.folders)
      if (folderIdentity(look(folder)) !== identity) return undefined
    return memory.files
  }

  rememberGlob(
    key: string,
    files: readonly string[],
    folders: readonly (readonly [string, FileStat | undefined])[],
    lookedAtMs: number,
  ): void {
    const isYoung = folders.some(([, stat]) => stat !== undefined && isTooYoung(stat, lookedAtMs))
    if (isYoung) return
    this.globs.set(key, {
      files,
      folders: folders.map(([folder, stat]) => [folder, folderIdentity(stat)] as const),
    })
    this.mustBeSaved()
  }

  /** Takes over what another look at the same files has learned since. */
  learnFrom(other: Snapshot): void {
    if (!other.changed || other === this) return
    for (const [path, place] of other.places) {
      if (!other.touched.has(place)) continue
      const numbers = other.numbers.subarray(place * FIELDS, (place + 1) * FIELDS)
      if (numbers[0] === NO_SIZE) continue
      this.put(path, numbers, other.states[place] as FileState)
    }
    for (const [key, memory] of other.globs) this.globs.set(key, memory)
    this.readBytes += other.readBytes
    if (other.isMuchToLearn) this.mustBeSaved()
  }

  /** `isThere` is asked of a file when there are so many that those which are gone should go. */
  save(isThere: (path: string) => boolean): Uint8Array {
    const paths = this.keptPaths(isThere)
    const kept = this.entriesOf(paths)
    const { boot, trimmedTo } = this
    const text = Buffer.from(
      JSON.stringify({ boot, trimmedTo, paths, states: kept.states, globs: [...this.globs] }),
    )
    this.changed = false
    this.isMuchToLearn = false
    this.learned = 0
    this.readBytes = 0
    const head = Buffer.from(`${MAGIC} ${checksum(text)} ${text.length}\n`)
    const { buffer, byteOffset, byteLength } = kept.numbers
    return Buffer.concat([head, text, new Uint8Array(buffer, byteOffset, byteLength)])
  }

  private entriesOf(paths: readonly string[]): { numbers: Float64Array; states: FileState[] } {
    // Places are in the order in which paths came: all of them need no copy.
    if (paths.length === this.places.size)
      return { numbers: this.numbers.subarray(0, paths.length * FIELDS), states: this.states }
    const numbers = new Float64Array(paths.length * FIELDS)
    const states: FileState[] = []
    for (const [i, path] of paths.entries()) {
      const place = this.places.get(path) as number
      numbers.set(this.numbers.subarray(place * FIELDS, (place + 1) * FIELDS), i * FIELDS)
      states.push(this.states[place] as FileState)
    }
    return { numbers, states }
  }

  // Which files nodes still name is not known here, where one look may be at a single node of thousands.
  private keptPaths(isThere: (path: string) => boolean): string[] {
    const all = [...this.places.keys()]
    if (all.length < 2 * this.trimmedTo + MANY) return all
    const stays = (path: string, place: number): boolean =>
      this.touched.has(place) || isThere(path.split('\0')[0] as string)
    const kept = all.filter(stays)
    this.trimmedTo = kept.length
    return kept
  }

  private read(bytes: Uint8Array): void {
    const end = bytes.indexOf(10)
    const head = Buffer.from(bytes.subarray(0, end)).toString('latin1').split(' ')
    const textEnd = end + 1 + Number(head[3])
    const text = bytes.subarray(end + 1, textEnd)
    // A damaged number equals that of no file: it needs no guard.
    if (`${head[0]} ${head[1]}` !== MAGIC || checksum(text) !== head[2]) return
    const saved = JSON.parse(Buffer.from(text).toString('utf8'))
    // A copy: the block starts at any byte, a Float64Array must start at a multiple of eight.
    const numbers = new Float64Array(new Uint8Array(bytes.subarray(textEnd)).buffer)
    if (numbers.length !== saved.paths.length * FIELDS) return
    this.numbers = numbers
    for (const path of saved.paths) this.places.set(path, this.places.size)
    this.states = saved.states
    this.globs = new Map(saved.globs)
    this.isFromThisBoot = saved.boot === this.boot
    this.trimmedTo = saved.trimmedTo ?? 0
  }

  private put(path: string, numbers: ArrayLike<number>, state: FileState): void {
    let place = this.places.get(path)
    if (place === undefined) {
      place = this.states.length
      this.places.set(path, place)
      if ((place + 1) * FIELDS > this.numbers.length) this.grow()
    }
    this.states[place] = state
    // One by one: `set` takes three times as long for so few.
    for (let i = 0; i < FIELDS; i++) this.numbers[place * FIELDS + i] = numbers[i] as number
    this.touched.add(place)
    this.learned++
    this.changed = true
  }

  private grow(): void {
    const larger = new Float64Array(Math.max(this.numbers.length * 2, 64 * FIELDS))
    larger.set(this.numbers)
    this.numbers = larger
  }
}

/** Whether a file changed so shortly before it was looked at that another write may leave these times. */
export function isTooYoung(stat: FileStat, lookedAtMs: number): boolean {
  const { mtimeMs, ctimeMs } = stat
  const age = lookedAtMs - Math.max(mtimeMs, ctimeMs)
  if (age >= WHOLE_SECONDS_MS) return false
  const isCoarse = mtimeMs % 1000 === 0 && ctimeMs % 1000 === 0
  return isCoarse || age < TICK_MS
}

function folderIdentity(stat: FileStat | undefined): string {
  if (stat === undefined) return 'absent'
  return `${stat.kind}:${stat.mtimeMs}:${stat.ctimeMs}:${stat.ino}:${stat.dev}`
}
