// --verbose: where libraries are looked for and what lies there, and what the tools were compiled with.
import { constantsOf, searched } from '../report/words/found.ts'
import type { Candidate } from './candidate.ts'
import { crossvalFolder } from './found-late.ts'
import { lookInto, type SearchList, searchList } from './search.ts'
import { readConstants } from './workspace.ts'

/** The lines, for all candidates together: BitNet-rs has one list for both backends. */
export function searchLines(
  candidates: readonly Candidate[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const lists = new Map<string, SearchList>()
  for (const { backend, workspace } of candidates)
    for (const list of searchList(backend, env, crossvalFolder(workspace)))
      lists.set(list.folders.join('\n'), list)
  return [
    ...searched([...lists.values()], lookInto),
    ...candidates.flatMap(probeLine),
    ...xtaskLine(),
  ]

  function xtaskLine(): readonly string[] {
    const workspace = candidates[0]?.workspace
    const constants = workspace === undefined ? undefined : readConstants(workspace, env)
    return constants === undefined ? [] : [constantsOf('xtask', constants)]
  }
}

function probeLine({ backend, found }: Candidate): readonly string[] {
  if (found.state !== 'available') return []
  return [constantsOf(`bitnet-probe (${backend.title})`, found.manifest.constants)]
}
