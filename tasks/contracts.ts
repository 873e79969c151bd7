// What an artefact must be. A configure for CUDA that silently builds for the CPU alone exits with 0
// (llama.cpp issue 8155): so the artefact is looked at, not the exit code.
import { argv, type Command } from '../graph/index.ts'
import type { Backend, Device } from './backends.ts'
import { step } from './places.ts'

/** The libraries are real ones for this machine, export what they must, and know their device. */
export function libraryContract(
  backend: Backend,
  device: Device,
  paths: { readonly prefix: string; readonly build: string },
): Command {
  const symbols = Object.fromEntries(
    backend.libraries[device].map((name) => [name, backend.symbols[name] ?? []]),
  )
  const cache = device === 'cuda' ? { 'GGML_CUDA:BOOL': 'ON' } : {}
  return argv(...step('check-libraries'), JSON.stringify({ ...paths, symbols, cache }))
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
  const { llama: _, ...others } = backend.symbols
  const wanted = device === 'cuda' ? others : omit(others, 'ggml-cuda')
  const symbols = { llama: [], ggml: [], ...wanted }
  return argv(...step('check-libraries'), JSON.stringify({ ...paths, symbols, cache: {} }))
}

function omit<T>(all: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(all).filter(([key]) => key !== name))
}
