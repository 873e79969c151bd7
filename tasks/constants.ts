// gen-detect-constants: what is baked into a consumer tool when it is compiled. JSON for us, a C++
// header for bitnet-probe.
import { argv, type Command } from '../graph/index.ts'
import type { Backend, Device } from './backends.ts'
import { givenBases } from './given.ts'
import type { Given } from './options.ts'
import { step } from './places.ts'

export function writeConstants(
  backend: Backend,
  device: Device,
  paths: { readonly prefix: string; readonly into: string },
  { source, given }: { readonly source: string; readonly given: Given | undefined },
): Command {
  const { hasBitnet, hasLlama, state } = backend.constants
  const libraries = given?.kind === 'libraries' ? givenBases(given) : backend.libraries[device]
  const order = {
    ...paths,
    backend: backend.name,
    device,
    hasBitnet,
    hasLlama,
    state,
    source,
    libraries,
  }
  return argv(...step('write-constants'), JSON.stringify(order))
}
