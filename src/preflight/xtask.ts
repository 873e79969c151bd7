// The rebuild of xtask in a BitNet-rs checkout against an installation, so that its constants flip, and
// the proof that they did.
import {
  type RunEvent,
  type RunOptions,
  type RunSummary,
  runGraph,
  type Session,
} from '../../graph/index.ts'
import { rebuilding, rebuilt } from '../report/words/tool.ts'
import type { CargoTool } from './cargo-run.ts'
import { judgeFailure } from './judge-failure.ts'
import { readConstants, toolState } from './workspace.ts'
import { workspaceOptions } from './workspace-options.ts'

export interface ToolRequest {
  /** Of the shipped graph: its machine, its folder and its state are used. */
  readonly session: Session
  /** The top of the checkout. */
  readonly workspace: string
  /** The installation that cargo gets as BITNET_CPP_DIR: bitnet's if there is one, else llama's. */
  readonly root: string | undefined
  /** The installation of llama.cpp, if there is one. */
  readonly llamaRoot?: string | undefined
  readonly args: {
    readonly cleanTool?: boolean
    readonly toolFeatures?: string
    readonly force?: boolean
  }
  /** Of the lock of the graph's state. */
  readonly wait?: boolean | undefined
  readonly lockTimeoutMs?: number | undefined
  readonly jobs?: number | undefined
  readonly say: (line: string) => void
  readonly report: (event: RunEvent) => void
  readonly signal: AbortSignal
}

export type ToolResult =
  | { readonly how: 'rebuilt' | 'fresh' }
  | { readonly how: 'cancelled' }
  | {
      readonly how: 'failed'
      readonly error: string
      /** The node that failed; undefined when it was not even tried. */
      readonly failure: RunSummary['failures'][number] | undefined
    }

/**
 * Rebuilds xtask unless it was built just so already. What the person has built by hand since counts:
 * constants that do not fit the installation are no state in which to rest.
 *
 * @example const { how } = await rebuildXtask({ session, workspace, root: staged.folder, args, say, report, signal })
 */
export async function rebuildXtask(request: ToolRequest): Promise<ToolResult> {
  const { session, workspace, args, say } = request
  const made = await graphFor(request)
  if ('problem' in made) return { how: 'failed', error: made.problem, failure: undefined }
  const { graph, options, build, command } = made
  const { env } = session.host
  const before = readConstants(workspace, env)
  const isAsWanted =
    request.root !== undefined &&
    before?.rpaths.some((folder) => options.rpath.includes(folder)) === true &&
    toolState(workspace, wantedOf(session, request.root), env).state === 'agree'
  let hasRun = false
  const summary = await runGraph(
    { ...session, graph },
    {
      ...runOptions(request, 'rebuild-xtask'),
      force: args.force === true || (!isAsWanted && wasRebuilt(session)),
      whenStale: async () => {
        hasRun = true
        for (const line of rebuilding(build, args.cleanTool === true, command)) say(line)
        return {}
      },
    },
  )
  if (!summary.ok) return ended(summary)
  if (!hasRun) return { how: 'fresh' }
  for (const line of rebuilt(before, readConstants(workspace, env))) say(line)
  return { how: 'rebuilt' }
}

/**
 * Runs the xtask that was rebuilt for a checkout: it starts, takes the libraries from where they are
 * installed, and knows the backends. What is wrong, in one line; nothing is rebuilt here, and an xtask
 * that somebody else built is not judged.
 */
export async function revalidateXtask(
  { host, folder }: Session,
  workspace: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { stepPath, XTASK_REBUILT } = await import('../../bitnet.tasks.ts')
  const note = `${folder}/${XTASK_REBUILT}`
  const rebuilt = JSON.parse(host.disk.readText(note) ?? '{}') as { workspace?: string }
  if (rebuilt.workspace !== workspace) return undefined
  const { exit, stderr } = await host.shell.capture(
    [process.execPath, stepPath('revalidate-xtask'), note],
    {
      cwd: workspace,
      env: { PATH: host.env['PATH'] ?? '', HOME: host.env['HOME'] ?? '', LC_ALL: 'C' },
      timeoutMs: 60_000,
      ...(signal ? { signal } : {}),
    },
  )
  if (exit.how === 'exited' && exit.code === 0) return undefined
  return stderr.trim().split('\n').at(-1) || `xtask of ${workspace} did not run`
}

/** How cargo is to be called so that it takes xtask as it was rebuilt; undefined where it cannot be. */
export async function asRebuilt(
  request: Omit<ToolRequest, Effects>,
): Promise<CargoTool | undefined> {
  const made = await graphFor(request)
  if ('problem' in made) return undefined
  const { cargoVariables } = await import('../../bitnet.tasks.ts')
  const { features, defaultFeatures } = made.build
  const { workspace } = request
  return { workspace, features, defaultFeatures, env: cargoVariables(made.options) }
}

type Effects = 'say' | 'report' | 'signal'

async function graphFor({ session, workspace, root, llamaRoot, args }: Omit<ToolRequest, Effects>) {
  const { repairGraph, cargoBuild } = await import('../../bitnet.tasks.ts')
  const made = workspaceOptions(session.host, { workspace, root, llamaRoot, ...args })
  if ('problem' in made) return made
  const { options } = made
  return { ...made, graph: repairGraph({ workspace: options }), command: cargoBuild(options.build) }
}

function runOptions(
  { report, signal, wait, lockTimeoutMs, jobs }: ToolRequest,
  target: string,
): RunOptions {
  return {
    targets: [target],
    ...(wait === undefined ? {} : { wait }),
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
    ...(jobs === undefined ? {} : { jobs }),
    report,
    signal,
    follow: true,
    retry: true,
    onFailure: (node, failure, attempt) => judgeFailure(node.task, failure, attempt),
  }
}

function ended(summary: RunSummary): ToolResult {
  if (summary.cancelled) return { how: 'cancelled' }
  const failure = summary.failures[0]
  return { how: 'failed', error: failure?.failure.message ?? 'xtask was not rebuilt', failure }
}

// Before the first time it is stale anyway, and says so in better words.
function wasRebuilt({ host, folder }: Session): boolean {
  return host.disk.stat(`${folder}/tool/xtask.json`) !== undefined
}

// What the installation says of itself is what xtask must say after it.
function wantedOf({ host }: Session, root: string): { bitnet: boolean; llama: boolean } {
  const text = host.disk.readText(`${root}/detect-constants.json`)
  const said = JSON.parse(text ?? '{}') as { hasBitnet?: boolean; hasLlama?: boolean }
  return { bitnet: said.hasBitnet === true, llama: said.hasLlama === true }
}
