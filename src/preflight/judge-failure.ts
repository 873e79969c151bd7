// What kind of failure a node had, and whether to try again.
import type { NodeFailure } from '../../graph/index.ts'
import { classify, type Stage } from '../../tasks/failure.ts'

// 1 try and 3 retries, 1 s, 2 s, 4 s, for the network alone.
const WAITS_MS = [1000, 2000, 4000]

/** The class of a failed node and, for the network, when to try again. */
export function judgeFailure(
  task: string,
  failure: NodeFailure,
  attempt: number,
): { class: string; retryAfterMs?: number } {
  const { class: found, retry } = classifyNode(task, failure)
  const wait = retry ? WAITS_MS[attempt - 1] : undefined
  return wait === undefined ? { class: found } : { class: found, retryAfterMs: wait }
}

/** Whether the sources said no. All other causes lie in the machine, and may be gone at the next try. */
export function isLasting(task: string, failure: NodeFailure): boolean {
  const { cause } = classifyNode(task, failure)
  return cause === 'build' || cause === 'unknown'
}

export function classifyNode(task: string, failure: NodeFailure): ReturnType<typeof classify> {
  const stage = stageOf(task)
  return classify({
    text: failure.tail || failure.message,
    ...(stage ? { stage } : {}),
    ...(failure.errno ? { errno: failure.errno } : {}),
    ...(failure.exitCode === undefined ? {} : { exitCode: failure.exitCode }),
    ...(failure.signal ? { signal: failure.signal } : {}),
  })
}

/** What a task of the shipped graph is about. */
export function stageOf(task: string): Stage | undefined {
  return STAGES[task]
}

const STAGES: Readonly<Record<string, Stage>> = {
  'fetch-source': 'fetch',
  'cmake-configure': 'configure',
  'cmake-build': 'build',
  'gen-detect-constants': 'build',
  'rebuild-tool': 'rebuild',
  revalidate: 'revalidate',
  'rebuild-xtask': 'rebuild',
  'revalidate-xtask': 'revalidate',
}
