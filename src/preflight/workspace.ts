// A BitNet-rs checkout, and what its xtask was compiled with. The cached preflight asks this, so it is a
// few stats and one small file: cargo is not asked.
import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'

import { PLATFORM } from '../../tasks/platform.ts'
import { namesIn } from '../folder-names.ts'

/** What `crossval/build.rs` of BitNet-rs found when xtask was last built, baked into the program. */
export interface ToolConstants {
  readonly hasBitnet: boolean
  readonly hasLlama: boolean
  /** full, llama or none. */
  readonly state: string
  /** Folders of libraries, as the build saw them. */
  readonly rpaths: readonly string[]
  /** The file that says so. */
  readonly output: string
  /** When detection ran, in milliseconds. */
  readonly at: number
  /** The program itself; undefined when it is not there. */
  readonly program: ToolProgram | undefined
}

export interface ToolProgram {
  readonly path: string
  /** When it was linked, in milliseconds. */
  readonly builtAt: number
  /** Whether its last build took the crossval crate in. */
  readonly hasCrossval: boolean
}

/** Whether xtask knows the backends; if not, why, in a few words. */
export type ToolState =
  | { readonly state: 'agree'; readonly constants: ToolConstants }
  | {
      readonly state: 'disagree'
      readonly why: string
      readonly constants: ToolConstants | undefined
    }

/** The checkout in which a folder lies: its top. */
export function findWorkspace(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (isWorkspace(folder)) return folder
    if (dirname(folder) === folder) return undefined
  }
}

/** Whether a folder is the top of a BitNet-rs checkout: told by the names of its packages. */
export function isWorkspace(folder: string): boolean {
  return (
    isThere(join(folder, 'crossval', 'build.rs')) &&
    packageName(join(folder, 'xtask', 'Cargo.toml')) === 'xtask' &&
    packageName(join(folder, 'crossval', 'Cargo.toml')) === CROSSVAL
  )
}

/** The package in `crossval/`: `cargo clean -p crossval` of the specifications names none. */
const CROSSVAL = 'bitnet-crossval'

/** The constants of the last build with detection; undefined when there was none. */
export function readConstants(
  workspace: string,
  env: Readonly<Record<string, string | undefined>>,
): ToolConstants | undefined {
  let newest: ToolConstants | undefined
  for (const output of outputsIn(targetFolder(workspace, env))) {
    const at = statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0
    if (newest === undefined || at > newest.at) newest = constantsIn(output, at) ?? newest
  }
  return newest
}

/**
 * Whether xtask was compiled with the libraries of the wanted backends, and they are still there.
 *
 * @example toolState('/src/BitNet-rs', { bitnet: false, llama: true }, process.env).state
 */
export function toolState(
  workspace: string,
  wanted: { readonly bitnet: boolean; readonly llama: boolean },
  env: Readonly<Record<string, string | undefined>>,
): ToolState {
  const constants = readConstants(workspace, env)
  const why = constants === undefined ? NEVER_BUILT : disagreement(constants, wanted)
  if (constants === undefined || why !== undefined)
    return { state: 'disagree', why: why ?? NEVER_BUILT, constants }
  return { state: 'agree', constants }
}

const NEVER_BUILT = 'xtask was never built with --features crossval-all'

function disagreement(
  { hasBitnet, hasLlama, state, rpaths, at, program }: ToolConstants,
  wanted: { readonly bitnet: boolean; readonly llama: boolean },
): string | undefined {
  if (wanted.bitnet && !hasBitnet) return 'HAS_BITNET is false in xtask'
  if (wanted.llama && !hasLlama) return 'HAS_LLAMA is false in xtask'
  // Found without BITNET_CPP_DIR, libbitnet counts as there and its state as none.
  if (wanted.bitnet && state !== 'full') return `BACKEND_STATE is ${state} in xtask`
  const gone = rpaths.find((folder) => !isThere(folder))
  if (gone !== undefined) return `xtask was built against '${gone}', which is gone`
  if (program === undefined) return 'the program xtask is not there'
  if (!program.hasCrossval) return 'xtask was last built without --features crossval-all'
  if (program.builtAt < at) return 'xtask is older than its detection: its last build did not end'
  return undefined
}

/** Where cargo builds: a variable, else the settings of the checkout or of the person, else `target`. */
export function targetFolder(
  workspace: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const chosen = env['CARGO_TARGET_DIR'] || env['CARGO_BUILD_TARGET_DIR']
  if (chosen) return isAbsolute(chosen) ? chosen : join(workspace, chosen)
  const own = env['CARGO_HOME'] || join(env['HOME'] ?? '', '.cargo')
  const folders = [join(workspace, '.cargo'), own]
  const found = folders.flatMap((folder) => targetSetting(folder) ?? [])
  return found[0] ?? join(workspace, 'target')
}

// cargo reads a relative path from the folder that holds the one of its settings.
function targetSetting(folder: string): string | undefined {
  const text = textOf(join(folder, 'config.toml')) ?? textOf(join(folder, 'config')) ?? ''
  const section = /^\[build\]$((?:\n(?!\[).*)*)/m.exec(text)?.[1] ?? ''
  const path = /^target-dir *= *["']([^"']+)["']/m.exec(section)?.[1]
  if (path === undefined) return undefined
  return isAbsolute(path) ? path : join(dirname(folder), path)
}

// target/<profile>/build/bitnet-crossval-<hash>/output, and one deeper where a target triple is chosen.
function outputsIn(target: string): string[] {
  const profiles = foldersIn(target).flatMap((one) => [one, ...foldersIn(one)])
  return profiles
    .map((profile) => join(profile, 'build'))
    .flatMap((build) => namesIn(build).map((name) => join(build, name)))
    .filter((path) => new RegExp(`[/\\\\]${CROSSVAL}-[0-9a-f]+$`).test(path))
    .map((folder) => join(folder, 'output'))
}

// A build without the ffi features runs the same script, and says nothing of libraries.
function constantsIn(output: string, at: number): ToolConstants | undefined {
  const said = new Map(
    [...(textOf(output) ?? '').matchAll(/^cargo::?rustc-env=(CROSSVAL_\w+)=(.*)$/gm)].map(
      ([, key, value]) => [key as string, value as string],
    ),
  )
  const hasBitnet = said.get('CROSSVAL_HAS_BITNET')
  const hasLlama = said.get('CROSSVAL_HAS_LLAMA')
  if (hasBitnet === undefined || hasLlama === undefined) return undefined
  return {
    hasBitnet: hasBitnet === 'true',
    hasLlama: hasLlama === 'true',
    state: said.get('CROSSVAL_BACKEND_STATE') ?? 'none',
    rpaths: (said.get('CROSSVAL_RPATH_BITNET') ?? '').split(':').filter((path) => path !== ''),
    output,
    at,
    program: programBeside(output),
  }
}

function programBeside(output: string): ToolProgram | undefined {
  const profile = dirname(dirname(dirname(output)))
  const path = join(profile, PLATFORM.program('xtask'))
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  // cargo lists the sources of what it put there last: a build without the features leaves crossval out.
  const sources = textOf(join(profile, 'xtask.d')) ?? ''
  return { path, builtAt: stat.mtimeMs, hasCrossval: /[/\\]crossval[/\\]src[/\\]/.test(sources) }
}

function packageName(manifest: string): string | undefined {
  const section = /^\[package\]$([^[]*)/m.exec(textOf(manifest) ?? '')?.[1]
  return /^name *= *"([^"]*)"/m.exec(section ?? '')?.[1]
}

function foldersIn(folder: string): string[] {
  return namesIn(folder).map((name) => join(folder, name))
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
