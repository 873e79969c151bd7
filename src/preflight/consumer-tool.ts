// In a BitNet-rs checkout xtask is the tool that consumes the installations. It is rebuilt once, when all
// that a repair makes is staged, and a fresh process has it say what it knows.
import { existsSync } from 'node:fs'

import type { Session } from '../../graph/index.ts'
import { exitOfClass } from '../exit-code.ts'
import { clean } from '../report/text.ts'
import * as words from '../report/words.ts'
import type { Candidate } from './candidate.ts'
import type { CargoTool } from './cargo-run.ts'
import { installations } from './installations.ts'
import type { RepairContext } from './repair-context.ts'
import type { Request } from './request.ts'
import { nodeTrouble, notTried } from './trouble.ts'
import { unavailable, type Verdict } from './verdict.ts'
import { readConstants } from './workspace.ts'
import { asRebuilt, rebuildXtask, type ToolResult } from './xtask.ts'

/** Rebuilds the xtask of the checkout around us against what is staged, else installed. */
export async function rebuildTool(
  { args, say }: Request,
  { force, ...context }: RepairContext,
  workspace: string,
): Promise<ToolResult> {
  const { cleanTool, toolFeatures } = args
  return rebuildXtask({
    ...context,
    ...installations(),
    workspace,
    args: {
      force: force || cleanTool === true,
      ...(cleanTool === undefined ? {} : { cleanTool }),
      ...(toolFeatures === undefined ? {} : { toolFeatures }),
    },
    say,
  })
}

/**
 * After a staged installation was dropped: an xtask that was built against it would not even start. It
 * is built against what is left, or against nothing.
 */
export async function rebuildWithout(
  request: Request,
  context: RepairContext,
  workspace: string,
): Promise<void> {
  const rpaths = readConstants(workspace, context.session.host.env)?.rpaths ?? []
  if (rpaths.every((folder) => existsSync(folder))) return
  request.say('[repair] xtask was built against what was rejected')
  const tool = await rebuildTool(request, { ...context, force: false }, workspace)
  if (tool.how === 'failed')
    request.say(`[repair] xtask could not be built without it: ${tool.error}`)
}

/** How `cargo run` finds the xtask of a checkout as it was rebuilt; undefined where nothing is installed. */
export async function cargoTool(
  { toolFeatures }: Pick<Request['args'], 'toolFeatures'>,
  session: Session,
  workspace: string,
): Promise<CargoTool | undefined> {
  const { root, llamaRoot } = installations()
  const args = toolFeatures === undefined ? {} : { toolFeatures }
  return root === undefined ? undefined : asRebuilt({ session, workspace, root, llamaRoot, args })
}

/** The verdict on a backend whose tool could not be rebuilt. */
export function toolFailed(
  one: Candidate,
  session: Session,
  { error, failure }: Extract<ToolResult, { how: 'failed' }>,
): Verdict {
  const { trouble, failing } = failure
    ? nodeTrouble(one, session, failure)
    : notTried(one, clean(error))
  const text = words.repairFailed(trouble, 'xtask')
  return unavailable(one, exitOfClass(failing.class), text, error, failing)
}
