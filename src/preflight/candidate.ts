// One backend that preflight looks at: where it is installed, for which device, and whether it is there.
// In a BitNet-rs checkout xtask must know it as well.
import { BACKENDS, type Backend, type BackendName, type Device } from '../../tasks/backends.ts'
import type { Given } from '../../tasks/options.ts'
import { PLATFORM } from '../../tasks/platform.ts'
import { liveFolder } from '../folders.ts'
import { type Detection, detect } from './detect.ts'
import { originFor } from './given-for.ts'
import { type ToolState, toolState } from './workspace.ts'

export interface Candidate {
  readonly backend: Backend
  /** The installation that others see. */
  readonly live: string
  /** The folder of somebody else for which it stands, if it does. */
  readonly origin: string | undefined
  /** What takes the place of a fetch. */
  readonly given: Given | undefined
  readonly device: Device
  readonly found: Detection
  /** All is as it was built, and it does not work: only building it again can help. */
  readonly isBroken?: boolean
  /** The BitNet-rs checkout around us. */
  readonly workspace: string | undefined
  /** Whether its xtask knows the backend. */
  readonly tool: ToolState | undefined
}

/** Looks at a backend. Without a device it is the one that is installed, else the CPU. */
export function candidate(
  name: BackendName,
  device: Device | undefined,
  { workspace, given }: Partial<Pick<Candidate, 'workspace' | 'given'>> = {},
): Candidate {
  const backend = BACKENDS[name]
  const live = liveFolder(backend, process.env)
  const origin = originFor(backend, process.env)
  const found = detect(name, live)
  const installed = found.state === 'available' ? found.manifest.device : deviceOf(given)
  const tool = toolFor(backend, workspace)
  return { backend, live, origin, given, device: device ?? installed, found, workspace, tool }
}

/** The same backend, looked at again. */
export function lookAgain(before: Candidate): Candidate {
  const { backend, live, workspace } = before
  return { ...before, found: detect(backend.name, live), tool: toolFor(backend, workspace) }
}

/** Whether what is installed is whole and for the wanted device. */
export function isInstalled({ found, device }: Candidate): boolean {
  return found.state === 'available' && found.manifest.device === device
}

/** Whether nothing is left to do: it is installed, and the tool that consumes it knows. */
export function isThere(candidate: Candidate): boolean {
  return isInstalled(candidate) && candidate.tool?.state !== 'disagree'
}

/** Why a backend is not there, in a few words. */
export function whyMissing({ found, device, tool, origin }: Candidate): string {
  if (found.state === 'available' && found.manifest.device !== device)
    return `installed for ${found.manifest.device}`
  if (found.state === 'available') return tool?.state === 'disagree' ? tool.why : ''
  if (found.why !== 'absent') return found.detail
  return `nothing is installed ${origin === undefined ? 'at' : 'for'} ${origin ?? found.detail}`
}

function toolFor({ constants }: Backend, workspace: string | undefined): ToolState | undefined {
  if (workspace === undefined) return undefined
  const { hasBitnet, hasLlama } = constants
  return toolState(workspace, { bitnet: hasBitnet, llama: hasLlama }, process.env)
}

// Libraries that are built are for what they were built for.
function deviceOf(given: Given | undefined): Device {
  const files = given?.kind === 'libraries' ? given.libraries.flatMap((one) => one.files) : []
  return files.some((file) => PLATFORM.libraryBase(file) === 'ggml-cuda') ? 'cuda' : 'cpu'
}
