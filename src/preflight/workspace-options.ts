// Which checkout is meant, and how its xtask is built against an installation.
import { resolve } from 'node:path'

import { GraphError, type Host } from '../../graph/index.ts'
import type { WorkspaceOptions } from '../../tasks/options.ts'
import { mergeRpath, rpathProblem } from '../../tasks/rpath.ts'
import { type ToolBuild, toolBuild } from './tool-features.ts'
import { findWorkspace, isWorkspace, targetFolder } from './workspace.ts'

/**
 * The BitNet-rs checkout that is meant: the one of --workspace, else the one around the folder.
 *
 * @throws GraphError 'bad-file' when --workspace names none
 */
export function workspaceOf({
  workspace,
  folder,
}: {
  readonly workspace?: string | undefined
  readonly folder: string
}): string | undefined {
  if (workspace === undefined) return findWorkspace(folder)
  const path = resolve(folder, workspace)
  if (isWorkspace(path)) return path
  throw new GraphError(`--workspace ${workspace}: '${path}' is no BitNet-rs checkout`, {
    code: 'bad-file',
    place: path,
    hint: 'give the folder that holds crossval/build.rs and xtask/Cargo.toml',
  })
}

interface Against {
  readonly workspace: string
  /** What cargo gets as BITNET_CPP_DIR; undefined for an xtask without a backend. */
  readonly root: string | undefined
  readonly llamaRoot?: string | undefined
  readonly cleanTool?: boolean
  readonly toolFeatures?: string
}

/** How xtask is built so that it knows an installation; or why it cannot be. */
export function workspaceOptions(
  { disk, env }: Pick<Host, 'disk' | 'env'>,
  { workspace, root, llamaRoot, cleanTool, toolFeatures }: Against,
):
  | { readonly options: WorkspaceOptions; readonly build: ToolBuild }
  | { readonly problem: string } {
  // What is compiled in outlives the link by which an installation is reached.
  const real = (path: string): string => disk.realPath(path) ?? path
  const given = [root, llamaRoot].filter((one) => one !== undefined)
  const [first, second] = [...new Set(given.map(real))]
  const rpath = mergeRpath(
    given.map((folder) => `${real(folder)}/lib`),
    (path) => disk.realPath(path),
  )
  const problem = rpathProblem(rpath)
  if (problem !== undefined)
    return { problem: `${problem}; choose another one (BITNET_CPP_DIR, LLAMA_CPP_DIR)` }
  const build = toolBuild({ disk, root, chosen: toolFeatures })
  const options: WorkspaceOptions = {
    path: workspace,
    target: targetFolder(workspace, env),
    rustup: env['RUSTUP_HOME'] || `${env['HOME'] ?? ''}/.rustup`,
    ...(first === undefined ? {} : { root: first }),
    ...(second === undefined ? {} : { llamaRoot: second }),
    rpath,
    build: { features: build.features, defaultFeatures: build.defaultFeatures },
    ...(cleanTool ? { clean: true } : {}),
  }
  return { options, build }
}
