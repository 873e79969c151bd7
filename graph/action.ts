// Runs one stale node, in this order: begin (forgets the old record) -> old outputs away -> commands ->
// contracts -> outputs exist -> inputs looked at again -> outputs digested -> commit.
// A kill at any point leaves a stale node, never a false fresh one.
import { commandText } from './command.ts'
import { parseDepfile } from './depfile.ts'
import { digestText } from './digest.ts'
import { GraphError } from './error.ts'
import type { NodeFailure } from './event.ts'
import { PART_END, partsText, toolNames } from './fingerprint.ts'
import type { Node } from './graph.ts'
import type { Exit } from './host.ts'
import type { NodeRecord } from './journal.ts'
import { outputFiles, stateOrOdd } from './look.ts'
import { type FileState, isTooYoung } from './snapshot.ts'
import { logName, type Memory, type Session } from './state.ts'
import { isPattern, MISSING, type World } from './world.ts'

export interface ActionOptions {
  readonly session: Session
  readonly memory: Memory
  readonly env: Readonly<Record<string, string>>
  readonly resultOf: (need: Node) => string
  readonly attempt: number
  readonly signal: AbortSignal
  /** Told of the file that grows while a command runs. */
  readonly onSpool?: (file: string) => void
}

export type Done =
  | {
      readonly how: 'done'
      readonly result: string
      readonly ms: number
      /** An input that changed while the node ran: it is not recorded as fresh. */
      readonly movedInput: string | undefined
    }
  | Failed
  | { readonly how: 'cancelled'; readonly ms: number }

interface Failed {
  readonly how: 'failed' | 'timed-out'
  readonly failure: NodeFailure
  readonly ms: number
}

// An fsync takes some 3 ms a file. It is done where that is small beside the work that it saves after a
// power loss; the outputs of other nodes are digested again then, which is soon done.
const FLUSH_MS = 3
const WORTH_FLUSHING = 20

/** The log of one attempt of a node. */
export function logPath(session: Session, node: Node, attempt: number): string {
  return `${session.stateFolder}/logs/${logName(node)}.${attempt}.log`
}

/** Runs a node once. Never rejects for what the node does; only for our own mistakes. */
export async function runAction(node: Node, options: ActionOptions): Promise<Done> {
  const { session, memory } = options
  const { journal } = memory
  const start = session.host.clock.now()
  const elapsed = (): number => session.host.clock.now() - start
  const log = logPath(session, node, options.attempt)
  journal.begin(node.name)
  try {
    prepare(node, session, memory, log)
    const missing = toolNames(node).find((name) => memory.world.tool(name) === MISSING)
    if (missing !== undefined) return failed(node, toolMissing(missing, log), memory, elapsed())
    // The key is taken before the commands run: what changes meanwhile is noticed against it.
    const hasDepfile = node.spec.depfile !== undefined
    const known = hasDepfile ? (journal.history.lastDiscovered.get(node.name) ?? []) : []
    const startNs = session.host.clock.nowNs()
    const before = partsText(node, memory.world, { resultOf: options.resultOf, discovered: known })
    const ended = await runCommands(node, options, log)
    if (ended.how === 'cancelled') return { how: 'cancelled', ms: elapsed() }
    if (ended.how !== 'ok')
      return { ...failed(node, ended.failure, memory, elapsed()), how: ended.how }
    const { answer } = ended
    return commit(node, options, { before, known, startNs, answer, ms: elapsed(), log })
  } catch (error) {
    const failure = systemFailure(error, log)
    if (failure === undefined) throw error
    return failed(node, failure, memory, elapsed())
  }
}

function prepare(node: Node, session: Session, memory: Memory, log: string): void {
  const { disk } = session.host
  disk.removeFile(log)
  // Only what this node is known to have made is removed: a wrong `outputs` deletes no source.
  if (node.spec.clean !== false)
    for (const [path] of memory.journal.history.lastOutputs.get(node.name) ?? [])
      disk.removeFile(memory.world.path(path))
  for (const path of node.spec.outputs ?? []) {
    const slash = path.lastIndexOf('/')
    if (!isPattern(path) && slash > 0) disk.makeFolder(memory.world.path(path.slice(0, slash)))
  }
}

type Ended =
  | { readonly how: 'ok'; readonly answer: string | undefined }
  | { readonly how: 'cancelled' }
  | { readonly how: 'failed' | 'timed-out'; readonly failure: NodeFailure }

async function runCommands(node: Node, options: ActionOptions, log: string): Promise<Ended> {
  const { session, memory, signal } = options
  const { shell, clock } = session.host
  const env = environmentOf(node, options)
  const cwd = memory.world.path(node.spec.cwd ?? '')
  if (node.kind === 'probe') return ask(node, options, { env, cwd, log })
  const start = clock.now()
  const all = [...node.commands, ...(node.spec.contracts ?? [])]
  for (const [i, command] of all.entries()) {
    const text = commandText(command, memory.world.roots)
    const left =
      node.spec.timeoutMs === undefined ? undefined : node.spec.timeoutMs - (clock.now() - start)
    const timeout = left === undefined ? {} : { timeoutMs: Math.max(1, left) }
    const { onSpool } = options
    const exit = await shell.run({
      text,
      cwd,
      env,
      log,
      signal,
      ...timeout,
      ...(onSpool ? { onSpool } : {}),
    })
    if (exit.how === 'exited' && exit.code === 0) continue
    if (exit.how === 'cancelled') return { how: 'cancelled' }
    const how = i < node.commands.length ? 'command' : 'contract'
    const failure = exitFailure(exit, how, text, session, log)
    return { how: exit.how === 'timed-out' ? 'timed-out' : 'failed', failure }
  }
  return { how: 'ok', answer: undefined }
}

function environmentOf(
  { spec }: Node,
  { env, session }: ActionOptions,
): Readonly<Record<string, string>> {
  const names = [...(spec.env ?? []), ...(spec.passEnv ?? [])]
  if (names.length === 0 && spec.set === undefined) return env
  const own: Record<string, string> = { ...env }
  for (const name of names) {
    const value = session.host.env[name]
    if (value !== undefined) own[name] = value
  }
  return { ...own, ...spec.set }
}

// A probe's answer is what it prints; it is short and kept.
async function ask(
  node: Node,
  { session, memory, signal }: ActionOptions,
  at: { env: Readonly<Record<string, string>>; cwd: string; log: string },
): Promise<Ended> {
  const text = commandText(node.commands[0]!, memory.world.roots)
  const { exit, stdout, stderr } = await session.host.shell.capture(['/bin/sh', '-c', text], {
    cwd: at.cwd,
    env: at.env,
    timeoutMs: node.spec.timeoutMs ?? 30_000,
    signal,
  })
  session.host.disk.writeWhole(at.log, stdout + stderr)
  if (exit.how === 'exited' && exit.code === 0) return { how: 'ok', answer: stdout }
  if (exit.how === 'cancelled') return { how: 'cancelled' }
  const failure = exitFailure(exit, 'command', text, session, at.log)
  return { how: exit.how === 'timed-out' ? 'timed-out' : 'failed', failure }
}

function commit(
  node: Node,
  options: ActionOptions,
  run: {
    before: string
    known: readonly string[]
    startNs: bigint
    answer: string | undefined
    ms: number
    log: string
  },
): Done {
  const { session, memory } = options
  const { world, journal } = memory
  const paths = run.answer === undefined ? outputFiles(node, memory) : []
  const outputs: [string, FileState][] = []
  for (const path of paths) {
    const state = world.output(world.path(path))
    if (state === undefined)
      return failed(node, outputMissing(path, run.log, session), memory, run.ms)
    outputs.push([path, state])
  }
  for (const pattern of (node.spec.outputs ?? []).filter(isPattern))
    if (!pattern.startsWith('!') && world.glob([pattern], world.folder).length === 0)
      return failed(node, outputMissing(pattern, run.log, session), memory, run.ms)
  const { resultOf } = options
  const after = partsText(node, world, { resultOf, discovered: run.known })
  const discovered = discover(node, memory)
  const moved = new Set(discovered.filter((name) => isNewlyWritten(name, run, world)))
  const hasDepfile = node.spec.depfile !== undefined
  const parts = hasDepfile ? partsText(node, world, { resultOf, discovered, moved }) : after
  const result = digestText(
    run.answer ?? outputs.map(([path, state]) => `${path}\t${state}`).join('\n'),
  )
  const movedInput =
    run.before === after ? editedOutput(node, memory) : firstDifference(run.before, after)
  if (movedInput !== undefined) {
    // Not recorded: the next run does it again, with inputs that stand still.
    const detail = `the input '${movedInput}' changed while it ran`
    journal.fail(node.name, { what: 'failed', detail, log: run.log, at: session.host.clock.now() })
    journal.history.lastOutputs.set(node.name, outputs)
    return { how: 'done', result, ms: run.ms, movedInput }
  }
  const durable = run.ms >= WORTH_FLUSHING * FLUSH_MS * (outputs.length + 1)
  if (durable) session.host.disk.flush(outputs.map(([path]) => world.path(path)))
  const record: NodeRecord = {
    fingerprint: digestText(parts),
    result,
    ms: run.ms,
    at: session.host.clock.now(),
    durable,
    parts,
    outputs,
    discovered,
    boot: session.host.clock.bootId(),
  }
  journal.commit(node.name, record)
  return { how: 'done', result, ms: run.ms, movedInput: [...moved][0] }
}

// A need counts by its result. Had somebody edited what it made, the commands would have read that,
// and the need's next run would bring the result back and leave this node fresh.
function editedOutput(node: Node, { journal, world }: Memory): string | undefined {
  for (const need of node.needs)
    for (const [path, state] of journal.history.lastOutputs.get(need.name) ?? [])
      if (stateOrOdd(() => world.output(world.path(path))) !== state) return path
  return undefined
}

// Discovered for the first time and written since the commands began, or in the tick in which they
// did: whether they read it before or after cannot be told. It is known from now on, and the next
// run compares.
function isNewlyWritten(
  name: string,
  run: { known: readonly string[]; startNs: bigint },
  world: World,
): boolean {
  if (run.known.includes(name)) return false
  const stat = world.host.disk.stat(world.path(name))
  return stat !== undefined && isTooYoung(stat, run.startNs)
}

function discover(node: Node, memory: Memory): readonly string[] {
  const { world } = memory
  if (node.spec.depfile === undefined) return []
  const text = world.host.disk.readText(world.path(node.spec.depfile)) ?? ''
  const declared = new Set(world.inputs(node).map((file) => file.path))
  for (const path of outputFiles(node, memory)) declared.add(world.path(path))
  const within = `${world.folder}/`
  const names = parseDepfile(text)
    .filter((path) => !declared.has(world.path(path)))
    .map((path) => (path.startsWith(within) ? path.slice(within.length) : path))
  return [...new Set(names)].sort()
}

function firstDifference(before: string, after: string): string {
  const [old, now] = [before.split(PART_END), after.split(PART_END)]
  const row = now.find((part) => !old.includes(part)) ?? old.find((part) => !now.includes(part))
  return row?.split('\t')[1] ?? ''
}

function failed(node: Node, failure: NodeFailure, memory: Memory, ms: number): Failed {
  const { clock } = memory.world.host
  memory.journal.fail(node.name, {
    what: 'failed',
    detail: failure.message,
    log: failure.log,
    at: clock.now(),
  })
  return { how: 'failed', failure, ms }
}

function exitFailure(
  exit: Exit,
  how: NodeFailure['how'],
  text: string,
  session: Session,
  log: string,
): NodeFailure {
  const what = how === 'contract' ? 'contract' : 'command'
  const tail = session.host.disk.readTail(log, 65_536)
  const short = text.length > 300 ? `${text.slice(0, 300)}…` : text
  const base = { how, tail, log }
  switch (exit.how) {
    case 'exited': {
      const signal =
        exit.code > 128 && exit.code < 160 ? { signal: signalName(exit.code - 128) } : {}
      const message = `${what} failed with exit code ${exit.code}: ${short}`
      return { ...base, ...signal, message, exitCode: exit.code }
    }
    case 'signalled':
      return {
        ...base,
        message: `${what} was ended by ${exit.signal}: ${short}`,
        signal: exit.signal,
      }
    case 'timed-out':
      return { ...base, message: `${what} took longer than its time limit: ${short}` }
    case 'not-started':
      return {
        ...base,
        message: `${what} could not start (${exit.errno}): ${short}`,
        errno: exit.errno,
      }
    case 'cancelled':
      return { ...base, message: `${what} was cancelled: ${short}` }
    default:
      return exit satisfies never
  }
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
}

function signalName(number: number): string {
  return SIGNALS[number] ?? `signal ${number}`
}

function toolMissing(name: string, log: string): NodeFailure {
  const hint = `install it, or put its folder on PATH`
  return {
    message: `the program '${name}' is not on PATH`,
    how: 'tool',
    errno: 'ENOENT',
    tail: '',
    log,
    hint,
  }
}

function outputMissing(path: string, log: string, { host }: Session): NodeFailure {
  return {
    message: isPattern(path)
      ? `the commands ended well, but no file matches the output '${path}'`
      : `the commands ended well, but the output '${path}' is not there`,
    how: 'output',
    tail: host.disk.readTail(log, 65_536),
    log,
    hint: 'correct the path in outputs, or the command that should write it',
  }
}

/** What a node reads is not there or cannot be read. */
export function inputFailure(error: GraphError, log: string): NodeFailure {
  const { message, hint, errno } = error
  const more = {
    ...(hint === undefined ? {} : { hint }),
    ...(errno === undefined ? {} : { errno }),
  }
  return { message, how: 'input', tail: '', log, ...more }
}

function systemFailure(error: unknown, log: string): NodeFailure | undefined {
  if (error instanceof GraphError) return inputFailure(error, log)
  const { code, path, message } = error as { code?: string; path?: string; message?: string }
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return undefined
  const where = path === undefined ? '' : ` '${path}'`
  return { message: `${code}${where}: ${message}`, how: 'system', errno: code, tail: '', log }
}
