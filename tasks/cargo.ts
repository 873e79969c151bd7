// How cargo is called in a BitNet-rs checkout, so that the constants of its xtask flip.
import { type Command, root } from '../graph/index.ts'
import type { WorkspaceOptions } from './options.ts'
import { step } from './places.ts'
import { PLATFORM } from './platform.ts'
import { rpathVariables } from './rpath.ts'

/** The top of the checkout. */
const workspaceFile = root('workspace')

/** The installation that cargo is given. */
export const installedFile = root('installation')

/** rustup's own folder. */
const rustupFile = root('rustup')

/** Where cargo builds. */
export const targetFile = root('target')

/** Decide what cargo makes, or where; their values are part of the key. */
export const CARGO_ENV = [
  'RUSTUP_TOOLCHAIN',
  'RUSTC',
  'RUSTC_WRAPPER',
  'RUSTC_WORKSPACE_WRAPPER',
  'RUSTFLAGS',
  'CARGO_ENCODED_RUSTFLAGS',
  'CARGO_BUILD_RUSTFLAGS',
  'CARGO_BUILD_TARGET',
  'CARGO_BUILD_TARGET_DIR',
  'CARGO_TARGET_DIR',
  'CARGO_INCREMENTAL',
  'AR',
  'LIBCLANG_PATH',
  'BINDGEN_EXTRA_CLANG_ARGS',
  'CUDA_HOME',
  'CUDA_PATH',
  'PKG_CONFIG_PATH',
  'OPENSSL_DIR',
]

/** How crates are fetched and with how many jobs they are compiled. */
export const CARGO_PASSED = [
  'CARGO_HOME',
  'RUSTUP_HOME',
  'RUSTUP_AUTO_INSTALL',
  'CARGO_BUILD_JOBS',
  'CARGO_NET_OFFLINE',
  'CARGO_NET_GIT_FETCH_WITH_CLI',
  'CARGO_HTTP_CAINFO',
  'CARGO_HTTP_PROXY',
  'CARGO_HTTP_TIMEOUT',
  'SCCACHE_DIR',
  'SSH_AUTH_SOCK',
]

/** All of the checkout that may end up in xtask. */
export const WORKSPACE_SOURCES = [
  'Cargo.toml',
  'Cargo.lock?',
  'rust-toolchain?',
  'rust-toolchain.toml?',
  '.cargo/config.toml?',
  'build.rs?',
  'crossval/build.rs',
  'xtask/build.rs?',
  '{src,xtask,xtask-build-helper,crossval,crates}/**/*.{rs,toml,c,cc,cpp,cu,h,hpp,proto}',
  '!**/{target,node_modules}/**',
  '!{xtask,crossval,crates/*}/{tests,benches,examples}/**',
].map(workspaceFile)

/** rustup's proxies never change; these say which toolchain they stand for, and when it was updated. */
export const TOOLCHAIN = ['settings.toml?', 'update-hashes/*?'].map(rustupFile)

/**
 * The words of the build, as a person would type them.
 *
 * @example cargoBuild({ features: 'crossval-all', defaultFeatures: false })
 */
export function cargoBuild({ features, defaultFeatures }: WorkspaceOptions['build']): string[] {
  const gpu = defaultFeatures ? [] : ['--no-default-features']
  return ['cargo', 'build', '-p', 'xtask', '--features', features, ...gpu]
}

/** The package is bitnet-crossval; cleaning xtask alone leaves detection as it was. */
export const cargoClean: readonly string[] = ['cargo', 'clean', '-p', 'bitnet-crossval']

/**
 * What xtask is compiled against. Without BITNET_CPP_DIR libbitnet would count as half there; a
 * BITNET_CROSSVAL_LIBDIR of the person would be all that detection looks at, and no task passes it.
 */
export function cargoVariables({
  root: installation,
  llamaRoot,
  rpath,
}: WorkspaceOptions): Readonly<Record<string, string>> {
  return {
    ...(installation === undefined ? {} : { BITNET_CPP_DIR: installation }),
    ...(llamaRoot === undefined ? {} : { LLAMA_CPP_DIR: llamaRoot }),
    ...rpathVariables(rpath, PLATFORM),
  }
}

/** Runs the build, and sees to it that detection runs in it. */
export function rebuildXtask(
  { root: installation, build, clean }: WorkspaceOptions,
  answer: string,
): Command {
  const order = { build: cargoBuild(build), ...(clean ? { clean: cargoClean } : {}), answer }
  const against = installation === undefined ? '' : installedFile('')
  return step('rebuild-xtask', [workspaceFile(''), against], order)
}

/** Has the program that was built say which backends it knows. */
export function revalidateXtask(rebuilt: string, answer: string): Command {
  return step('revalidate-xtask', [rebuilt, answer])
}
