// gen-detect-constants: what is baked into a consumer tool when it is compiled. JSON for us, a C++
// header for bitnet-probe.
import type { Command } from '../graph/index.ts'
import type { Backend, Device } from './backend.ts'
import { installedLibraries } from './backends.ts'
import { givenWithShim } from './given.ts'
import type { Given } from './options.ts'
import { step } from './places.ts'

export function writeConstants(
  backend: Backend,
  device: Device,
  paths: { readonly prefix: string; readonly into: string },
  { source, given }: { readonly source: string; readonly given: Given | undefined },
): Command {
  const { hasBitnet, hasLlama, state } = backend.constants
  const libraries =
    given?.kind === 'libraries'
      ? givenWithShim(backend, given)
      : installedLibraries(backend, device)
  const order = {
    ...paths,
    backend: backend.name,
    device,
    hasBitnet,
    hasLlama,
    state,
    source,
    libraries,
    ...(backend.shim ? { shim: backend.shim.library } : {}),
  }
  return step('write-constants', [], order)
}
