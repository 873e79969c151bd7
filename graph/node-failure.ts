// Why a node did not succeed, in words: from how its command ended, what was missing, what was refused.
import { quote } from './command.ts'
import { GraphError } from './error.ts'
import type { NodeFailure } from './event.ts'
import { isPattern } from './file-names.ts'
import type { Disk, Exit } from './host.ts'
import type { Node } from './node.ts'

/** As much of a log is told. */
export const TAIL_BYTES = 65_536

/** What was run, for the message. */
export interface Told {
  readonly how: NodeFailure['how']
  /** The command as it is shown. */
  readonly text: string
  readonly log: string
  /** Milliseconds that the node may take. */
  readonly timeoutMs?: number | undefined
}

/** A command or contract that did not end with 0. */
export function exitFailure(exit: Exit, told: Told, disk: Disk): NodeFailure {
  const { how, text, log, timeoutMs = 0 } = told
  const what = how === 'contract' ? 'contract' : 'command'
  const tail = disk.readTail(log, TAIL_BYTES)
  const short = text.length > 300 ? `${text.slice(0, 300)}...` : text
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
      return {
        ...base,
        message: `${what} took longer than its time limit of ${timeoutMs / 1000} s: ${short}`,
      }
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

/** A program that the node calls is not on PATH, or not where it says. */
export function toolMissing(name: string, { spec }: Node, log: string): NodeFailure {
  const isPath = name.includes('/')
  const where = spec.set?.['PATH'] === undefined ? 'PATH' : 'the PATH that its task sets'
  return {
    message: isPath ? `there is no program '${name}'` : `the program '${name}' is not on ${where}`,
    how: 'tool',
    errno: 'ENOENT',
    tail: '',
    log,
    hint: isPath
      ? 'correct its path, which counts from the folder in which the commands run'
      : `install it, or put its folder on ${where}`,
  }
}

// In place of bytes that are no UTF-8.
const NO_UTF8 = '\ufffd'

/** The commands ended well and did not write what they declare. */
export function outputMissing(path: string, log: string, disk: Disk): NodeFailure {
  if (path.includes(NO_UTF8))
    return {
      message: `the name of the output '${path}' is not UTF-8, so that it cannot be looked at`,
      ...{ how: 'output', tail: '', log },
      hint: 'have it written under another name, or leave it out with a pattern that begins with !',
    }
  return {
    message: isPattern(path)
      ? `the commands ended well, but no file matches the output '${path}'`
      : `the commands ended well, but the output '${path}' is not there`,
    how: 'output',
    tail: disk.readTail(log, TAIL_BYTES),
    log,
    hint: 'correct the path in outputs, or the command that should write it',
  }
}

/** The commands ended well and did not write what says what they read. */
export function depfileMissing(path: string, log: string, disk: Disk): NodeFailure {
  return {
    message: `the commands ended well, but the depfile '${path}' is not there`,
    how: 'output',
    tail: disk.readTail(log, TAIL_BYTES),
    log,
    hint: 'correct the path in depfile, or the command that should write it',
  }
}

/** The folder in which the commands should run. */
export function folderMissing(path: string, log: string): NodeFailure {
  return {
    message: `its cwd '${path}' is no folder`,
    how: 'system',
    errno: 'ENOENT',
    tail: '',
    log,
    hint: 'correct the path in cwd, or need the node that makes it',
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

/** Whether the disk or the person's files said no, and it is no mistake of ours. */
export function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return error instanceof GraphError || (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code))
}

/** A file system that refused; undefined for a mistake of ours. */
export function systemFailure(error: unknown, log: string): NodeFailure | undefined {
  if (!isRefusal(error)) return undefined
  if (error instanceof GraphError) return inputFailure(error, log)
  const { code, path, message = '' } = error as { code: string; path?: string; message?: string }
  const where = path === undefined ? '' : ` '${path}'`
  // Node names both itself.
  const isWhole = message.startsWith(`${code}: `) && message.endsWith(where)
  return {
    message: isWhole ? message : `${code}${where}: ${message}`,
    how: 'system',
    errno: code,
    tail: '',
    log,
    ...(path && IN_THE_WAY.includes(code)
      ? { hint: `look what lies there: ls -ld ${quote(path)}` }
      : {}),
  }
}

const IN_THE_WAY = ['EEXIST', 'ENOTDIR', 'EISDIR']
