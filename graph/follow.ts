// Turns the growing logs of running nodes into events. Logs are files, not pipes: a build writes at
// its own pace, nothing is kept in memory, and a killed engine leaves what was printed.
import type { RunEvent } from './event.ts'
import type { Host } from './host.ts'
import type { Node } from './node.ts'
import { isRefusal } from './node-failure.ts'

const EVERY_MS = 100
const PIECE = 262_144

interface Followed {
  readonly node: Node
  readonly log: string
  /** What grows now: the log, or the spool of the running command. */
  file: string
  /** Where the content of `file` will stand, or stands, in the log. */
  base: number
  offset: number
  rest: string
  /** What the note beside the log says, once there is one. */
  noted: string
}

/**
 * The note beside a log while its node runs: two lines, the log and the file that grows.
 *
 * @example notePath('/state/logs/compile.2.log')   // /state/logs/compile.running
 */
export function notePath(log: string): string {
  return log.replace(/\.\d+\.log$/, '.running')
}

export class LogFollower {
  private readonly host: Host
  private readonly report: (event: RunEvent) => void
  private readonly followed = new Map<Node, Followed>()
  private cancel: (() => void) | undefined

  constructor(host: Host, report: (event: RunEvent) => void) {
    this.host = host
    this.report = report
  }

  start(node: Node, log: string): void {
    this.followed.set(node, { node, log, file: log, base: 0, offset: 0, rest: '', noted: '' })
    this.cancel ??= this.host.clock.after(EVERY_MS, () => this.tick())
  }

  /** The next command of the node prints into another file, which then joins the log. */
  grows(node: Node, file: string): void {
    const followed = this.followed.get(node)
    if (followed === undefined) return
    // Before the first command there is no log.
    if (followed.file !== followed.log) this.readLog(followed)
    Object.assign(followed, { file, base: followed.base + followed.offset, offset: 0 })
  }

  /** Reads to the end, once more. */
  stop(node: Node): void {
    const followed = this.followed.get(node)
    if (followed === undefined) return
    this.readLog(followed)
    if (followed.rest !== '') this.tell(followed, [followed.rest])
    if (followed.noted !== '') this.host.disk.removeFile(notePath(followed.log))
    this.followed.delete(node)
    if (this.followed.size > 0) return
    this.cancel?.()
    this.cancel = undefined
  }

  private tick(): void {
    for (const followed of this.followed.values()) {
      this.note(followed)
      this.read(followed)
    }
    this.cancel = this.host.clock.after(EVERY_MS, () => this.tick())
  }

  // Another process that shows this log finds here what grows. Short nodes are over before anybody asks.
  private note(followed: Followed): void {
    const text = `${followed.log}\n${followed.file}\n`
    if (followed.noted === text) return
    followed.noted = text
    try {
      this.host.disk.writeWhole(notePath(followed.log), text)
    } catch {
      // Nobody can look on; the run goes on.
    }
  }

  private readLog(followed: Followed): void {
    const { log, base, offset } = followed
    Object.assign(followed, { file: log, base: 0, offset: base + offset })
    this.read(followed)
  }

  private read(followed: Followed): void {
    for (;;) {
      const { text, next } = this.next(followed)
      followed.offset = next
      if (text === '') return
      const lines = (followed.rest + text).split(/\r?\n|\r/)
      followed.rest = (lines.pop() as string).slice(-4096)
      if (lines.length > 0) this.tell(followed, lines)
    }
  }

  // What cannot be read is not shown: what that means for the run is for who writes it.
  private next({ file, offset }: Followed): { text: string; next: number } {
    try {
      return this.host.disk.readFrom(file, offset, PIECE)
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { text: '', next: offset }
    }
  }

  private tell({ node }: Followed, lines: readonly string[]): void {
    const at = this.host.clock.now()
    this.report({ type: 'output', at, node: node.name, lines })
    const step = lines.findLast(isStep)
    if (step === undefined) return
    this.report({ type: 'progress', at, node: node.name, ...counted(step) })
  }
}

function isStep(line: string): boolean {
  return STEP.test(line) || SHARE.test(line)
}

function counted(text: string): { done: number; total: number; line: string } {
  const [, done, total, percent, line = ''] = STEP.exec(text) ?? []
  const share = percent ?? SHARE.exec(text)?.[1]
  if (share === undefined) return { done: Number(done), total: Number(total), line: cut(line) }
  return { done: Number(share), total: 100, line: cut(percent === undefined ? text : line) }
}

function cut(line: string): string {
  return line.slice(0, 200)
}

// ninja: `[12/77] Building …`; generated makefiles: `[ 42%] Building …`
const STEP = /^\[(?:(\d+)\/(\d+)| *(\d+)%)\]\s*(.*)$/
// What loads something: `Receiving objects:  42% (12/28), 1.20 MiB | 3.00 MiB/s`
const SHARE = /^[\w .:-]{1,60}: +(\d{1,3})% \(/
