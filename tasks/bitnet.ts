// bitnet.cpp, Microsoft's: its CMake builds a llama.cpp of its own, whose libggml holds the BitNet
// kernels, and no libbitnet.
import type { Backend } from './backend.ts'

const LLAMA_INSIDE = '3rdparty/llama.cpp'
// Under the same name in 2024 and now; a model is loaded by another function than then.
const LLAMA_EXPORTS = ['llama_backend_init', 'llama_print_system_info']

export const BITNET: Backend = {
  name: 'bitnet',
  title: 'bitnet.cpp',
  folderVariable: 'BITNET_CPP_DIR',
  folder: 'bitnet_cpp',
  repositoryVariable: 'BITNET_CPP_REPO',
  pin: {
    ref: '4645960add917c8284ad05eebedca31f8848d45d',
    tree: '625beabf8aceb46a3aa085fa801921ae9dfdcaae',
  },
  mirrors: [{ kind: 'git', url: 'https://github.com/microsoft/BitNet' }],
  submodules: [
    {
      path: LLAMA_INSIDE,
      repositoryVariable: 'BITNET_CPP_LLAMA_REPO',
      tree: '9debabe0d49b908d029d4f5b0cb4557433620110',
      mirrors: [{ kind: 'git', url: 'https://github.com/Eddie-Wang1120/llama.cpp' }],
      // Its CMake reads common and examples whatever the options say; they are not compiled.
      sources: [
        'CMakeLists.txt',
        'LICENSE',
        'cmake/**?',
        'common/**?',
        'examples/**?',
        'ggml/**',
        'include/**',
        'src/**',
        'vendor/**?',
      ],
    },
  ],
  sources: [
    '.gitmodules?',
    'CMakeLists.txt',
    'LICENSE',
    'gpu/bitnet_kernels/**?',
    'include/**',
    'preset_kernels/**?',
    'src/**',
  ],
  configureSources: [
    'CMakeLists.txt',
    'include/**',
    'preset_kernels/**?',
    'src/CMakeLists.txt',
    `${LLAMA_INSIDE}/CMakeLists.txt`,
    `${LLAMA_INSIDE}/{cmake,common,examples,ggml,src}/**/{CMakeLists.txt,*.cmake,*.in}`,
  ],
  // TL1 and TL2 stay off: those kernels fit one model each, and TL2 compiles with clang alone. What is
  // left is I2_S, the format that BitNet-rs reads. The options of newer commits do no harm to this one.
  options: [
    '-DBITNET_ARM_TL1=OFF',
    '-DBITNET_X86_TL2=OFF',
    '-DLLAMA_BUILD_TESTS=OFF',
    '-DLLAMA_BUILD_SERVER=OFF',
  ],
  target: 'llama',
  // Included by all of ggml, and empty without TL1 and TL2; newer commits have it.
  standIns: [
    {
      file: 'include/bitnet-lut-kernels.h',
      from: {
        x64: 'preset_kernels/bitnet_b1_58-3B/bitnet-lut-kernels-tl2.h',
        arm64: 'preset_kernels/bitnet_b1_58-3B/bitnet-lut-kernels-tl1.h',
      },
    },
  ],
  libraries: { cpu: ['ggml', 'llama'], cuda: ['ggml', 'llama'] },
  pieces: ['ggml-base', 'ggml-cpu', 'ggml-cuda'],
  libraryFolders: [`${LLAMA_INSIDE}/ggml/src`, `${LLAMA_INSIDE}/src`, 'bin'],
  shim: { library: 'bitnet', genuine: 'gpu/bitnet_kernels/bitnet_kernels.cu' },
  includes: [
    { from: 'include', to: 'include' },
    { from: `${LLAMA_INSIDE}/include`, to: 'include' },
    { from: `${LLAMA_INSIDE}/ggml/include`, to: 'ggml/include' },
  ],
  symbols: {
    cpu: { llama: LLAMA_EXPORTS, ggml: ['quantize_i2_s'] },
    cuda: { llama: LLAMA_EXPORTS, ggml: ['quantize_i2_s', 'ggml_backend_cuda_reg'] },
  },
  constants: { hasBitnet: true, hasLlama: true, state: 'full' },
}
