// llama.cpp: where its source is, what a build of it is, what must come out.
import type { Backend } from './backend.ts'

const LLAMA_EXPORTS = [
  'llama_backend_init',
  'llama_print_system_info',
  'llama_model_load_from_file',
]

export const LLAMA: Backend = {
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
  submodules: [],
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
  standIns: [],
  libraries: {
    cpu: ['ggml-base', 'ggml-cpu', 'ggml', 'llama'],
    cuda: ['ggml-base', 'ggml-cpu', 'ggml-cuda', 'ggml', 'llama'],
  },
  pieces: [],
  libraryFolders: ['bin'],
  includes: [
    { from: 'include', to: 'include' },
    { from: 'ggml/include', to: 'ggml/include' },
  ],
  symbols: {
    cpu: { llama: LLAMA_EXPORTS },
    cuda: { llama: LLAMA_EXPORTS, 'ggml-cuda': ['ggml_backend_cuda_reg'] },
  },
  constants: { hasBitnet: false, hasLlama: true, state: 'llama' },
}
