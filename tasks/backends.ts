// The C++ backends: where their sources are, what a build of them is, what must come out. One entry
// each; the rest of the project reads this table and assumes no backend.

export type BackendName = 'llama'
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
  /** All that the build reads of the tree; globs from its top. */
  readonly sources: readonly string[]
  /** What configuring reads of it. */
  readonly configureSources: readonly string[]
  /** CMake options, beside those of the device. */
  readonly options: readonly string[]
  readonly target: string
  /** Libraries by base name, in the order in which they depend on each other. */
  readonly libraries: Readonly<Record<Device, readonly string[]>>
  /** Folders of the build in which they lie. */
  readonly libraryFolders: readonly string[]
  /** Folders of headers that consumers need; they keep their place. */
  readonly includes: readonly string[]
  /** Symbols that must be exported, by library. */
  readonly symbols: Readonly<Record<string, readonly string[]>>
  /** What BitNet-rs bakes in when it finds these libraries. */
  readonly constants: {
    readonly hasBitnet: boolean
    readonly hasLlama: boolean
    readonly state: 'full' | 'llama'
  }
}

const LLAMA: Backend = {
  name: 'llama',
  title: 'llama.cpp',
  folderVariable: 'LLAMA_CPP_DIR',
  folder: 'llama_cpp',
  repositoryVariable: 'LLAMA_CPP_REPO',
  // The tree, not the commit: the npm bundle is squashed, its commit is another and its tree the same.
  pin: { ref: 'v0.5.0', tree: 'fd570ef54b10ec5fecb739e7e04c8ce44a6f415a' },
  mirrors: [
    { kind: 'git', url: 'https://github.com/ggerganov/llama.cpp' },
    {
      kind: 'npm',
      spec: 'node-llama-cpp@3.22.1',
      integrity:
        'sha512-bltIipuWmc123H7tMIgDGKSsSrhmhlQYeVUC48XTjVW7XGJJiJJyCdlTMzQ/LiWoPkGDpcL4FviDpgw7qfTiDw==',
      bundle: 'llama/gitRelease.bundle',
    },
  ],
  sources: [
    'CMakeLists.txt',
    'LICENSE',
    'cmake/**',
    'ggml/**',
    'include/**',
    'src/**',
    'vendor/**',
  ],
  configureSources: [
    'CMakeLists.txt',
    'cmake/**',
    '{ggml,src,vendor}/**/{CMakeLists.txt,*.cmake,*.in}',
  ],
  // Not here: LLAMA_CURL (gone, and silently accepted). TOOLS on would go to the network at build time.
  options: [
    '-DLLAMA_BUILD_COMMON=OFF',
    '-DLLAMA_BUILD_TESTS=OFF',
    '-DLLAMA_BUILD_TOOLS=OFF',
    '-DLLAMA_BUILD_EXAMPLES=OFF',
    '-DLLAMA_BUILD_SERVER=OFF',
    '-DLLAMA_BUILD_APP=OFF',
  ],
  target: 'llama',
  libraries: {
    cpu: ['ggml-base', 'ggml-cpu', 'ggml', 'llama'],
    cuda: ['ggml-base', 'ggml-cpu', 'ggml-cuda', 'ggml', 'llama'],
  },
  libraryFolders: ['bin'],
  includes: ['include', 'ggml/include'],
  symbols: {
    llama: ['llama_backend_init', 'llama_print_system_info', 'llama_model_load_from_file'],
    'ggml-cuda': ['ggml_backend_cuda_reg'],
  },
  constants: { hasBitnet: false, hasLlama: true, state: 'llama' },
}

export const BACKENDS: Readonly<Record<BackendName, Backend>> = { llama: LLAMA }

export const BACKEND_NAMES = Object.keys(BACKENDS) as readonly BackendName[]

export const DEVICES: readonly Device[] = ['cpu', 'cuda']
