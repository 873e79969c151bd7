// Everything that preflight's decision depends on, as one text: another text, another decision. What was
// looked at is noted, so that it can be listened to.
import { join } from 'node:path'

import { type Noting, type Session, type Sights, sightsOf } from '../../graph/index.ts'
import { type Candidate, whyMissing } from './candidate.ts'
import { MANIFEST } from './detect.ts'
import { crossvalFolder } from './found-late.ts'
import { LIBRARY_FOLDERS, lookInto, searchList } from './search.ts'

export interface Sight {
  /** Of detection: what is installed, and which libraries lie where they are looked for. */
  readonly libraries: string
  /** Of the sources that were named by hand. */
  readonly sources: Sights
  /** For a person: why each backend that is missing is. */
  readonly why: readonly string[]
}

/** Looks at the candidates, and at the graph of their sources if there is one. */
export function look(
  candidates: readonly Candidate[],
  graph: Session | undefined,
  noting: Noting,
): Sight {
  const libraries = candidates.map((one) => detection(one, noting))
  const targets = candidates.map(({ backend, device }) => `rebuild-tool[${backend.name},${device}]`)
  const why = candidates.flatMap((one) => {
    const missing = whyMissing(one)
    return missing === '' ? [] : [`${one.backend.title}: ${missing}`]
  })
  const sources = graph === undefined ? NONE : sightsOf(graph, targets, noting)
  return { libraries: JSON.stringify(libraries), sources, why }
}

const NONE: Sights = { stale: '', inputs: '' }

function detection(one: Candidate, noting: Noting): unknown {
  const { found, live, origin, tool, backend, workspace } = one
  const files = found.state === 'available' ? found.manifest.files : []
  const { disk } = noting.host
  for (const path of [live, join(live, MANIFEST), ...files.map(({ path }) => join(live, path))])
    disk.stat(path)
  const own = origin === undefined ? [] : LIBRARY_FOLDERS.map((folder) => join(origin, folder))
  const listed = searchList(backend, process.env, crossvalFolder(workspace))
  const folders = [...own, ...listed.flatMap((list) => list.folders)]
  const places = folders.map((folder) => {
    disk.stat(folder)
    const { exists, libraries } = lookInto(folder)
    for (const { file } of libraries) disk.stat(join(folder, file))
    return [folder, exists, libraries]
  })
  if (tool?.constants) for (const path of [tool.constants.output]) disk.stat(path)
  const state = found.state === 'available' ? found.manifest.generation : found.detail
  return [backend.name, found.state, state, tool?.state, places]
}
