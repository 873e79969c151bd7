// `cargo run` of the consumer tool of a BitNet-rs checkout: it rebuilds xtask where that is not there.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

import { platformOf } from '../../tasks/platform.ts'

/** How xtask is built in a checkout. */
export interface CargoTool {
  /** The checkout: the absolute folder of its Cargo.toml. */
  readonly workspace: string
  /** crossval-all without. */
  readonly features?: string
  /** False where xtask's own defaults do not link: on a host without CUDA. */
  readonly defaultFeatures?: boolean
  /** What it was compiled with: with other variables cargo would link it again, to other folders. */
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The environment of its `cargo run`. What would mislead its detection stays behind, as in the rebuild: a
 * library folder of one backend would be all that the RPATH holds.
 */
export function cargoEnvironment(
  tool: CargoTool,
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !MISLEADING.test(name))
  return { ...Object.fromEntries(kept), ...tool.env }
}

const MISLEADING = /^(BITNET_CROSSVAL_LIBDIR|BITNET_CPP_PATH|CROSSVAL_\w+)$/

/** The words of `cargo` that run xtask with arguments; `--` keeps those from cargo. */
export function cargoRun(tool: CargoTool, args: readonly string[], cwd: string): readonly string[] {
  return [...cargoWords(tool, cwd), '--', ...args]
}

/** The same up to the `--`. cargo itself would look from the working directory upward. */
export function cargoWords(tool: CargoTool, cwd: string): readonly string[] {
  const { workspace, features = 'crossval-all', defaultFeatures = true } = tool
  return [
    ...['run', '-p', 'xtask'],
    ...['--features', features],
    ...(defaultFeatures ? [] : ['--no-default-features']),
    ...(cwd === workspace ? [] : ['--manifest-path', join(workspace, 'Cargo.toml')]),
  ]
}

/**
 * The cargo of a PATH.
 *
 * @throws what the system says of it: `code` ENOENT or EACCES
 */
export function findCargo(path: string | undefined, platform: NodeJS.Platform): string {
  const name = platformOf(platform).program('cargo')
  // Never from the working directory, which an empty or relative part would mean.
  const folders = (path ?? '').split(delimiter).filter(isAbsolute)
  const found = folders
    .map((folder) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
  const fit = found.find(isExecutable)
  if (fit !== undefined) return fit
  if (found[0] !== undefined) accessSync(found[0], constants.X_OK)
  const error = new Error("ENOENT: no such file or directory, 'cargo' is in no folder of PATH")
  throw Object.assign(error, { code: 'ENOENT' })
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
