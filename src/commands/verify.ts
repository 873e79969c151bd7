// verify: is every byte of what is installed what was built? Offline, against the provenance beside it.
import { BACKEND_NAMES, BACKENDS, type BackendName } from '../../tasks/backends.ts'
import { EXIT } from '../exit-code.ts'
import { liveFolder } from '../folders.ts'
import { readManifest } from '../preflight/detect.ts'
import { PROVENANCE, type Verification, verifyFolder } from '../preflight/provenance.ts'
import { print } from '../report/print.ts'
import { clean, jsonDocument } from '../report/text.ts'

interface Row {
  readonly backend: BackendName
  readonly folder: string
  readonly state: 'verified' | 'changed' | 'no provenance' | 'not installed'
  readonly checked: number
  readonly problems: readonly string[]
}

/** Checks each installed backend, or the one that is named. */
export function verify(args: { readonly backend?: BackendName; readonly json?: boolean }): number {
  const rows = (args.backend ? [args.backend] : BACKEND_NAMES).map(rowOf)
  if (args.json) print(jsonDocument({ version: 1, backends: rows }))
  else for (const row of rows) tell(row)
  if (rows.some(({ state }) => state === 'changed' || state === 'no provenance'))
    return EXIT.revalidation
  return rows.some(({ state }) => state === 'verified') ? EXIT.available : EXIT.unavailable
}

function rowOf(backend: BackendName): Row {
  const folder = liveFolder(BACKENDS[backend], process.env)
  const none = { backend, folder, checked: 0, problems: [] }
  if (typeof readManifest(folder) === 'string') return { ...none, state: 'not installed' }
  const found: Verification | 'no provenance' = verifyFolder(folder)
  if (found === 'no provenance') return { ...none, state: 'no provenance' }
  return { ...none, ...found, state: found.problems.length === 0 ? 'verified' : 'changed' }
}

function tell({ backend, folder, state, checked, problems }: Row): void {
  const { title } = BACKENDS[backend]
  if (state === 'verified') return print(`✓ ${title}: ${checked} files are as they were built\n`)
  if (state === 'not installed') return print(`- ${title} is not installed\n`)
  const again = `  hint: bitnet-tasks preflight --backend ${backend} --repair=always\n`
  if (state === 'no provenance')
    return print(`✗ ${title}: ${folder} holds no ${PROVENANCE} that can be read\n${again}`)
  print(`✗ ${title}: ${problems.length} of ${checked} files are not as they were built\n`)
  for (const problem of problems.slice(0, 20)) print(`  ${clean(problem)}\n`)
  if (problems.length > 20) print(`  and ${problems.length - 20} more\n`)
  print(again)
}
