// Is a backend there? The constants of the last build and a stat of the files they name answer; this is
// all that a preflight of an available backend loads, so it imports next to nothing.
import { readFileSync, statSync } from 'node:fs'

import type { BackendName, Device } from '../../tasks/backends.ts'

export const MANIFEST = '.bitnet-tasks.json'

/** What an installation says of itself; it marks the folder as ours. */
export interface Manifest {
  readonly version: 1
  readonly backend: BackendName
  readonly device: Device
  /** Names the content: digest of everything that was installed. */
  readonly generation: string
  /** ISO 8601. */
  readonly installedAt: string
  readonly toolBuiltAt: string
  readonly constants: {
    readonly hasBitnet: boolean
    readonly hasLlama: boolean
    readonly state: string
    /** Of a backend that has a libbitnet: ours, which has no kernels, or one that has. */
    readonly libbitnet?: 'shim' | 'genuine'
  }
  /** What was really fetched. */
  readonly source: Readonly<Record<string, string>>
  readonly files: readonly ManifestFile[]
}

interface ManifestFile {
  readonly path: string
  readonly size: number
  readonly mtimeMs: number
}

export type Detection =
  | { readonly state: 'available'; readonly folder: string; readonly manifest: Manifest }
  | {
      readonly state: 'missing'
      readonly folder: string
      readonly why: Missing
      readonly detail: string
    }

/** nothing there; a folder that is not ours; ours, but not as it was installed. */
export type Missing = 'absent' | 'foreign' | 'damaged'

/** Looks at an installation; never throws. */
export function detect(name: BackendName, folder: string): Detection {
  const missing = (why: Missing, detail: string): Detection => ({
    state: 'missing',
    folder,
    why,
    detail,
  })
  const manifest = readManifest(folder)
  if (manifest === 'absent') {
    const isThere = statSync(folder, { throwIfNoEntry: false }) !== undefined
    return isThere
      ? missing('foreign', `${folder} holds no ${MANIFEST}`)
      : missing('absent', folder)
  }
  if (manifest === 'damaged') return missing('damaged', `${folder}/${MANIFEST} cannot be read`)
  if (manifest.backend !== name) return missing('damaged', `${folder} holds ${manifest.backend}`)
  for (const { path, size, mtimeMs } of manifest.files) {
    const stat = statSync(`${folder}/${path}`, { throwIfNoEntry: false })
    if (stat === undefined) return missing('damaged', `${folder}/${path} is gone`)
    if (stat.size !== size || !isSameTime(stat.mtimeMs, mtimeMs))
      return missing('damaged', `${folder}/${path} was changed after the build`)
  }
  return { state: 'available', folder, manifest }
}

// An image layer or an archive may have cut the time to whole seconds.
function isSameTime(now: number, then: number): boolean {
  return now === then || (now % 1000 === 0 && now === then - (then % 1000))
}

/** The manifest of a folder. */
export function readManifest(folder: string): Manifest | 'absent' | 'damaged' {
  let text: string
  try {
    text = readFileSync(`${folder}/${MANIFEST}`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'damaged'
  }
  try {
    const manifest = JSON.parse(text) as Manifest
    const isWhole =
      manifest.version === 1 && Array.isArray(manifest.files) && manifest.constants !== undefined
    return isWhole ? manifest : 'damaged'
  } catch {
    return 'damaged'
  }
}
