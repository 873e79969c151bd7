// A failure as it reaches a person: what is known of it, for the message and for the JSON.
import { existsSync, readdirSync } from 'node:fs'

import type { NodeFailure, Session } from '../../graph/index.ts'
import { type Cause, classify, type FailureClass, relevantLines } from '../../tasks/failure.ts'
import { clean, logLine } from '../report/text.ts'
import { stepLine, type Trouble } from '../report/words/block.ts'
import { remedy } from '../report/words/remedy.ts'
import { TITLES } from '../report/words/titles.ts'
import type { Candidate } from './candidate.ts'
import { classifyNode, stageOf } from './judge-failure.ts'
import { thisMachine } from './packages.ts'

/** A failure for programs. */
export interface Failing {
  readonly class: FailureClass
  /** Finer than the class, in words: 'disk full'. */
  readonly kind: string
  /** The line that says what is wrong. */
  readonly cause: string
  /** Whether the same again may go well. */
  readonly retry: boolean
  /** What to do, the most likely first. */
  readonly remedy: readonly string[]
  /** The whole log, if a command has printed one. */
  readonly log?: string
}

export interface Judged {
  readonly trouble: Trouble
  readonly failing: Failing
}

/** A node that failed. */
export function nodeTrouble(
  candidate: Candidate,
  session: Session,
  { node, failure }: { readonly node: string; readonly failure: NodeFailure },
): Judged {
  const task = node.replace(/\[.*/, '')
  const stage = stageOf(task)
  const found = classifyNode(task, failure)
  const isTool = failure.how === 'tool'
  const cause = isTool ? 'tool-missing' : found.cause
  const url = fetchedFrom(failure.tail)
  const trouble: Trouble = {
    ...plainTrouble(candidate, cause, clean(found.firstCause || failure.message)),
    // Of what nobody knows everything may matter.
    lines: relevantLines(failure.tail, cause === 'unknown' ? 200 : 12).map(logLine),
    log: failure.log || `${session.stateFolder}/logs`,
    node,
    ...(stage ? { stage } : {}),
    ...(stage === 'configure' ? { ownLogs: cmakeLogs(session.folder, candidate) } : {}),
    ...(found.path ? { path: found.path } : {}),
    ...(url ? { url } : {}),
  }
  const judged = failing(isTool ? 'build' : found.class, trouble, found.retry, failure.log)
  return { trouble, failing: { ...judged, cause: `${node}: ${trouble.error}` } }
}

/** The consumer tool cannot be rebuilt, and no node was started. */
export function notTried(candidate: Candidate, error: string): Judged {
  const trouble: Trouble = { ...plainTrouble(candidate, 'config', error), stage: 'rebuild' }
  return { trouble, failing: failing('build', trouble, false, undefined) }
}

/** What was built and does not work. */
export function rejection(
  candidate: Candidate,
  session: Session,
  error: string,
  failure: NodeFailure | undefined,
): Judged {
  const found = failure
    ? classifyNode('revalidate', failure)
    : classify({ stage: 'revalidate', text: error })
  const trouble: Trouble = {
    ...plainTrouble(candidate, found.cause, clean(error)),
    lines: failure ? relevantLines(failure.tail, 12).map(logLine) : [],
    log: failure?.log || `${session.stateFolder}/logs`,
  }
  // It was built, and what was built does not run.
  const kind = found.class === 'unknown' ? 'build' : found.class
  return { trouble, failing: failing(kind, trouble, false, failure?.log) }
}

/** What the system said of a file or folder. */
export function systemTrouble(
  candidate: Candidate,
  message: string,
  errno: string,
  path: string | undefined,
): Judged {
  const found = classifyNode('', { message, errno, how: 'system', tail: '', log: '' })
  const trouble: Trouble = {
    ...plainTrouble(candidate, found.cause, message),
    ...(path === undefined ? {} : { path }),
  }
  return { trouble, failing: failing(found.class, trouble, found.retry, undefined) }
}

/** A trouble of which no more is known than its cause. */
export function plainTrouble({ backend }: Candidate, cause: Cause, error: string): Trouble {
  return { backend, cause, error, lines: [], log: undefined, machine: thisMachine() }
}

function failing(
  kind: FailureClass,
  trouble: Trouble,
  retry: boolean,
  log: string | undefined,
): Failing {
  const steps = remedy({ ...trouble, firstCause: trouble.error })
  const title = TITLES[trouble.cause]
  const known = {
    class: kind,
    kind: title,
    cause: trouble.error,
    retry,
    remedy: steps.map(stepLine),
  }
  return log ? { ...known, log } : known
}

// The last place that was asked, as the fetch says it: `fetching REF from ADDRESS`, and of a submodule
// `fetching PATH at COMMIT from ADDRESS`.
function fetchedFrom(tail: string): string | undefined {
  return [...tail.matchAll(/fetching \S+(?: at \S+)? from (\S+)$/gm)].at(-1)?.[1]
}

function cmakeLogs(folder: string, { backend, device }: Candidate): readonly string[] {
  const builds = `${folder}/build`
  if (!existsSync(builds)) return []
  const names = ['CMakeConfigureLog.yaml', 'CMakeOutput.log', 'CMakeError.log']
  return readdirSync(builds)
    .filter((name) => name.startsWith(`${backend.name}-${device}`))
    .flatMap((name) => names.map((log) => `${builds}/${name}/CMakeFiles/${log}`))
    .filter((path) => existsSync(path))
}
