// What an artefact must be. A configure for CUDA that silently builds for the CPU alone exits with 0
// (llama.cpp issue 8155): so the artefact is looked at, not the exit code.
import { argv, type Command } from '../graph/index.ts'
import type { Backend, Device } from './backend.ts'
import { installedLibraries } from './backends.ts'
import { step } from './places.ts'

/** The libraries are real ones for this machine, export what they must, and know their device. */
export function libraryContract(
  backend: Backend,
  device: Device,
  paths: { readonly prefix: string; readonly build: string },
): Command {
  const symbols = Object.fromEntries(
    installedLibraries(backend, device).map((name) => [name, backend.symbols[device][name] ?? []]),
  )
  const cache = device === 'cuda' ? { 'GGML_CUDA:BOOL': 'ON' } : {}
  const order = { build: paths.build, prefix: paths.prefix, symbols, pieces: backend.pieces, cache }
  return argv(...step('check-libraries'), JSON.stringify(order))
}

/**
 * What libraries must be that somebody else has built: loadable ones, with the backend's own kernels and
 * for the device. Which version of llama.cpp's functions they have is their affair.
 */
export function givenContract(
  backend: Backend,
  device: Device,
  paths: { readonly prefix: string; readonly build: string },
): Command {
  const { llama: _, ...others } = backend.symbols[device]
  const symbols = { llama: [], ggml: [], ...others }
  const order = {
    build: paths.build,
    prefix: paths.prefix,
    symbols,
    pieces: backend.pieces,
    cache: {},
  }
  return argv(...step('check-libraries'), JSON.stringify(order))
}
