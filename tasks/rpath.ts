// Where a program finds its libraries when it runs. BitNet-rs merges such folders in xtask/build.rs; we
// hand it ours in that order, and refuse beforehand what it or the linker could not carry.

import type { Platform } from './platform.ts'

/** xtask/build.rs of BitNet-rs panics beyond it. */
export const LONGEST_RPATH = 4096

/**
 * The folders by priority: with links followed, each once, the empty and the missing left out.
 * Entries relative to the program (`$ORIGIN`, `@loader_path`) stay as they are.
 *
 * @example mergeRpath(['/a', '/b', '/a'], realPath) // ['/a', '/b']
 */
export function mergeRpath(
  folders: readonly string[],
  realPath: (path: string) => string | undefined,
): readonly string[] {
  const found = folders
    .filter((folder) => folder.trim() !== '')
    .map((folder) => (isRelativeToProgram(folder) ? folder : realPath(folder)))
    .filter((folder) => folder !== undefined)
  return [...new Set(found)]
}

/** Why these folders cannot be an RPATH of xtask; undefined when they can. */
export function rpathProblem(folders: readonly string[]): string | undefined {
  const comma = folders.find((folder) => folder.includes(','))
  if (comma !== undefined)
    return `'${comma}' holds a comma, at which '-Wl,-rpath,' of xtask/build.rs would cut it`
  const colon = folders.find((folder) => folder.includes(':') && !/^[A-Za-z]:[\\/]/.test(folder))
  if (colon !== undefined) return `'${colon}' holds a colon, which parts the folders of an RPATH`
  const length = Buffer.byteLength(folders.join(':'))
  if (length > LONGEST_RPATH)
    return `the folders of the libraries are ${length} bytes long, and an RPATH holds ${LONGEST_RPATH}`
  return undefined
}

/**
 * The variables from which xtask/build.rs makes the RPATH; each holds one folder that is there. It joins
 * both with a colon, of which macOS makes one entry that names nothing: there it gets the first alone.
 */
export function rpathVariables(
  folders: readonly string[],
  { name }: Pick<Platform, 'name'>,
): Readonly<Record<string, string>> {
  const [first, second] = folders
  // Windows has no RPATH: programs look along PATH.
  if (first === undefined || name === 'win32') return {}
  if (second === undefined || name === 'darwin') return { CROSSVAL_RPATH_BITNET: first }
  return { CROSSVAL_RPATH_BITNET: first, CROSSVAL_RPATH_LLAMA: second }
}

function isRelativeToProgram(folder: string): boolean {
  return /^(?:\$ORIGIN|\$\{ORIGIN\}|@loader_path|@executable_path)(?:\/|$)/.test(folder)
}
