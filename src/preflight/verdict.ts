// What became of one backend: a value that the text, the JSON and the exit code are made from.
import { isAbsolute } from 'node:path'

import { GraphError, type NodeFailure, type Session } from '../../graph/index.ts'
import type { BackendName } from '../../tasks/backends.ts'
import { classify, type FailureClass, relevantLines } from '../../tasks/failure.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import { clean } from '../report/text.ts'
import {
  availableAfterRepair,
  availableCached,
  availableRepaired,
} from '../report/verdict-words.ts'
import { detectedAtRuntime } from '../report/words/tool.ts'
import * as words from '../report/words.ts'
import { type Candidate, whyMissing } from './candidate.ts'
import { orFullDisk } from './full-disk.ts'
import { classifyNode } from './judge-failure.ts'

export interface Verdict {
  readonly backend: BackendName
  readonly available: boolean
  readonly how: 'cached' | 'auto-repaired' | 'detected after repair' | 'unavailable' | 'dry-run'
  readonly exitCode: number
  /** For stdout if the backend is there, for stderr if it is not. */
  readonly text: string
  readonly folder: string
  readonly seconds?: number
  readonly error?: string
  /** Of a repair that failed. */
  readonly failure?: Failing
  readonly wouldExecute?: readonly string[]
}

export interface Failing {
  readonly class: FailureClass
  /** The line that says what is wrong. */
  readonly cause: string
  /** The whole log, if a command has printed one. */
  readonly log?: string
}

/** It was there all along. */
export function cached(candidate: Candidate): Verdict {
  const { backend, live, found, tool } = candidate
  if (found.state !== 'available')
    return unavailable(candidate, EXIT.revalidation, `${found.detail}\n`, found.detail)
  return available(candidate, 'cached', availableCached(backend.title, live, found.manifest, tool))
}

/** A repair made it so; `elapsedMs` since that began. */
export function repaired(candidate: Candidate, elapsedMs: number): Verdict {
  const text = availableRepaired(candidate.backend.title, candidate.live, elapsedMs)
  return { ...available(candidate, 'auto-repaired', text), seconds: elapsedMs / 1000 }
}

/** What a process says that had to look and not to repair. */
export function afterwards(candidate: Candidate): Verdict {
  const { backend, live, found, tool } = candidate
  if (found.state === 'available' && tool?.state !== 'disagree')
    return available(candidate, 'detected after repair', availableAfterRepair(backend.title, live))
  const error = whyMissing(candidate)
  const trouble = { backend, error, lines: [], log: undefined }
  const text = `❌ Backend still unavailable after repair\n${words.revalidationFailed(trouble)}`
  return unavailable(candidate, EXIT.revalidation, text, error)
}

/** It is not there and nothing was to be done about it. */
export function disabled(candidate: Candidate): Verdict {
  const { backend } = candidate
  const why = whyMissing(candidate)
  const text = words.repairDisabled(backend, why)
  return unavailable(candidate, EXIT.unavailable, foundTooLate(candidate) + text, why)
}

// Installed, and xtask is as it was before.
function foundTooLate({ backend, live, found, tool }: Candidate): string {
  if (found.state !== 'available' || tool?.state !== 'disagree') return ''
  return detectedAtRuntime(backend, live, tool)
}

/** The folder that a variable names holds what is not ours. */
export function foreign(candidate: Candidate): Verdict {
  const { backend, live, origin = live } = candidate
  const text = words.foreignFolder(backend, origin)
  const cause = `${origin} is not ours`
  return unavailable(candidate, EXIT.permission, text, cause, { class: 'permission', cause })
}

/** Ctrl-C, or a wait that was given up: how the process ends says the rest. */
export function cancelled(candidate: Candidate, why = 'cancelled'): Verdict {
  return unavailable(candidate, EXIT.unavailable, '', why)
}

/** A node of its repair failed. */
export function failed(
  candidate: Candidate,
  session: Session,
  { node, failure: told }: { readonly node: string; readonly failure: NodeFailure },
): Verdict {
  const { backend } = candidate
  const failure = orFullDisk(told, session.stateFolder)
  const { class: found, firstCause, path } = classifyNode(node.replace(/\[.*/, ''), failure)
  const kind = failure.how === 'tool' ? 'build' : found
  const cause = `${node}: ${clean(firstCause || failure.message)}`
  const text = words.repairFailed(kind, {
    backend,
    error: cause,
    lines: relevantLines(failure.tail, 12).map(clean),
    log: failure.log || `${session.stateFolder}/logs`,
    ...(path ? { path } : {}),
  })
  return unavailable(candidate, exitOfClass(kind), text, failure.message, {
    class: kind,
    cause,
    ...(failure.log ? { log: failure.log } : {}),
  })
}

/** What was built does not work. */
export function rejected(
  candidate: Candidate,
  session: Session,
  error: string,
  failure?: NodeFailure,
): Verdict {
  const text = words.revalidationFailed({
    backend: candidate.backend,
    error: clean(error),
    lines: failure ? relevantLines(failure.tail, 12).map(clean) : [],
    log: failure?.log || `${session.stateFolder}/logs`,
  })
  const { class: found } = failure
    ? classifyNode('revalidate', failure)
    : classify({ stage: 'revalidate', text: error })
  return unavailable(candidate, EXIT.revalidation, text, error, {
    // It was built, and what was built does not run.
    class: found === 'unknown' ? 'build' : found,
    cause: clean(error),
    ...(failure?.log ? { log: failure.log } : {}),
  })
}

/**
 * What was thrown on the way: the lock of another, or what the system says of a file.
 *
 * @throws the error itself when it is a mistake of ours
 */
export function thrown(candidate: Candidate, error: unknown, lock: string): Verdict {
  const { backend } = candidate
  const { code, path, message } = error as NodeJS.ErrnoException
  if (error instanceof GraphError && error.code === 'locked')
    return unavailable(
      candidate,
      EXIT.unavailable,
      words.lockedByAnother(backend, lock, message),
      message,
    )
  if (error instanceof GraphError && error.code === 'cancelled')
    return cancelled(candidate, message)
  const errno = error instanceof GraphError ? error.errno : code
  if (typeof errno !== 'string' || !/^E[A-Z0-9]+$/.test(errno)) throw error
  const place = error instanceof GraphError ? error.place : path
  const { class: found } = classifyNode('', { message, errno, how: 'system', tail: '', log: '' })
  const text = words.repairFailed(found, {
    backend,
    error: message,
    lines: [],
    log: undefined,
    ...(place && isAbsolute(place) ? { path: place } : {}),
  })
  return unavailable(candidate, exitOfClass(found), text, message, { class: found, cause: message })
}

/** Not there, for any other reason. */
export function unavailable(
  { backend, live }: Candidate,
  exitCode: number,
  text: string,
  error: string,
  failure?: Failing,
): Verdict {
  return {
    backend: backend.name,
    available: false,
    how: 'unavailable',
    exitCode,
    text,
    folder: live,
    error,
    ...(failure ? { failure } : {}),
  }
}

function available({ backend, live }: Candidate, how: Verdict['how'], text: string): Verdict {
  return {
    backend: backend.name,
    available: true,
    how,
    exitCode: EXIT.available,
    text,
    folder: live,
  }
}

// The order in which a failing class of several backends decides the exit code.
const WORST: readonly number[] = [
  EXIT.recursion,
  EXIT.permission,
  EXIT.build,
  EXIT.network,
  EXIT.revalidation,
  EXIT.unavailable,
]

/** One exit code for several verdicts: 0 only if each is 0. */
export function exitCodeOf(verdicts: readonly Verdict[]): number {
  const codes = verdicts.map((verdict) => verdict.exitCode)
  return WORST.find((code) => codes.includes(code)) ?? Math.max(EXIT.available, ...codes)
}
