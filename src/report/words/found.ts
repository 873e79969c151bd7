// What was found on the disk, and where it was looked for.
import type { Backend } from '../../../tasks/backends.ts'
import type { Given } from '../../../tasks/options.ts'
import { type FoundLibrary, type Place, type SearchList, seenAs } from '../../preflight/search.ts'
import { again } from './block.ts'

export interface Late {
  readonly backend: Backend
  readonly location: string
  /** The program that was compiled too early. */
  readonly tool: string
  /** What it was compiled with, where that is not simply nothing. */
  readonly why?: string | undefined
  /** The commands that compile it anew. */
  readonly rebuild: readonly string[]
}

/** The libraries are there, and the tool that consumes them does not know: how to make it know. */
export function detectedLate(late: Late): string {
  const { backend, tool, rebuild } = late
  const repair = `${again(backend)} --repair=auto`
  const alternative = rebuild.includes(repair)
    ? []
    : ['Or enable auto-repair:', '', `  ${repair}`, '']
  return [
    ...detectedAt(late),
    `To enable full integration, rebuild ${tool}:`,
    '',
    ...rebuild.map((command) => `  ${command}`),
    '',
    ...alternative,
    '',
  ].join('\n')
}

/** What was found and where, and what that means. */
export function detectedAt({ backend, location, tool, why }: Late): readonly string[] {
  const meaning =
    why === undefined
      ? `This means ${tool} was compiled before libraries were installed.`
      : `What ${tool} was compiled with does not fit them: ${why}.`
  return [
    `⚠️  ${backend.title} libraries detected at runtime but not at build time`,
    '',
    `Location: ${location}`,
    '',
    meaning,
  ]
}

/** One line for what takes the place of a fetch. */
export function usesGiven({ title }: Backend, given: Given): string {
  const what = {
    libraries: `the ${title} libraries in '${given.path}' are used as they are`,
    source: `${title} is built from the source tree '${given.path}', which is only read`,
    archive: `${title} is built from the archive '${given.path}'`,
  }
  return `[preflight] ${what[given.kind]}`
}

/** The search list, folder by folder, for --verbose. */
export function searched(
  lists: readonly SearchList[],
  lookInto: (folder: string) => Place,
): readonly string[] {
  return lists.flatMap(({ of, because, folders }) => [
    `[preflight] Search list of ${of} (${because}):`,
    ...(folders.length === 0 ? ['  no folder'] : []),
    ...folders.map((folder) => `  ${folder}: ${contents(lookInto(folder))}`),
  ])
}

// libllama.so stands for libllama.so.0 and libllama.so.0.5.0 beside it.
function contents({ exists, libraries }: Place): string {
  if (!exists) return 'not there'
  const shown = libraries.filter(
    (one) =>
      one.trouble !== undefined ||
      seenAs(one.file) !== undefined ||
      !libraries.some(({ base, file }) => base === one.base && seenAs(file) !== undefined),
  )
  return shown.length === 0 ? 'no libraries' : shown.map(library).join(', ')
}

function library({ file, trouble }: FoundLibrary): string {
  if (trouble !== undefined) return `${file} (${trouble})`
  return seenAs(file) === undefined ? `${file} (BitNet-rs does not look for this name)` : file
}

/** What a tool was compiled with, as BitNet-rs names it. */
export function constantsOf(
  tool: string,
  constants: { readonly hasBitnet: boolean; readonly hasLlama: boolean; readonly state: string },
): string {
  const { hasBitnet, hasLlama, state } = constants
  return `[preflight] Constants of ${tool}: HAS_BITNET=${hasBitnet}, HAS_LLAMA=${hasLlama}, BACKEND_STATE=${state}`
}
