// Where things lie on this machine.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

import type { Backend } from '../tasks/backends.ts'
import { PLATFORM } from '../tasks/platform.ts'

type Env = Readonly<Record<string, string | undefined>>

/** The user's cache folder: XDG on Linux, Library/Caches on macOS, LOCALAPPDATA on Windows. */
export function cacheFolder(env: Env): string {
  return PLATFORM.cacheFolder(env, env['HOME'] || homedir())
}

/** Sources, builds and state of the shipped graph. */
export function repairFolder(env: Env): string {
  return join(cacheFolder(env), 'bitnet-tasks')
}

/** The installation that others see: the variable, or `~/.cache/<folder>` as BitNet-rs looks for it. */
export function liveFolder(backend: Backend, env: Env): string {
  const chosen = env[backend.folderVariable]
  if (chosen) return resolve(chosen)
  return join(env['HOME'] || homedir(), '.cache', backend.folder)
}

/** One lock per backend. */
export function lockPath(backend: Backend, env: Env): string {
  return join(cacheFolder(env), 'bitnet_locks', `${backend.name}.lock`)
}
