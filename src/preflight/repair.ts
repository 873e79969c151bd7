// The repair of one backend: run the graph, stage its result, and let a fresh process judge it.
import * as fs from 'node:fs'
import { basename, join } from 'node:path'

import {
  type Lock,
  type NodeFailure,
  type RunEvent,
  type RunSummary,
  recall,
  runGraph,
  type Session,
} from '../../graph/index.ts'
import type { Backend, Device } from '../../tasks/backends.ts'
import { detect, type Manifest } from './detect.ts'
import { commit, isWhole, rollBack, type Staged, stage } from './install.ts'
import { judgeFailure } from './judge-failure.ts'

export interface RepairContext {
  readonly session: Session
  readonly backend: Backend
  readonly device: Device
  readonly live: string
  readonly lock: Lock
  readonly jobs: number | undefined
  readonly keepGoing: boolean
  readonly report: (event: RunEvent) => void
  readonly signal: AbortSignal
}

export type Built =
  /** What is live is what the graph makes. */
  | { readonly how: 'current'; readonly summary: RunSummary }
  | { readonly how: 'staged'; readonly staged: Staged; readonly summary: RunSummary }
  | { readonly how: 'failed'; readonly summary: RunSummary }

/** Brings the graph up to the consumer tool and stages the result if it differs from what is live. */
export async function build(
  context: RepairContext,
  force: boolean,
  startedAt: Date,
): Promise<Built> {
  const { session, live } = context
  const summary = await runNodes(context, force ? BUILT : ['rebuild-tool'], force)
  if (!summary.ok) return { how: 'failed', summary }
  const generation = generationOf(context)
  // A damaged installation still has the name of its content, so its files are looked at as well.
  const found = detect(context.backend.name, live)
  const isCurrent = found.state === 'available' && found.manifest.generation === generation
  if (!force && isCurrent) return { how: 'current', summary }
  const { prefixOf } = await import('../../bitnet.tasks.ts')
  const { name } = context.backend
  const prefix = join(session.folder, prefixOf(name, context.device))
  const constants = join(session.folder, 'constants', `${name}-${context.device}`)
  const staged = stage({
    live,
    prefix,
    extra: [join(constants, 'detect-constants.json')],
    startedAt,
    manifest: {
      backend: name,
      device: context.device,
      generation,
      installedAt: new Date().toISOString(),
      toolBuiltAt: fs.statSync(join(prefix, 'bin', 'bitnet-probe')).mtime.toISOString(),
      constants: context.backend.constants,
      source: provenance(session, name),
    },
  })
  return { how: 'staged', staged, summary }
}

export type Judged =
  | { readonly how: 'committed'; readonly aside: string | undefined }
  | { readonly how: 'rejected'; readonly error: string; readonly failure: NodeFailure | undefined }
  | { readonly how: 'cancelled' }

/** Validates a staged generation where it lies, and makes it live or drops it. */
export async function judge(context: RepairContext, staged: Staged): Promise<Judged> {
  const { session, live, backend, device } = context
  const summary = await runNodes(context, ['revalidate'], false)
  if (summary.cancelled) return { how: 'cancelled' }
  const failure = summary.failures[0]?.failure
  const problem = summary.ok
    ? await refusal(session, staged, backend.name, context.signal)
    : (failure?.message ?? `revalidate[${backend.name},${device}] did not run`)
  if (problem !== undefined) {
    rollBack(live, staged)
    return { how: 'rejected', error: problem, failure }
  }
  return { how: 'committed', aside: commit(live, staged) }
}

// What a forced repair runs again; the source is pinned and checked by content.
const BUILT = ['cmake-configure', 'cmake-build', 'gen-detect-constants', 'rebuild-tool']

/** Runs the nodes of tasks for the backend and device, with retries for the network. */
export function runNodes(
  { session, backend, device, jobs, keepGoing, report, signal }: RepairContext,
  tasks: readonly string[],
  force: boolean,
): Promise<RunSummary> {
  return runGraph(session, {
    targets: tasks.map((task) => `${task}[${backend.name},${device}]`),
    force,
    keepGoing,
    report,
    signal,
    follow: true,
    onFailure: (node, failure, attempt) => judgeFailure(node.task, failure, attempt),
    ...(jobs === undefined ? {} : { jobs }),
  })
}

// Named by content: what the nodes produced whose results are installed.
function generationOf({ session, backend, device }: RepairContext): string {
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
  const { stepPath } = await import('../../bitnet.tasks.ts')
  const { exit, stderr } = await session.host.shell.capture(
    [process.execPath, stepPath('revalidate'), staged.folder],
    { cwd: '/', env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' }, timeoutMs: 60_000, signal },
  )
  if (exit.how === 'exited' && exit.code === 0) return undefined
  return (
    stderr.trim().split('\n').at(-1) ||
    `the consumer tool in ${basename(staged.folder)} did not run`
  )
}

function provenance(session: Session, name: string): Record<string, string> {
  const local = session.graph.roots['source']
  if (local !== undefined) return { ref: 'local', from: local }
  try {
    const path = join(session.folder, 'sources', `${name}.provenance.json`)
    return JSON.parse(fs.readFileSync(path, 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}
