// Which cargo features of BitNet-rs's xtask this host and this installation can serve.
import type { Host } from '../../graph/index.ts'

type Disk = Pick<Host['disk'], 'readText' | 'stat'>

/** How xtask is built, and why not in full. */
export interface ToolBuild {
  readonly features: string
  /** Its default feature is `gpu`, which links CUDA. */
  readonly defaultFeatures: boolean
  /** The header that decided for fewer features. */
  readonly reducedBy?: string
}

export interface ToolBuildQuestion {
  readonly disk: Disk
  /** The installation that xtask is compiled against, if there is one. */
  readonly root: string | undefined
  /** `--tool-features`. */
  readonly chosen?: string | undefined
}

/** The features to build with; a person's own choice is taken as it is. */
export function toolBuild({ disk, root, chosen }: ToolBuildQuestion): ToolBuild {
  const defaultFeatures = linksCuda(disk)
  if (chosen !== undefined) return { features: chosen, defaultFeatures }
  const header = root === undefined ? undefined : llamaHeader(disk, root)
  if (header === undefined || servesBoth(header.text))
    return { features: 'crossval-all', defaultFeatures }
  return { features: 'crossval', defaultFeatures, reducedBy: header.path }
}

// crossval's wrapper needs the API since 2025-01-12, where a vocabulary is an object of its own. The
// shim of bitnet-sys, which the feature `ffi` of `crossval-all` takes in, needs the one before. Both are in
// an older header that tasks/steps/fit-header.ts has fitted; without the newer names the wrapper does not
// compile either way, and no fewer features help.
function servesBoth(header: string): boolean {
  const isNew = /\bllama_model_get_vocab\s*\(/.test(header)
  return !isNew || /\bllama_n_vocab\s*\(\s*const struct llama_model\b/.test(header)
}

// In the order in which BitNet-rs looks for it.
const HEADERS = ['include/llama.h', '3rdparty/llama.cpp/include/llama.h', 'src/llama.h']

function llamaHeader(disk: Disk, root: string): { path: string; text: string } | undefined {
  for (const name of HEADERS) {
    const path = `${root}/${name}`
    const text = disk.readText(path)
    if (text !== undefined) return { path, text }
  }
  return undefined
}

// What bitnet-kernels links for the feature `gpu`, in the folders that it gives to the linker.
const CUDA_LIBRARIES = ['cuda', 'nvrtc', 'curand', 'cublas', 'cublasLt']
const CUDA_FOLDERS = [
  '/usr/local/cuda/lib64',
  '/usr/local/cuda/lib64/stubs',
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib64',
  '/usr/local/cuda/targets/aarch64-linux/lib',
  '/usr/local/cuda/targets/aarch64-linux/lib/stubs',
  '/usr/local/cuda/targets/x86_64-linux/lib',
  '/usr/local/cuda/targets/x86_64-linux/lib/stubs',
]

function linksCuda(disk: Disk): boolean {
  return CUDA_LIBRARIES.every((name) =>
    CUDA_FOLDERS.some((folder) => disk.stat(`${folder}/lib${name}.so`) !== undefined),
  )
}
