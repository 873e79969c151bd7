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
