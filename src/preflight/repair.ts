// A repair: run the graph, stage its results, and let a fresh process judge them.
import * as fs from 'node:fs'
import { join } from 'node:path'

import {
  type NodeFailure,
  type RunSummary,
  recall,
  runGraph,
  type Session,
} from '../../graph/index.ts'
import { packageVersion } from '../package.ts'
import { type Candidate, lookAgain } from './candidate.ts'
import type { Manifest } from './detect.ts'
import { commit, isWhole, type Leftover, rollBack, type Staged, stage } from './install.ts'
import { judgeFailure } from './judge-failure.ts'
import { buildSteps } from './provenance.ts'
import type { RepairContext } from './repair-context.ts'
import { tryOut } from './try-out.ts'
import { revalidateXtask } from './xtask.ts'

/** Brings the graph up to the consumer tool of each candidate: one run, whatever their number. */
export function build(
  context: RepairContext,
  candidates: readonly Candidate[],
): Promise<RunSummary> {
  // One backend that cannot be had is no reason to leave the other one missing.
  const keepGoing = context.keepGoing || candidates.length > 1
  const tasks = context.force ? BUILT : ['rebuild-tool']
  return runNodes({ ...context, keepGoing }, candidates, tasks)
}

/** Stages what was built, unless it is what is live already. */
export async function stageBuilt(
  context: RepairContext,
  candidate: Candidate,
  startedAt: Date,
): Promise<Staged | undefined> {
  const { session } = context
  const { backend, device, live, origin } = candidate
  const generation = generationOf(session, candidate)
  // A damaged installation still has the name of its content, so its files are looked at as well.
  const { found } = lookAgain(candidate)
  const isCurrent = found.state === 'available' && found.manifest.generation === generation
  if (!context.force && isCurrent) return undefined
  const { prefixOf } = await import('../../bitnet.tasks.ts')
  const prefix = join(session.folder, prefixOf(backend.name, device))
  const folder = join(session.folder, 'constants', `${backend.name}-${device}`)
  const written = join(folder, 'detect-constants.json')
  const source = { ...sourceOf(session, candidate), ...(origin ? { given: origin } : {}) }
  return stage({
    live,
    prefix,
    facts: {
      source,
      steps: buildSteps(session, candidate),
      backend: backend.name,
      device,
      version: packageVersion(),
      startedAt: startedAt.toISOString(),
    },
    extra: [written],
    startedAt,
    manifest: {
      backend: backend.name,
      device,
      generation,
      installedAt: new Date().toISOString(),
      toolBuiltAt: fs.statSync(join(prefix, 'bin', 'bitnet-probe')).mtime.toISOString(),
      constants: constantsIn(written),
      source,
    },
  })
}

// As the consumer tool was compiled with them.
function constantsIn(path: string): Manifest['constants'] {
  const { hasBitnet, hasLlama, state, libbitnet } = JSON.parse(fs.readFileSync(path, 'utf8'))
  return { hasBitnet, hasLlama, state, ...(libbitnet && { libbitnet }) }
}

export type Judged =
  | { readonly how: 'committed'; readonly aside: string | undefined }
  | {
      readonly how: 'rejected'
      readonly error: string
      readonly failure: NodeFailure | undefined
      readonly left: readonly Leftover[]
    }
  | { readonly how: 'cancelled' }

/** Validates a staged generation where it lies, and makes it live or drops it. */
export async function judge(
  context: RepairContext,
  candidate: Candidate,
  staged: Staged,
): Promise<Judged> {
  const { session } = context
  const { live, backend, device } = candidate
  // What is built is not thrown away for a lock that is had in a moment.
  const patient = { ...context, force: false, wait: true, lockTimeoutMs: undefined }
  const summary = await runNodes(patient, [candidate], ['revalidate'])
  if (summary.cancelled) return { how: 'cancelled' }
  const failure = summary.failures[0]?.failure
  const problem = summary.ok
    ? ((await refusal(session, staged, backend.name, context.signal)) ??
      (await toolRefusal(context, candidate)))
    : (failure?.message ?? `revalidate[${backend.name},${device}] did not run`)
  // An end from outside is no verdict on what was built.
  if (context.signal.aborted) return { how: 'cancelled' }
  if (problem !== undefined) {
    const left = rollBack(live, staged)
    return { how: 'rejected', error: problem, failure, left }
  }
  return { how: 'committed', aside: commit(live, staged) }
}

// What a forced repair runs again; the source is pinned and checked by content.
const BUILT = ['cmake-configure', 'cmake-build', 'gen-detect-constants', 'rebuild-tool']

/** Runs the nodes of tasks for each candidate, with retries for the network. */
export function runNodes(
  { session, jobs, maxLoad, wait, lockTimeoutMs, keepGoing, force, report, signal }: RepairContext,
  candidates: readonly Candidate[],
  tasks: readonly string[],
): Promise<RunSummary> {
  const nodes = candidates.map(({ backend, device }) => `[${backend.name},${device}]`)
  return runGraph(session, {
    targets: tasks.flatMap((task) => nodes.map((node) => `${task}${node}`)),
    force,
    keepGoing,
    report,
    signal,
    follow: true,
    retry: true,
    onFailure: (node, failure, attempt) => judgeFailure(node.task, failure, attempt),
    wait,
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(maxLoad === undefined ? {} : { maxLoad }),
  })
}

/** The failure that kept a backend from being built, if one did. */
export function failureOf(
  summary: RunSummary,
  { backend }: Candidate,
): RunSummary['failures'][number] | undefined {
  return summary.failures.find(({ node }) => /\[(\w+)/.exec(node)?.[1] === backend.name)
}

// Named by content: what the nodes produced whose results are installed.
function generationOf(session: Session, { backend, device }: Candidate): string {
  const { records } = recall(session).journal.history
  const parts = ['cmake-build', 'gen-detect-constants', 'rebuild-tool'].map(
    (task) => records.get(`${task}[${backend.name},${device}]`)?.result ?? 'none',
  )
  return parts.map((result) => result.slice(0, 10)).join('-')
}

async function refusal(
  session: Session,
  staged: Staged,
  backend: Manifest['backend'],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!isWhole(staged, backend)) return `the staged copy ${staged.folder} is not what was built`
  return tryOut(session, staged.folder, signal)
}

// xtask was rebuilt against this generation before it is live: it must know it already.
async function toolRefusal(
  { session, signal }: RepairContext,
  candidate: Candidate,
): Promise<string | undefined> {
  const { workspace, tool } = lookAgain(candidate)
  if (workspace === undefined) return undefined
  if (tool?.state === 'disagree') return tool.why
  return revalidateXtask(session, workspace, signal)
}

function sourceOf(session: Session, { backend, given }: Candidate): Record<string, string> {
  const { name } = backend
  if (given?.kind === 'libraries') return { ref: 'libraries', from: given.path }
  // A folder for --source comes before what lies in the named one; the graph knows which it is.
  const place = session.graph.roots[`given-${name}`]
  if (place !== undefined && given?.kind !== 'archive') return { ref: 'local', from: place }
  try {
    const path = join(session.folder, 'sources', `${name}.provenance.json`)
    return JSON.parse(fs.readFileSync(path, 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}
