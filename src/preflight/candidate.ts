// One backend that preflight looks at: where it is installed, for which device, and whether it is there.
import { BACKENDS, type Backend, type BackendName, type Device } from '../../tasks/backends.ts'
import { liveFolder } from '../folders.ts'
import { type Detection, detect } from './detect.ts'

export interface Candidate {
  readonly backend: Backend
  /** The installation that others see. */
  readonly live: string
  readonly device: Device
  readonly found: Detection
}

/** Looks at a backend. Without a device it is the one that is installed, else the CPU. */
export function candidate(name: BackendName, device: Device | undefined): Candidate {
  const backend = BACKENDS[name]
  const live = liveFolder(backend, process.env)
  const found = detect(name, live)
  const installed = found.state === 'available' ? found.manifest.device : 'cpu'
  return { backend, live, device: device ?? installed, found }
}

/** The same backend, looked at again. */
export function lookAgain(before: Candidate): Candidate {
  return { ...before, found: detect(before.backend.name, before.live) }
}

/** Whether what is installed is whole and for the wanted device. */
export function isThere({ found, device }: Candidate): boolean {
  return found.state === 'available' && found.manifest.device === device
}

/** Why a backend is not there, in a few words. */
export function whyMissing({ found }: Candidate): string {
  if (found.state === 'available') return `installed for ${found.manifest.device}`
  return found.why === 'absent' ? `nothing is installed at ${found.detail}` : found.detail
}
