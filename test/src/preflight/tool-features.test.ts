// The cargo features of xtask follow the installed header and the host.
import * as assert from 'uvu/assert'

import { type ToolBuild, toolBuild } from '../../../src/preflight/tool-features.ts'
import { MemoryClock } from '../../support/memory-clock.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'
import { suite } from '../../support/suite.ts'

const features = suite('tool features')

const NEW = 'const struct llama_vocab * llama_model_get_vocab (const struct llama_model * model);'
const OLD = 'int32_t llama_n_vocab(const struct llama_model * model); // not llama_model_get_vocab'

function build(files: Readonly<Record<string, string>>, chosen?: string): ToolBuild {
  const disk = new MemoryDisk(new MemoryClock())
  for (const [path, text] of Object.entries(files)) disk.write(path, text)
  return toolBuild({ disk, root: '/root', chosen })
}

features('a header with the API of 2025-01-12 serves crossval and not bitnet-sys', () => {
  assert.equal(build({ '/root/include/llama.h': NEW }), {
    features: 'crossval',
    defaultFeatures: false,
    reducedBy: '/root/include/llama.h',
  })
})

features('fewer features help no older header, nor where there is none', () => {
  const all = { features: 'crossval-all', defaultFeatures: false }
  assert.equal(build({ '/root/include/llama.h': OLD }), all)
  assert.equal(build({}), all)
})

features('an older header that was fitted with the newer names serves both', () => {
  const both = { '/root/include/llama.h': `${OLD}\n${NEW}` }
  assert.equal(build(both), { features: 'crossval-all', defaultFeatures: false })
})

features('the header is the one that BitNet-rs finds first', () => {
  const [first, second] = ['/root/include/llama.h', '/root/3rdparty/llama.cpp/include/llama.h']
  assert.is(build({ [second]: NEW }).reducedBy, second)
  assert.is(build({ [first]: OLD, [second]: NEW }).features, 'crossval-all')
})

features('--tool-features is taken as it is', () => {
  assert.equal(build({ '/root/include/llama.h': NEW }, 'inference,ffi'), {
    features: 'inference,ffi',
    defaultFeatures: false,
  })
})

features('the default feature gpu is left in where all that it links is there', () => {
  const stubs = '/usr/local/cuda/lib64/stubs'
  const some = {
    [`${stubs}/libcuda.so`]: '',
    '/usr/lib64/libnvrtc.so': '',
    '/usr/lib64/libcurand.so': '',
    '/usr/local/cuda/lib64/libcublas.so': '',
  }
  assert.is(build(some).defaultFeatures, false)
  assert.is(build({ ...some, '/usr/lib64/libcublasLt.so': '' }).defaultFeatures, true)
})

features.run()
