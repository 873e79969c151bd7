// Carries out what a node says to do: its commands one after another, or the question of a probe.
import type { Cache } from './cache.ts'
import { commandText, shownCommand } from './command.ts'
import { nodeEnvironment } from './environment.ts'
import type { NodeFailure } from './event.ts'
import type { JobTokens } from './job-tokens.ts'
import { withJobserver } from './jobserver.ts'
import type { Node } from './node.ts'
import { exitFailure } from './node-failure.ts'
import type { Memory, Session } from './state.ts'

export interface ActionOptions {
  readonly session: Session
  readonly memory: Memory
  readonly env: Readonly<Record<string, string>>
  readonly resultOf: (need: Node) => string
  /** Where what it makes is stored. */
  readonly cache?: Cache
  /** The jobs of the run, for the tools of a node that shares them. */
  readonly tokens?: JobTokens
  readonly attempt: number
  readonly signal: AbortSignal
  /** Told of the file that grows while a command runs. */
  readonly onSpool?: (file: string) => void
  readonly wrap?: (text: string) => string
  /** False: the commands see the whole environment, so that nothing of them is recorded. */
  readonly strictEnv: boolean
  /** Told of all that decides the node, as it stands when the commands begin. */
  readonly onKey?: (key: string) => void
}

type Ended =
  | { readonly how: 'ok'; readonly answer: string | undefined; readonly endMs?: number }
  | { readonly how: 'cancelled' }
  | { readonly how: 'failed' | 'timed-out'; readonly failure: NodeFailure }

/** Runs the commands of a node and then its contracts, until one of them fails. */
export async function runCommands(node: Node, options: ActionOptions, log: string): Promise<Ended> {
  const { session, memory, signal } = options
  const { shell, clock } = session.host
  const env = nodeEnvironment(node, options.session.host, options.env)
  const cwd = memory.world.path(node.spec.cwd ?? '')
  if (node.kind === 'probe') return ask(node, options, { env, cwd, log })
  const shared =
    node.spec.jobserver && options.tokens ? await withJobserver(env, options.tokens) : undefined
  const { timeoutMs } = node.spec
  const start = clock.now()
  let endMs: number | undefined
  const onEnd = (at: number): void => {
    endMs = at
  }
  const all = [...node.commands, ...(node.spec.contracts ?? [])]
  for (const [i, command] of all.entries()) {
    const text = commandText(command, memory.world.roots)
    const left = timeoutMs === undefined ? undefined : timeoutMs - (clock.now() - start)
    const timeout = left === undefined ? {} : { timeoutMs: Math.max(1, left) }
    const { onSpool } = options
    const exit = await shell.run({
      text: options.wrap?.(text) ?? text,
      cwd,
      env,
      log,
      signal,
      ...timeout,
      ...(onSpool ? { onSpool } : {}),
      ...(options.onKey ? { onEnd } : {}),
      ...shared,
    })
    if (exit.how === 'exited' && exit.code === 0) continue
    if (exit.how === 'cancelled') return { how: 'cancelled' }
    const how = i < node.commands.length ? 'command' : 'contract'
    const shown = shownCommand(command, memory.world.roots)
    const failure = exitFailure(exit, { how, text: shown, log, timeoutMs }, session.host.disk)
    return { how: exit.how === 'timed-out' ? 'timed-out' : 'failed', failure }
  }
  return { how: 'ok', answer: undefined, ...(endMs === undefined ? {} : { endMs }) }
}

// A probe is a question: one that nobody answers is not waited for longer, unless it says so.
const PROBE_MS = 30_000

// A probe's answer is what it prints; it is short and kept.
async function ask(
  node: Node,
  { session, memory, signal, wrap }: ActionOptions,
  at: { env: Readonly<Record<string, string>>; cwd: string; log: string },
): Promise<Ended> {
  const command = node.commands[0]!
  const text = commandText(command, memory.world.roots)
  const words = ['/bin/sh', '-c', wrap?.(text) ?? text]
  const { timeoutMs = PROBE_MS } = node.spec
  const { exit, stdout, stderr } = await session.host.shell.capture(words, {
    cwd: at.cwd,
    env: at.env,
    timeoutMs,
    signal,
  })
  session.host.disk.writeWhole(at.log, stdout + stderr)
  if (exit.how === 'exited' && exit.code === 0) return { how: 'ok', answer: stdout }
  if (exit.how === 'cancelled') return { how: 'cancelled' }
  const shown = shownCommand(command, memory.world.roots)
  const told = { how: 'command', text: shown, log: at.log, timeoutMs } as const
  const failure = exitFailure(exit, told, session.host.disk)
  return { how: exit.how === 'timed-out' ? 'timed-out' : 'failed', failure }
}
