// A command's graph on this machine: the user's own, or the shipped repair graph with its choices.
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'

import { GraphError, type Host, machine, type Session } from '../graph/index.ts'
import { BACKEND_NAMES, BACKENDS, type Backend, type BackendName } from '../tasks/backends.ts'
import type { Given, RepairOptions } from '../tasks/options.ts'
import { evaluatedGraph } from './evaluated-graph.ts'
import { repairFolder } from './folders.ts'
import { backendOfPath } from './preflight/backend-of-path.ts'
import { chooseCompilers } from './preflight/compilers.ts'
import { isArchive } from './preflight/given.ts'
import { givenFor } from './preflight/given-for.ts'
import { installations } from './preflight/installations.ts'
import { workspaceOf, workspaceOptions } from './preflight/workspace-options.ts'
import { graphFileOf, stateFolderOf } from './sealed.ts'

/** What every command that works with a graph accepts. */
export interface GraphChoices {
  /** `-C`: where to start, absolute. */
  readonly folder: string
  /** `-f`: the graph file, instead of the nearest. */
  readonly file?: string
  /** auto, git, npm, a folder or an archive. */
  readonly source?: string
  readonly ref?: string
  readonly offline?: boolean
  readonly cudaArch?: string
  readonly jobs?: number
  /** Limits of a fetch, in seconds. */
  readonly connectTimeout?: number
  readonly stallTimeout?: number
  readonly fetchTimeout?: number
  /** The backend of which `--source WHERE` holds the sources. */
  readonly backend?: BackendName
  /** A BitNet-rs checkout: with it the shipped graph has nodes for its xtask. */
  readonly workspace?: string | undefined
}

/** The graph of the folder: a user's, or the shipped one. */
export async function openSession(choices: GraphChoices): Promise<Session> {
  const file = graphFileOf(choices)
  return file === undefined ? repairSetup(choices).open() : (await openOwn(file)).session
}

/** Folders that change by the hundred, and that nobody means by `**`. */
export const SELDOM = ['.git', '.hg', '.svn', 'node_modules', '.bitnet-tasks']

export interface OpenedOwn {
  readonly session: Session
  /** The files that it was evaluated from, absolute. */
  readonly sources: readonly string[]
  /** A moment before these were read: milliseconds since 1970. */
  readonly readMs: number
}

/** A user's graph. */
export async function openOwn(file: string): Promise<OpenedOwn> {
  const host = machine(process.env)
  const readMs = host.clock.fileNow()
  const { graph, sources } = await evaluatedGraph(file, host)
  return {
    session: {
      ...{ graph, host, folder: dirname(file), stateFolder: stateFolderOf(file) },
      seldom: SELDOM,
    },
    sources,
    readMs,
  }
}

/**
 * The shipped repair graph, whatever lies in the working directory. Without nodes for xtask: preflight
 * knows only in the middle of its work against what that is built.
 */
export function openRepair(choices: GraphChoices): Promise<Session> {
  return repairSetup({ ...choices, workspace: undefined }).open()
}

/** Where the shipped graph lies and what it is a function of, before it is made. */
export function repairSetup(choices: GraphChoices) {
  const host = machine(repairEnvironment(choices))
  const options = repairOptions(choices, host)
  const folder = repairFolder(process.env)
  const stateFolder = join(folder, 'state')
  const open = async (own: Host = host): Promise<Session> => {
    const { repairGraph } = await import('../bitnet.tasks.ts')
    return { graph: repairGraph(options), host: own, folder, stateFolder }
  }
  return { host, options, stateFolder, open }
}

/** The mirror to use, when --source chooses one of them. */
export function mirrorOf(source: string | undefined): 'auto' | 'git' | 'npm' {
  return source === 'git' || source === 'npm' ? source : 'auto'
}

/**
 * What --source gives: a folder with sources, or an archive of one. Nothing, where it chooses a mirror.
 *
 * @throws GraphError 'bad-file' when it is neither
 */
export function givenSource({ source, folder }: GraphChoices): Given | undefined {
  if (source === undefined || ['auto', 'git', 'npm'].includes(source)) return undefined
  const path = resolve(folder, source)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory()) return { kind: 'source', path }
  if (stat?.isFile() && isArchive(path)) return { kind: 'archive', path }
  const problem =
    stat === undefined
      ? 'there is no such folder or archive'
      : 'is no folder, and no archive (.tar.gz, .tgz)'
  throw new GraphError(`--source ${source}: ${problem}`, {
    code: 'bad-file',
    place: path,
    hint: "give a folder with the backend's sources or an archive of one, or one of auto, git, npm",
  })
}

function repairOptions(choices: GraphChoices, host: Host): RepairOptions {
  const repository: Partial<Record<BackendName, string>> = {}
  const submoduleRepository: Record<string, string> = {}
  for (const backend of Object.values(BACKENDS) as readonly Backend[]) {
    const url = process.env[backend.repositoryVariable]
    if (url) repository[backend.name] = url
    for (const { path, repositoryVariable } of backend.submodules) {
      const own = process.env[repositoryVariable]
      if (own) submoduleRepository[path] = own
    }
  }
  return {
    generator: host.shell.which('ninja') ? 'Ninja' : 'Unix Makefiles',
    compilers: chooseCompilers(process.env, host.shell.which),
    repository,
    submoduleRepository,
    given: givenBy(choices),
    ref: refsOf(choices),
    ...(choices.cudaArch && { cudaArchitectures: choices.cudaArch }),
    ...xtaskOf(choices, host),
  }
}

// Against what is installed now.
function xtaskOf(choices: GraphChoices, host: Host): Pick<RepairOptions, 'workspace'> {
  if (choices.workspace === undefined) return {}
  const workspace = workspaceOf(choices) as string
  const made = workspaceOptions(host, { workspace, ...installations() })
  if ('options' in made) return { workspace: made.options }
  throw new GraphError(`--workspace ${choices.workspace}: ${made.problem}`, { code: 'bad-file' })
}

// A version is one of a backend; without --backend every backend is meant.
function refsOf({ ref, backend }: GraphChoices): NonNullable<RepairOptions['ref']> {
  if (ref === undefined) return {}
  const names = backend === undefined ? BACKEND_NAMES : [backend]
  return Object.fromEntries(names.map((name) => [name, ref]))
}

/** What takes the place of a fetch, by backend: --source, or what a person has put where an installation goes. */
export function givenBy(choices: GraphChoices): NonNullable<RepairOptions['given']> {
  const given: Partial<Record<BackendName, Given>> = {}
  for (const backend of Object.values(BACKENDS) as readonly Backend[]) {
    // A version, or where to have it from, that is asked for by name is what the person wants.
    const isAsked = choices.backend === backend.name && choices.ref !== undefined
    const found =
      isAsked || mirrorOf(choices.source) !== 'auto' ? undefined : givenFor(backend, process.env)
    if (found) given[backend.name] = found
  }
  const own = givenSource(choices)
  if (own === undefined) return given
  const backend = choices.backend ?? backendOfPath(choices.source as string)
  return { ...given, [backend]: own }
}

// How to fetch, how long, and with how many jobs decide no result: they travel outside the key.
function repairEnvironment(choices: GraphChoices): Record<string, string | undefined> {
  return {
    ...process.env,
    BITNET_TASKS_FETCH: mirrorOf(choices.source),
    BITNET_TASKS_OFFLINE: choices.offline ? '1' : '0',
    BITNET_TASKS_CONNECT_TIMEOUT: String(choices.connectTimeout ?? 30),
    BITNET_TASKS_STALL_TIMEOUT: String(choices.stallTimeout ?? 60),
    BITNET_TASKS_FETCH_TIMEOUT: String(choices.fetchTimeout ?? 900),
    ...(choices.jobs ? { CARGO_BUILD_JOBS: String(choices.jobs) } : {}),
    ...(choices.offline ? { CARGO_NET_OFFLINE: 'true' } : {}),
    CMAKE_BUILD_PARALLEL_LEVEL: String(
      choices.jobs ?? process.env['CMAKE_BUILD_PARALLEL_LEVEL'] ?? availableParallelism(),
    ),
  }
}
