// Hints that files may have changed, as they come from the watcher: those that concern nothing are dropped, a
// burst is waited for, and where nothing can be heard they come by the clock.
import type { Host, Watch } from './host.ts'
import { Noted, type Noting } from './noting.ts'
import { Quiet } from './quiet.ts'

export interface HintsOptions {
  readonly host: Host
  /** Above it nobody renames folders while we look. */
  readonly top: string
  /** Folders that are never listened in, nor below them. */
  readonly never: readonly string[]
  /** Names of folders to leave out, unless a file that was looked at lies there. */
  readonly seldom: readonly string[]
  /** Something runs that would be ended. */
  readonly isBusy: () => boolean
  /** A hint has come; it will be told when it is quiet. */
  readonly onHint?: () => void
  /** Told once, when a folder cannot be watched. */
  readonly onPolling: (trouble: Polling) => void
}

export interface Polling {
  readonly errno: string
  readonly folder: string
  /** From now on there is a hint every so many milliseconds. */
  readonly everyMs: number
}

const POLL_MS = 1000
// File systems that tell nobody of changes: one look in a while, for at most a hundredth of the time.
const BEAT_MS = 10_000
const BEAT_SHARE = 100
const POLL_SHARE = 20

/**
 * Listens for changes below the folders that a look asked about, and tells of them when it is quiet. A hint
 * is never the truth: whoever is told looks at the disk.
 *
 * @example
 * const hints = new Hints({
 *   host,
 *   top: folder,
 *   never: [stateFolder],
 *   seldom: ['node_modules'],
 *   isBusy: () => false,
 *   onPolling: (trouble) => void trouble.folder,
 * })
 * await hints.close()
 */
export class Hints {
  private readonly options: HintsOptions
  private readonly quiet: Quiet
  private readonly watch: Watch
  private noted: Noted | undefined
  private lookMs = 0
  private growing = 0
  private isPolling = false
  private cancelPoll = (): void => {}
  private count = 0
  private next = Promise.withResolvers<void>()

  constructor(options: HintsOptions) {
    this.options = options
    const { host, isBusy } = options
    this.quiet = new Quiet({
      clock: host.clock,
      onQuiet: () => this.raise(),
      isBusy: () => isBusy() || this.growing > 0,
    })
    this.watch = host.watcher.watch({
      onHint: (path) => this.hear(path),
      onTrouble: (trouble) => this.poll(trouble),
    })
  }

  /** Grows with each; whoever has looked since it had a value waits for another one. */
  get version(): number {
    return this.count
  }

  /** Hints have come of which nobody was told yet. */
  get isPending(): boolean {
    return this.quiet.isPending
  }

  /** How many folders are listened in. */
  get folders(): number {
    return this.noted?.folders.size ?? 0
  }

  /** What the last look depended on, and how long it took. */
  remember(noting: Pick<Noting, 'files' | 'lists' | 'outputs'>, lookMs?: number): void {
    const { host, top, never, seldom } = this.options
    this.noted = new Noted(noting, { disk: host.disk, top, never, seldom })
    if (lookMs !== undefined) this.lookMs = lookMs
  }

  /** Listens for changes of that; true when nobody had listened for all of it before. */
  listen(): Promise<boolean> {
    return this.watch.set(this.noted?.folders ?? new Set())
  }

  /** As if files had changed. */
  raise(): void {
    this.count++
    this.next.resolve()
    this.next = Promise.withResolvers()
  }

  async changedSince(version: number): Promise<void> {
    while (this.count === version) await this.next.promise
  }

  /** True when something happened before the time was over. */
  async wait(version: number, atMostMs: number): Promise<boolean> {
    let isOver = false
    const cancel = this.options.host.clock.after(atMostMs, () => {
      isOver = true
      this.raise()
    })
    await this.changedSince(version)
    cancel()
    return !isOver
  }

  /** Waits for the next reason to look. */
  async rest(version: number): Promise<void> {
    await this.wait(version, Math.max(BEAT_MS, BEAT_SHARE * this.lookMs))
  }

  /** Forgets the hints of which nobody was told yet. */
  drop(): void {
    this.quiet.cancel()
  }

  async close(): Promise<void> {
    this.quiet.cancel()
    this.cancelPoll()
    await this.watch.close()
  }

  private hear(path: string): void {
    const { noted } = this
    if (noted?.concerns(path) !== true) return
    this.options.onHint?.()
    this.quiet.hint(path)
    if (noted.grow(path)) this.listenBelow(path)
  }

  // In a burst folders come with their files: until they are watched nobody hears of those, and silence does
  // not mean that the burst is over.
  private async listenBelow(path: string): Promise<void> {
    this.growing++
    this.quiet.expectMore()
    do await this.listen()
    while (this.noted?.grow(path) === true)
    this.growing--
    this.quiet.hint(path)
  }

  private poll(trouble: { readonly errno: string; readonly folder: string }): void {
    if (this.isPolling) return
    this.isPolling = true
    const { clock } = this.options.host
    const look = (): void => {
      this.cancelPoll = clock.after(Math.max(POLL_MS, POLL_SHARE * this.lookMs), look)
      this.raise()
    }
    this.cancelPoll = clock.after(POLL_MS, look)
    this.options.onPolling({ ...trouble, everyMs: POLL_MS })
  }
}
