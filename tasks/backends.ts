// The C++ backends. The rest of the project reads this table and assumes no backend.
import type { Backend, BackendName, Device } from './backend.ts'
import { BITNET } from './bitnet.ts'
import { LLAMA } from './llama.ts'

export type { Backend, BackendName, Device } from './backend.ts'

export const BACKENDS: Readonly<Record<BackendName, Backend>> = {
  bitnet: BITNET,
  llama: LLAMA,
}

export const BACKEND_NAMES = Object.keys(BACKENDS) as readonly BackendName[]

export const DEVICES: readonly Device[] = ['cpu', 'cuda']

/** All libraries of an installation, with the one that is no part of the build. */
export function installedLibraries(backend: Backend, device: Device): readonly string[] {
  const { libraries, shim } = backend
  return shim === undefined ? libraries[device] : [...libraries[device], shim.library]
}
