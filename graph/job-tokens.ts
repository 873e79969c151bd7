// The jobs of a run, shared with the tools that its nodes call: GNU make's jobserver. Every running node
// is one job. What is left lies as bytes in a FIFO; a tool takes one for each job that it runs beside its
// first, and puts it back.
import type { TokenPipe } from './host.ts'
import type { Node } from './node.ts'

export interface JobTokensOptions {
  /** Jobs in all. */
  readonly jobs: number
  /** The load average below which tools, too, may begin a job beside others. */
  readonly maxLoad: number | undefined
  /** The tokens of a make that started this run: its jobs are the jobs, and one of them is ours. */
  readonly parent: TokenPipe | undefined
  /** Called when the first node that shares has something to run. */
  readonly make: () => Promise<TokenPipe>
}

// What every FIFO holds.
const MOST = 4096

export class JobTokens {
  readonly jobs: number
  readonly maxLoad: number | undefined
  private readonly parent: TokenPipe | undefined
  private readonly make: () => Promise<TokenPipe>
  private made: Promise<TokenPipe> | undefined
  private running = 0
  /** Those of the running nodes whose tools may take tokens. */
  private sharing = 0
  /** Nobody's: neither a node's, nor in the pipe, nor with a tool. */
  private free = 0
  private pipe: TokenPipe | undefined
  private isShared = false

  constructor({ jobs, maxLoad, parent, make }: JobTokensOptions) {
    this.jobs = Math.min(jobs, MOST)
    this.maxLoad = maxLoad
    this.parent = parent
    this.make = make
    if (parent === undefined) return
    this.pipe = parent
    this.free = 1
    this.isShared = true
  }

  /** Takes the token with which a further node begins; false: the tools have them all. */
  take(): boolean {
    // While nobody shares, the schedule counts.
    if (!this.isShared) return true
    if (this.free === 0) return (this.pipe as TokenPipe).take()
    this.free--
    return true
  }

  begin(node: Node): void {
    this.running++
    if (node.spec.jobserver) this.sharing++
  }

  end(node: Node): void {
    this.running--
    if (node.spec.jobserver) this.sharing--
    if (this.parent || this.sharing > 0) this.free++
    // Nobody is left who could hold a token: those of a tool that was killed are ours again.
    else this.isShared = false
  }

  /** Gives the tools what no node has taken. Nodes come first: a tool takes all that it can get. */
  share(): void {
    if (!this.isShared) return
    // The one that a make begins us with never was in its pipe.
    const kept = this.parent && this.running === 0 ? 1 : 0
    if (this.free > kept) this.pipe?.put(this.free - kept)
    this.free = kept
  }

  /** The pipe, for the commands of a node that shares. Rejects on a disk that knows no FIFO. */
  async open(): Promise<TokenPipe> {
    if (this.parent) return this.parent
    this.made ??= this.make()
    const pipe = await this.made
    if (!this.isShared) this.fill(pipe)
    return pipe
  }

  close(): void {
    this.share()
    this.pipe?.close()
  }

  private fill(pipe: TokenPipe): void {
    // What outlived its node may have put a token back meanwhile.
    pipe.empty()
    pipe.put(Math.max(0, this.jobs - this.running))
    this.pipe = pipe
    this.free = 0
    this.isShared = true
  }
}
