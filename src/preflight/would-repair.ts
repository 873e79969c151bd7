// preflight --dry-run: what a repair would execute, for each backend.
import type { Session } from '../../graph/index.ts'
import { type DryRun, dryRun } from '../commands/dry-run.ts'
import { EXIT } from '../exit-code.ts'
import { clean } from '../report/text.ts'
import { type Candidate, isInstalled } from './candidate.ts'
import { installations } from './installations.ts'
import { choosesSource, type Request } from './request.ts'
import { unavailable, type Verdict } from './verdict.ts'
import { workspaceOptions } from './workspace-options.ts'

/** A verdict for each backend with the commands of its repair; the first has the text of all. */
export async function wouldRepair(
  request: Request,
  session: Session,
  wanted: readonly Candidate[],
): Promise<readonly Verdict[]> {
  const tool = await rebuildCommands(request, session, wanted[0]?.workspace)
  const isAsked = request.mode === 'always' || choosesSource(request.args)
  const nodes = (one: Candidate): readonly string[] =>
    isInstalled(one) && !isAsked
      ? []
      : ['rebuild-tool', 'revalidate'].map((task) => `${task}[${one.backend.name},${one.device}]`)
  const all = await would(session, wanted.flatMap(nodes))
  return Promise.all(
    wanted.map(async (one, i) => ({
      ...unavailable(one, EXIT.available, i === 0 ? textOf(all, tool) : '', ''),
      how: 'dry-run' as const,
      wouldExecute: [...(await would(session, nodes(one))).commands, ...tool],
    })),
  )
}

type Would = Pick<DryRun, 'text' | 'commands'>

// No targets would mean every node.
async function would(session: Session, targets: readonly string[]): Promise<Would> {
  return targets.length === 0 ? { text: '', commands: [] } : dryRun(session, targets)
}

// The features are those for what is installed now: the headers of what is not built yet decide later.
async function rebuildCommands(
  { args }: Request,
  { host }: Session,
  workspace: string | undefined,
): Promise<readonly string[]> {
  if (workspace === undefined) return []
  const made = workspaceOptions(host, { ...args, ...installations(), workspace })
  if ('problem' in made) return []
  const { cargoBuild, cargoClean } = await import('../../bitnet.tasks.ts')
  const { build, clean: isClean } = made.options
  const commands = [...(isClean ? [cargoClean] : []), cargoBuild(build)]
  return commands.map((words) => clean(words.join(' ')))
}

function textOf({ text, commands }: Would, tool: readonly string[]): string {
  if (tool.length === 0) return text
  const before = commands.length === 0 ? 'Would execute:\n' : text
  const lines = tool.map((command, i) => `  ${commands.length + 1 + i}. ${command}\n`)
  return `${before}rebuild-xtask:\n${lines.join('')}`
}
