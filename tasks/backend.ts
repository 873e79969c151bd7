// What there is to know of a C++ backend. One entry each: bitnet.ts, llama.ts.

export type BackendName = 'bitnet' | 'llama'
export type Device = 'cpu' | 'cuda'

/** Where a source can be had. All mirrors of a pin hold the same tree. */
export type Mirror =
  | { readonly kind: 'git'; readonly url: string }
  | {
      readonly kind: 'npm'
      readonly spec: string
      /** Of the tarball, as the registry gives it. */
      readonly integrity: string
      /** A git bundle inside the package. */
      readonly bundle: string
    }

/** A part of a source that is a repository of its own: a git submodule. */
export interface Submodule {
  /** Where it lies in the source. */
  readonly path: string
  /** Variable that names another repository for it. */
  readonly repositoryVariable: string
  /** At the pin. Its commit is what the pinned source says. */
  readonly tree: string
  /** Where the pinned commit can be had; of another source its own .gitmodules says. */
  readonly mirrors: readonly Extract<Mirror, { kind: 'git' }>[]
  /** What a build needs of it; globs from its top. */
  readonly sources: readonly string[]
}

/** A file that the build includes and a source may lack. */
export interface StandIn {
  readonly file: string
  /** The file of the same source that takes its place, by processor as Node names it. */
  readonly from: Readonly<Record<'x64' | 'arm64', string>>
}

/** A library that consumers look for by name and that the build does not make. */
export interface Shim {
  readonly library: string
  /** A file of the source that is compiled into the genuine library, for CUDA alone. */
  readonly genuine: string
}

export interface Backend {
  readonly name: BackendName
  /** As people write it. */
  readonly title: string
  /** Variable that names the installation instead of `~/.cache/<folder>`. */
  readonly folderVariable: string
  readonly folder: string
  /** Variable that names another repository. */
  readonly repositoryVariable: string
  readonly pin: { readonly ref: string; readonly tree: string }
  readonly mirrors: readonly Mirror[]
  readonly submodules: readonly Submodule[]
  /** All that the build reads of the tree, submodules apart; globs from its top, with '?' at the end where one may match nothing. */
  readonly sources: readonly string[]
  /** What configuring reads of it. */
  readonly configureSources: readonly string[]
  /** CMake options, beside those of the device. */
  readonly options: readonly string[]
  readonly target: string
  readonly standIns: readonly StandIn[]
  /** Libraries by base name, in the order in which they depend on each other. */
  readonly libraries: Readonly<Record<Device, readonly string[]>>
  /** Pieces into which other commits split these libraries; installed where a build made them. */
  readonly pieces: readonly string[]
  /** Folders of the build in which libraries lie. */
  readonly libraryFolders: readonly string[]
  readonly shim?: Shim
  /** Folders of headers that consumers need: where in the source, and where installed. */
  readonly includes: readonly { readonly from: string; readonly to: string }[]
  /** Symbols that a library, or one of its pieces, must export. */
  readonly symbols: Readonly<Record<Device, Readonly<Record<string, readonly string[]>>>>
  /** What BitNet-rs bakes in when it finds these libraries. */
  readonly constants: {
    readonly hasBitnet: boolean
    readonly hasLlama: boolean
    readonly state: 'full' | 'llama'
  }
}
