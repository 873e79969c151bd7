// What a person chooses for a repair: everything in it is part of a command or of a path.
import type { BackendName } from './backends.ts'

/** Sources or libraries of a backend, used where they lie and never written to. Paths are absolute. */
export type Given =
  | { readonly kind: 'source'; readonly path: string }
  /** A tar file, compressed by gzip, of a source tree. */
  | { readonly kind: 'archive'; readonly path: string }
  | GivenLibraries

/** Libraries that somebody else has built. */
export interface GivenLibraries {
  readonly kind: 'libraries'
  readonly path: string
  /** The libraries, by folder below `path`: the folders in the order in which they are looked through. */
  readonly libraries: readonly { readonly folder: string; readonly files: readonly string[] }[]
  /** Folders below `path` that hold llama.h and ggml.h; none where there are no headers. */
  readonly headers: readonly string[]
}

export interface RepairOptions {
  /** What is on this machine and takes the place of a fetch. */
  readonly given?: Readonly<Partial<Record<BackendName, Given>>>
  /** Another repository than the pinned ones. */
  readonly repository?: Readonly<Partial<Record<BackendName, string>>>
  /** Another repository for a submodule, by its path in the source. */
  readonly submoduleRepository?: Readonly<Record<string, string>>
  /** Another commit, tag or branch than the pin. */
  readonly ref?: Readonly<Partial<Record<BackendName, string>>>
  /** CMake's generator; Ninja where it is installed. */
  readonly generator?: 'Ninja' | 'Unix Makefiles'
  /** For CUDA, as '86;90'; the compiler's choice for this machine's GPU otherwise. */
  readonly cudaArchitectures?: string
  /** Names or paths of the compilers; from CC and CXX. */
  readonly compilers?: {
    readonly c: string
    readonly cxx: string
    /** cmake would not find them by itself: clang-18. */
    readonly isVersioned?: boolean
  }
  /** A BitNet-rs checkout whose xtask is rebuilt. */
  readonly workspace?: WorkspaceOptions
}

/** How the xtask of a checkout is built, and against what. */
export interface WorkspaceOptions {
  /** The top of the checkout. Absolute. */
  readonly path: string
  /** Where cargo builds. Absolute. */
  readonly target: string
  /** rustup's folder. Absolute. */
  readonly rustup: string
  /** The installation that cargo gets as BITNET_CPP_DIR. Absolute, links followed; none: without a backend. */
  readonly root?: string
  /** An installation of llama.cpp beside it. */
  readonly llamaRoot?: string
  /** Folders of libraries that xtask searches when it starts, by priority. */
  readonly rpath: readonly string[]
  readonly build: { readonly features: string; readonly defaultFeatures: boolean }
  /** `cargo clean -p bitnet-crossval` first, instead of touching crossval/build.rs. */
  readonly clean?: boolean
}
