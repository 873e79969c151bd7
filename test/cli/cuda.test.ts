// timeout: 600
// A build for CUDA through the built program: with nvcc where it is on PATH, and everywhere a configure
// that forgets about CUDA and says nothing. No GPU is needed to compile, and none is asked.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'

import { type FixtureBitnet, fixtureBitnet } from '../support/fixture-bitnet.ts'
import { suite } from '../support/suite.ts'
import { inHome } from './support/home.ts'
import { bitnetTasks, type Ended } from './support/program.ts'
import { variant } from './support/variant.ts'

const cuda = suite('cuda')

const hasNvcc = (process.env['PATH'] ?? '')
  .split(delimiter)
  .some((folder) => fs.existsSync(join(folder, 'nvcc')))
if (!hasNvcc) process.stderr.write('cuda.test.ts: no nvcc on PATH; nothing is compiled for CUDA\n')

/** A test that compiles for CUDA; where that cannot be, it is counted as skipped. */
function withNvcc(title: string, body: (home: string) => Promise<void>): void {
  if (hasNvcc) cuda(title, inHome(body))
  else cuda.skip()
}

const cache = (home: string, path: string): string => join(home, '.cache/bitnet-tasks', path)
const read = (path: string): string => fs.readFileSync(path, 'utf8')
const ARCHITECTURE = ['--cuda-arch', '80']

function run(
  home: string,
  of: FixtureBitnet,
  node: string,
  PATH = process.env['PATH'],
): Promise<Ended> {
  const env = { BITNET_CPP_REPO: of.url, PATH }
  return bitnetTasks(['run', node, '--ref', of.tag, ...ARCHITECTURE], { home, env })
}

const KERNEL = `
static __global__ void fill(float * values) { values[threadIdx.x] = 1.0f; }
extern "C" void fill_all(float * values) { fill<<<1, 32>>>(values); }
`

/** The library has device code in it, for the architecture that was asked for. */
function assertDeviceCode(library: string, build: string): void {
  const sections = execFileSync('readelf', ['-S', '--wide', library], { encoding: 'utf8' })
  assert.match(sections, / \.nv_fatbin /)
  assert.match(read(join(build, 'build.ninja')), /arch=compute_80,code=\[?[\w,]*sm_80/)
}

withNvcc(
  'AC-070 llama.cpp for CUDA: nvcc compiles for the named architecture, and the contract holds',
  async (home) => {
    const repo = variant(join(home, 'llama.cpp'), {
      'ggml/src/CMakeLists.txt': (text) =>
        text
          .replace('find_package(CUDAToolkit REQUIRED)', '$&\n  enable_language(CUDA)')
          .replace('ggml-cuda/ggml-cuda.cpp', '$& ggml-cuda/scale.cu'),
      // One real kernel beside it.
      'ggml/src/ggml-cuda/ggml-cuda.cpp': (text) => {
        fs.writeFileSync(join(home, 'llama.cpp/ggml/src/ggml-cuda/scale.cu'), KERNEL)
        return `${text}\nextern "C" void fill_all(float *);\nvoid ggml_cuda_fill(float * all) { fill_all(all); }\n`
      },
    })
    const args = ['run', 'cmake-build[llama,cuda]', '--ref', 'v0.5.0', ...ARCHITECTURE]
    const { code, stderr } = await bitnetTasks(args, { home, env: { LLAMA_CPP_REPO: repo.url } })
    assert.is(code, 0, stderr)
    const library = cache(home, 'prefix/llama-cuda/lib/libggml-cuda.so')
    assert.match(
      execFileSync('nm', ['-D', library], { encoding: 'utf8' }),
      / T ggml_backend_cuda_reg\n/,
    )
    const build = cache(home, 'build/llama-cuda')
    assertDeviceCode(library, build)
    assert.match(read(join(build, 'CMakeCache.txt')), '\nGGML_CUDA:BOOL=ON\n')
    assert.not.match(read(join(build, 'CMakeCache.txt')), 'CUBLAS:BOOL=ON')
  },
)

withNvcc(
  'AC-057 AC-070 bitnet.cpp for CUDA: device code in its one libggml, and the shim',
  async (home) => {
    const repo = fixtureBitnet(home)
    const args = ['preflight', '--backend', 'bitnet', '--device', 'cuda', '--json']
    const { code, stdout, stderr } = await bitnetTasks(
      [...args, '--ref', repo.tag, ...ARCHITECTURE],
      {
        home,
        env: { BITNET_CPP_REPO: repo.url },
      },
    )
    assert.is(code, 0, stderr)
    const { how, libbitnet } = JSON.parse(stdout).backends[0]
    assert.equal([how, libbitnet], ['auto-repaired', 'shim'])
    const installed = join(home, '.cache/bitnet_cpp')
    assert.is(JSON.parse(read(join(installed, '.bitnet-tasks.json'))).device, 'cuda')
    assertDeviceCode(join(installed, 'lib/libggml.so'), cache(home, 'build/bitnet-cuda'))
  },
)

withNvcc(
  'AC-057 a source that has the kernels of a genuine libbitnet gets that, for CUDA',
  async (home) => {
    const repo = fixtureBitnet(home, {
      edit: ({ bitnet }) => {
        fs.mkdirSync(join(bitnet, 'gpu/bitnet_kernels'), { recursive: true })
        fs.writeFileSync(join(bitnet, 'gpu/bitnet_kernels/bitnet_kernels.cu'), KERNEL)
      },
    })
    const { code, stderr } = await run(home, repo, 'gen-detect-constants[bitnet,cuda]')
    assert.is(code, 0, stderr)
    const constants = JSON.parse(read(cache(home, 'constants/bitnet-cuda/detect-constants.json')))
    assert.is(constants.libbitnet, 'genuine')
    const header = read(cache(home, 'constants/bitnet-cuda/detect_constants.h'))
    assert.match(header, '#define BT_LIBBITNET "genuine"\n')
    const library = cache(home, 'prefix/bitnet-cuda/lib/libbitnet.so')
    assert.match(execFileSync('nm', ['-D', library], { encoding: 'utf8' }), / T fill_all\n/)
    assertDeviceCode(library, cache(home, 'build/libbitnet-bitnet-cuda'))
    const dynamic = execFileSync('readelf', ['-d', library], { encoding: 'utf8' })
    assert.match(dynamic, /RUNPATH\).*\[\$ORIGIN\]/)
  },
)

/** PATH with an nvcc in front that compiles nothing: it is there to be found. */
function withFakeNvcc(home: string): string {
  const folder = join(home, 'fake')
  fs.mkdirSync(folder)
  fs.writeFileSync(join(folder, 'nvcc'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  return `${folder}${delimiter}${process.env['PATH']}`
}

cuda(
  'AC-072 a configure for CUDA that silently builds for the CPU alone fails, by the artefact: exit 5',
  inHome(async (home) => {
    const repo = fixtureBitnet(home, {
      edit: ({ llama }) => {
        const path = join(llama, 'CMakeLists.txt')
        fs.appendFileSync(path, '# As on a machine where cmake finds no CUDA.\n')
        const text = read(path).replace(
          'add_subdirectory(ggml)',
          'set(CMAKE_DISABLE_FIND_PACKAGE_CUDAToolkit ON)\n$&',
        )
        fs.writeFileSync(path, text)
      },
    })
    const { code, stderr } = await run(home, repo, 'cmake-build[bitnet,cuda]', withFakeNvcc(home))
    assert.is(code, 5, stderr)
    assert.match(stderr, "libggml.so' does not export 'ggml_backend_cuda_reg'")
    assert.match(stderr, 'cmake-configure[bitnet,cuda] changed')
  }),
)

cuda(
  'AC-072 so does one that turns the option itself off',
  inHome(async (home) => {
    const repo = fixtureBitnet(home, {
      edit: ({ llama }) => {
        const path = join(llama, 'CMakeLists.txt')
        const off = 'set(GGML_CUDA OFF CACHE BOOL "off again" FORCE)\nadd_subdirectory(ggml)'
        fs.writeFileSync(path, read(path).replace('add_subdirectory(ggml)', off))
        const source = join(llama, 'ggml/src/ggml.c')
        fs.appendFileSync(source, 'const char * ggml_backend_cuda_reg(void) { return "none"; }\n')
      },
    })
    const { code, stderr } = await run(home, repo, 'cmake-build[bitnet,cuda]', withFakeNvcc(home))
    assert.is(code, 5, stderr)
    assert.match(stderr, 'CMakeCache.txt does not say GGML_CUDA:BOOL=ON')
  }),
)

cuda.run()
