// From the process that has built to the one that judges.
import type { Session } from '../../graph/index.ts'
import { REEXECUTING } from '../report/words/steps.ts'
import { cargoTool } from './consumer-tool.ts'
import { carried } from './handed-over.ts'
import type { Reexecuted } from './reexec.ts'
import type { Request } from './request.ts'
import type { Held } from './under-locks.ts'
import type { Verdict } from './verdict.ts'
import { workspaceOf } from './workspace-options.ts'

/**
 * Becomes the process that judges; resolves when another one has stood in for it. The locks end here: the
 * next one takes them, or whoever is first finishes the work.
 */
export async function handOver(
  { args, say }: Request,
  { release, signal }: Held,
  session: Session,
  standing: readonly Verdict[],
): Promise<HandedOver> {
  const { reexec } = await import('./reexec.ts')
  const workspace = workspaceOf(args)
  // A setup-cpp-auto of xtask's own would be another one.
  const isOurs = args.emit === undefined
  const tool = isOurs && workspace ? await cargoTool(args, session, workspace) : undefined
  await release()
  say(REEXECUTING)
  const env = carried(standing.filter(({ available }) => !available))
  const words = process.argv.slice(2)
  const end = words.indexOf('--')
  // What is behind `--` is run afterwards.
  const toolArgs = end < 0 ? words : words.slice(0, end)
  const outcome = await reexec({ say, signal, env, ...(tool && { tool, toolArgs }) })
  return { outcome, standing }
}

/** What became of the hand-over, and the verdicts that stood before it. */
export interface HandedOver {
  readonly outcome: Reexecuted
  readonly standing: readonly Verdict[]
}
