// What takes the place of a fetch for a backend, as the folders of this machine say.
import { dirname } from 'node:path'

import type { Backend } from '../../tasks/backends.ts'
import type { Given } from '../../tasks/options.ts'
import { besideFolder, liveFolder, namedFolder } from '../folders.ts'
import { readManifest } from './detect.ts'
import { givenIn } from './given.ts'

type Env = Readonly<Record<string, string | undefined>>

/** The folder of somebody else for which the installation stands, if it does. */
export function originFor(backend: Backend, env: Env): string | undefined {
  const named = namedFolder(backend, env)
  if (liveFolder(backend, env) !== named) return named
  // `env` gives the variable the folder of ours; its manifest knows whose place it takes.
  if (dirname(named) !== besideFolder(env)) return undefined
  const manifest = readManifest(named)
  return typeof manifest === 'string' ? undefined : manifest.source['given']
}

/** What lies there to be used. */
export function givenFor(backend: Backend, env: Env): Given | undefined {
  const origin = originFor(backend, env)
  return origin === undefined ? undefined : givenIn(backend, origin)
}
