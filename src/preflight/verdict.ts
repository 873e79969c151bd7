// What became of one backend: a value that the text, the JSON and the exit code are made from.
import { isAbsolute } from 'node:path'

import { GraphError, type NodeFailure, type Session } from '../../graph/index.ts'
import type { BackendName } from '../../tasks/backends.ts'
import { EXIT, exitOfClass } from '../exit-code.ts'
import {
  availableAfterRepair,
  availableCached,
  availableRepaired,
} from '../report/verdict-words.ts'
import { stepLine } from '../report/words/block.ts'
import { leftBehind } from '../report/words/left-behind.ts'
import * as words from '../report/words.ts'
import { type Candidate, whyMissing } from './candidate.ts'
import type { Manifest } from './detect.ts'
import { foundLate } from './found-late.ts'
import { orFullDisk } from './full-disk.ts'
import type { Leftover } from './install.ts'
import { toolOf } from './tool-name.ts'
import { type Failing, nodeTrouble, plainTrouble, rejection, systemTrouble } from './trouble.ts'

export interface Verdict {
  readonly backend: BackendName
  readonly available: boolean
  readonly how: 'cached' | 'auto-repaired' | 'detected after repair' | 'unavailable' | 'dry-run'
  readonly exitCode: number
  /** For stdout if the backend is there, for stderr if it is not. */
  readonly text: string
  readonly folder: string
  readonly libbitnet?: Manifest['constants']['libbitnet']
  readonly seconds?: number
  readonly error?: string
  /** Folder of libraries that lie on the disk and that nothing was compiled with. */
  readonly detectedAtRuntime?: string
  /** Of a repair that failed. */
  readonly failure?: Failing
  readonly wouldExecute?: readonly string[]
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
  const { backend, live } = candidate
  const text = availableRepaired(backend.title, live, elapsedMs, libbitnetOf(candidate))
  return { ...available(candidate, 'auto-repaired', text), seconds: elapsedMs / 1000 }
}

/** What a process says that had to look and not to repair. */
export function afterwards(candidate: Candidate): Verdict {
  const { backend, live, found, tool } = candidate
  if (found.state === 'available' && tool?.state !== 'disagree') {
    const text = availableAfterRepair(backend.title, live, libbitnetOf(candidate))
    return available(candidate, 'detected after repair', text)
  }
  const error = whyMissing(candidate)
  const text = words.stillUnavailable(plainTrouble(candidate, 'unknown', error))
  return unavailable(candidate, EXIT.revalidation, text, error)
}

/** It is not there and nothing was to be done about it. */
export function disabled(candidate: Candidate): Verdict {
  const { backend } = candidate
  const why = whyMissing(candidate)
  const text = words.repairDisabled(backend, why, {
    isMissing: candidate.found.state === 'missing' && !candidate.isBroken,
    mode: candidate.isBroken ? 'always' : 'auto',
  })
  const late = foundLate(candidate, process.env)
  return {
    ...unavailable(candidate, EXIT.unavailable, `${late?.text ?? ''}${text}`, why),
    ...(late ? { detectedAtRuntime: late.location } : {}),
  }
}

/** The folder that a variable names holds what is not ours. */
export function foreign(candidate: Candidate): Verdict {
  const { backend, live, origin = live } = candidate
  const text = words.foreignFolder(backend, origin)
  const cause = `${origin} is not ours`
  const remedy = words.foreignSteps(backend, origin).map(stepLine)
  const failure = {
    class: 'permission',
    kind: 'permission error',
    cause,
    retry: false,
    remedy,
  } as const
  return unavailable(candidate, EXIT.permission, text, cause, failure)
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
  const failure = orFullDisk(told, session.stateFolder)
  const { trouble, failing } = nodeTrouble(candidate, session, { node, failure })
  const text = words.repairFailed(trouble, toolOf(candidate))
  return unavailable(candidate, exitOfClass(failing.class), text, failure.message, failing)
}

interface Rejected {
  /** Of the node that said so. */
  readonly failure?: NodeFailure | undefined
  /** What the roll back had to leave. */
  readonly left?: readonly Leftover[]
}

/** What was built does not work. */
export function rejected(
  candidate: Candidate,
  session: Session,
  error: string,
  { failure, left = [] }: Rejected = {},
): Verdict {
  const { trouble, failing } = rejection(candidate, session, error, failure)
  const text = words.revalidationFailed(trouble, leftBehind(left))
  return unavailable(candidate, EXIT.revalidation, text, error, failing)
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
      words.lockedByAnother(backend, error.place ?? lock, message),
      message,
    )
  if (error instanceof GraphError && error.code === 'cancelled')
    return cancelled(candidate, message)
  const errno = error instanceof GraphError ? error.errno : code
  if (typeof errno !== 'string' || !/^E[A-Z0-9]+$/.test(errno)) throw error
  const place = error instanceof GraphError ? error.place : path
  const { trouble, failing } = systemTrouble(
    candidate,
    message,
    errno,
    place && isAbsolute(place) ? place : undefined,
  )
  const text = words.repairFailed(trouble, toolOf(candidate))
  return unavailable(candidate, exitOfClass(failing.class), text, message, failing)
}

/** What was built could not be handed to a process that judges it; one text says so for all of them. */
export function withoutFreshProcess(
  candidates: readonly Candidate[],
  text: string,
): readonly Verdict[] {
  const error = text.split('\n')[0] ?? text
  return candidates.map((one, i) => unavailable(one, EXIT.unavailable, i === 0 ? text : '', error))
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

function available(candidate: Candidate, how: Verdict['how'], text: string): Verdict {
  const { backend, live } = candidate
  const libbitnet = libbitnetOf(candidate)
  return {
    backend: backend.name,
    available: true,
    how,
    exitCode: EXIT.available,
    text,
    folder: live,
    ...(libbitnet && { libbitnet }),
  }
}

function libbitnetOf({ found }: Candidate): Verdict['libbitnet'] {
  return found.state === 'available' ? found.manifest.constants.libbitnet : undefined
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
