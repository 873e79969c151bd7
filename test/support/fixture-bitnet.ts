// Two git repositories of BitNet's shape: the superproject, and its llama.cpp as a submodule with an
// address that is relative to it. Its libraries lie in two folders, as they do in the real one.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { commitAll, type FixtureRepo, git } from './fixture-repo.ts'

export interface FixtureBitnet extends FixtureRepo {
  /** The repository of the submodule. */
  readonly llama: { readonly dir: string; readonly commit: string }
}

export interface BitnetOptions {
  /** Newer commits have include/bitnet-lut-kernels.h. */
  readonly header?: boolean
  /** What .gitmodules says; relative unless given. */
  readonly submoduleUrl?: string
  /** Changes the files before they are committed. */
  readonly edit?: (folders: { readonly bitnet: string; readonly llama: string }) => void
}

export const SUBMODULE = '3rdparty/llama.cpp'

const fixture = join(import.meta.dirname, 'fixture-bitnet')
const tag = 'v1.0'

/** Makes both repositories in `into`, each with one commit, and tags that of the superproject. */
export function fixtureBitnet(into: string, options: BitnetOptions = {}): FixtureBitnet {
  const [dir, llama] = ['BitNet', 'llama.cpp'].map((name) => {
    const folder = resolve(into, name)
    mkdirSync(folder, { recursive: true })
    cpSync(join(fixture, name), folder, { recursive: true })
    return folder
  }) as [string, string]
  if (options.header)
    writeFileSync(
      join(dir, 'include/bitnet-lut-kernels.h'),
      '#define BITNET_LUT_KERNELS "of the tree"\n',
    )
  options.edit?.({ bitnet: dir, llama })
  for (const folder of [dir, llama])
    git(folder, 'init', '--quiet', '--template=', '--initial-branch=main')
  const commit = commitAll(llama, 'fixture of the llama.cpp of BitNet')
  const url = options.submoduleUrl ?? '../llama.cpp'
  writeFileSync(
    join(dir, '.gitmodules'),
    `[submodule "${SUBMODULE}"]\n\tpath = ${SUBMODULE}\n\turl = ${url}\n\tbranch = main\n`,
  )
  git(dir, 'update-index', '--add', '--cacheinfo', `160000,${commit},${SUBMODULE}`)
  const own = commitBeside(dir)
  git(dir, 'tag', tag)
  const tree = git(dir, 'rev-parse', 'HEAD^{tree}')
  return { url: dir, commit: own, tree, tag, dir, llama: { dir: llama, commit } }
}

/** A checkout with its submodule, as `git clone --recurse-submodules` makes it. */
export function checkoutOf(repo: FixtureBitnet, into: string): string {
  mkdirSync(into, { recursive: true })
  git(
    into,
    '-c',
    'protocol.file.allow=always',
    'clone',
    '--quiet',
    '--recurse-submodules',
    repo.url,
    '.',
  )
  return into
}

// Not `add --all`: the work tree of the superproject has no folder for the submodule.
function commitBeside(dir: string): string {
  git(dir, 'add', '--force', '--', ':/', `:!${SUBMODULE}`)
  git(dir, 'commit', '--quiet', '--no-verify', '--message', 'fixture of BitNet')
  return git(dir, 'rev-parse', 'HEAD')
}
