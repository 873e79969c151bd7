// What an artefact must be. A configure for CUDA that silently builds for the CPU alone exits with 0
// (llama.cpp issue 8155): so the artefact is looked at, not the exit code.
import type { Command } from '../graph/index.ts'
import type { Backend, Device } from './backend.ts'
import { installedLibraries } from './backends.ts'
import { step } from './places.ts'
import { PLATFORM, type Platform } from './platform.ts'

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
  return check(backend, paths, { symbols, cache })
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
  return check(backend, paths, { symbols, cache: {} })
}

/** What the step check-libraries is told. */
export interface CheckOrder {
  readonly prefix: string
  readonly build: string
  readonly format: Platform['libraryFormat']
  /** File names of the libraries and pieces, by base name. */
  readonly files: Readonly<Record<string, string>>
  /** Symbols that each library must export, it or a piece of it. */
  readonly symbols: Readonly<Record<string, readonly string[]>>
  readonly pieces: readonly string[]
  /** Lines that CMakeCache.txt must hold. */
  readonly cache: Readonly<Record<string, string>>
}

function check(
  { pieces }: Backend,
  { prefix, build }: { readonly prefix: string; readonly build: string },
  { symbols, cache }: Pick<CheckOrder, 'symbols' | 'cache'>,
): Command {
  const names = [...Object.keys(symbols), ...pieces]
  const files = Object.fromEntries(names.map((name) => [name, PLATFORM.library(name)]))
  const format = PLATFORM.libraryFormat
  const order: CheckOrder = { prefix, build, format, files, symbols, pieces, cache }
  return step('check-libraries', [], order)
}
