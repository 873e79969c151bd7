// Libraries that lie on the disk although the constants of the last build know nothing of them: somebody
// installed them later, or elsewhere. Constants and disk disagree, and that is said.
import { dirname, join } from 'node:path'

import { quote } from '../../graph/index.ts'
import { detectedAt, detectedLate, type Late } from '../report/words/found.ts'
import { detectedAtRuntime, rebuildXtask } from '../report/words/tool.ts'
import type { Candidate } from './candidate.ts'
import { readManifest } from './detect.ts'
import { holding, LIBRARY_FOLDERS, REQUIRED, type SearchList, searchList } from './search.ts'

interface RuntimeFind {
  /** The folder of the first required library. */
  readonly location: string
  /** The folder for the backend's variable under which that lies; undefined when BITNET_CROSSVAL_LIBDIR led there. */
  readonly root: string | undefined
}

type Env = Readonly<Record<string, string | undefined>>

/** Where they lie, and the warning with the way to make the tool know; undefined when constants and disk agree. */
export function foundLate(
  candidate: Candidate,
  env: Env,
): { readonly location: string; readonly text: string } | undefined {
  const { backend, live, found, tool } = candidate
  if (found.state === 'available')
    return tool?.state === 'disagree'
      ? { location: join(live, 'lib'), text: detectedAtRuntime(backend, live, tool) }
      : undefined
  const late = runtimeFind(candidate, env)
  return late && { location: late.location, text: detectedLate(wordsOf(candidate, late, env)) }
}

/** The warning without its remedy, for a repair that is about to make its own. */
export function foundElsewhere(candidate: Candidate, env: Env): readonly string[] {
  const late = runtimeFind(candidate, env)
  return late === undefined ? [] : detectedAt(wordsOf(candidate, late, env))
}

// Outside of a checkout a repair with the folder in the backend's variable takes the libraries as they are.
function wordsOf(
  { backend, workspace }: Candidate,
  { location, root }: RuntimeFind,
  env: Env,
): Late {
  if (workspace !== undefined)
    return { backend, location, tool: 'xtask', rebuild: rebuildXtask(root) }
  const isNamed = root === undefined || env[backend.folderVariable] === root
  const variable = isNamed ? '' : `${backend.folderVariable}=${quote(root)} `
  const rebuild = [`${variable}bitnet-tasks preflight --backend ${backend.name} --repair=auto`]
  return { backend, location, tool: 'bitnet-probe', rebuild }
}

/** All required libraries of a backend, real ones for this machine, that nothing was built with; if there are any. */
export function runtimeFind(
  { backend, found, tool, workspace }: Candidate,
  env: Env,
): RuntimeFind | undefined {
  // Found when it was built; or ours, and damaged, which is said in other words.
  if (found.state === 'available' || found.why === 'damaged') return undefined
  if (tool?.state === 'agree') return undefined
  for (const list of searchList(backend, env, crossvalFolder(workspace))) {
    const places = holding(REQUIRED[backend.name] ?? [], list.folders)
    const location = places?.[0]?.folder
    const root = location && rootOf(location, list)
    // An installation of ours is of one backend: bitnet.cpp has a llama.cpp of its own.
    if (location !== undefined && !isOurs(root ?? dirname(location))) return { location, root }
  }
  return undefined
}

function isOurs(root: string): boolean {
  return readManifest(root) !== 'absent'
}

/** Where BitNet-rs's detection runs, from which it reads relative paths; the working folder outside of a checkout. */
export function crossvalFolder(workspace: string | undefined): string {
  return workspace === undefined ? process.cwd() : join(workspace, 'crossval')
}

function rootOf(location: string, { because }: SearchList): string | undefined {
  if (because === 'BITNET_CROSSVAL_LIBDIR') return undefined
  const below = LIBRARY_FOLDERS.find((folder) => location.endsWith(join('/', folder)))
  return below === undefined ? undefined : location.slice(0, -below.length - 1)
}
