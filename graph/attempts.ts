// One stale node, from its first try to its end: given back from the cache, done, or failed for good.
import { logPath, runAction } from './action.ts'
import type { Cache } from './cache.ts'
import type { Done, Failed } from './done.ts'
import type { NodeFailure } from './event.ts'
import type { ActionOptions } from './execute.ts'
import { failedUnder } from './failed-before.ts'
import { LogFollower } from './follow.ts'
import type { JobTokens } from './job-tokens.ts'
import type { Node } from './node.ts'
import type { Reopening } from './reopening.ts'
import { type Restored, restore } from './restore.ts'
import type { RunOptions } from './run-options.ts'
import type { RunningNodes } from './running.ts'
import type { Memory, Session } from './state.ts'
import type { Tally } from './tally.ts'

export type Ended =
  | ({ readonly how: 'restored' } & Restored)
  | Exclude<Done, Failed>
  | { readonly how: Failed['how']; readonly failure: NodeFailure; readonly ms: number }
  /** It was ended so that it can run again. */
  | { readonly how: 'recalled'; readonly ms: number }

export interface AttemptsOptions {
  readonly session: Session
  /** That of the commands. */
  readonly env: Readonly<Record<string, string>>
  readonly memory: Memory
  readonly options: RunOptions
  readonly tally: Tally
  readonly cache: Cache | undefined
  readonly running: RunningNodes
  readonly reopening: Reopening | undefined
  readonly tokens: JobTokens | undefined
  readonly resultOf: (need: Node) => string
}

export class Attempts {
  private readonly given: AttemptsOptions
  private readonly follower: LogFollower
  private isRefusalTold = false

  constructor(given: AttemptsOptions) {
    this.given = given
    this.follower = new LogFollower(given.session.host, (event) => given.tally.tell(event))
  }

  /** What the cache has of it; undefined when it has to run. */
  restore(node: Node): Ended | undefined {
    const { cache, memory, resultOf } = this.given
    const restored = cache && restore(node, { cache, memory, resultOf })
    return restored && { how: 'restored', ...restored }
  }

  async run(node: Node): Promise<Ended> {
    const { options, running, tally } = this.given
    const signal = running.begin(node)
    for (let attempt = 1; ; attempt++) {
      const done = await this.runOnce(node, attempt, signal)
      this.tellRefusal(node)
      if (running.isRecalled(node)) return { how: 'recalled', ms: done.ms }
      if (done.how === 'done' || done.how === 'cancelled') return done
      const asked = options.onFailure?.(node, done.failure, attempt) ?? {}
      const verdict = asked instanceof Promise ? await asked : asked
      const failure =
        verdict.class === undefined ? done.failure : { ...done.failure, class: verdict.class }
      const { retryAfterMs: afterMs } = verdict
      if (afterMs === undefined || signal.aborted)
        return this.failForGood(node, { ...done, failure }, verdict.isLasting !== false)
      tally.tell({ type: 'retrying', at: tally.now(), node: node.name, attempt, afterMs, failure })
      await this.pause(afterMs, signal)
      if (running.isRecalled(node)) return { how: 'recalled', ms: done.ms }
    }
  }

  private get isStrict(): boolean {
    return this.given.options.strictEnv !== false
  }

  private async runOnce(node: Node, attempt: number, signal: AbortSignal): Promise<Done> {
    const { session, options, tally } = this.given
    const log = logPath(session, node, attempt)
    tally.tell({ type: 'started', at: tally.now(), node: node.name, attempt, log })
    if (options.follow) this.follower.start(node, log)
    const done = await runAction(node, this.actionOptions(node, attempt, signal))
    if (options.follow) this.follower.stop(node)
    return done
  }

  private actionOptions(node: Node, attempt: number, signal: AbortSignal): ActionOptions {
    const { session, env, memory, options, cache, reopening, tokens, resultOf } = this.given
    return {
      ...{ session, memory, env, strictEnv: this.isStrict, attempt, signal, resultOf },
      ...(cache ? { cache } : {}),
      ...(tokens ? { tokens } : {}),
      ...(reopening ? { onKey: (key: string) => reopening.began(node, key) } : {}),
      ...(options.wrap ? { wrap: options.wrap } : {}),
      ...(options.follow ? { onSpool: (file: string) => this.follower.grows(node, file) } : {}),
    }
  }

  private tellRefusal(node: Node): void {
    const { cache, tally } = this.given
    if (cache?.trouble === undefined || this.isRefusalTold) return
    this.isRefusalTold = true
    tally.tell({ type: 'not-stored', at: tally.now(), node: node.name, errno: cache.trouble })
  }

  private failForGood(node: Node, { how, failure, key, ms }: Failed, isLasting: boolean): Ended {
    const { memory, cache, tally } = this.given
    // It went well under this key once: whatever decides it, the key does not.
    const isKnownGood = key !== undefined && (cache?.find(key) ?? []).length > 0
    if (key !== undefined && isLasting && !isKnownGood) {
      const { message: detail, log } = failure
      const trouble = { what: 'failed', detail, log, at: tally.now() } as const
      memory.journal.fail(node.name, { ...trouble, under: failedUnder(key, failure) })
    }
    return { how, failure, ms }
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.given.session.host.clock.after(ms, finish)
      signal.addEventListener('abort', finish, { once: true })
      function finish(): void {
        cancel()
        signal.removeEventListener('abort', finish)
        resolve()
      }
    })
  }
}
