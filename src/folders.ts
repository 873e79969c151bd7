// Where things lie on this machine.
import { homedir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

import type { Backend } from '../tasks/backends.ts'
import { PLATFORM } from '../tasks/platform.ts'
import { holdsLibraries, sourcesIn } from './preflight/given.ts'
import { isForeign } from './preflight/store.ts'

type Env = Readonly<Record<string, string | undefined>>

/** The user's cache folder: XDG on Linux, Library/Caches on macOS, LOCALAPPDATA on Windows. */
export function cacheFolder(env: Env): string {
  return PLATFORM.cacheFolder(env, homeFolder(env))
}

// A HOME that is set and empty would be the working folder.
function homeFolder(env: Env): string {
  return env['HOME'] || homedir() || userInfo().homedir
}

/** Sources, builds and state of the shipped graph. */
export function repairFolder(env: Env): string {
  return join(cacheFolder(env), 'bitnet-tasks')
}

/** Where a person wants a backend: the variable, or `~/.cache/<folder>` as BitNet-rs looks for it. */
export function namedFolder(backend: Backend, env: Env): string {
  const chosen = env[backend.folderVariable]
  if (chosen) return resolve(chosen)
  return join(homeFolder(env), '.cache', backend.folder)
}

/**
 * The installation that others see. It is the named folder, unless that holds what somebody else has put
 * there to be used: then a folder of ours stands beside it, and theirs is only read.
 */
export function liveFolder(backend: Backend, env: Env): string {
  const named = namedFolder(backend, env)
  if (!isForeign(named)) return named
  // In the default folder an older tool may have built: that is moved aside, and comes back if we fail.
  const isChosen = Boolean(env[backend.folderVariable])
  const isSource = (): boolean => sourcesIn(backend, named) !== undefined && !holdsLibraries(named)
  if (!isChosen && !isSource()) return named
  return join(besideFolder(env), `${backend.name}-${shortDigest(named)}`)
}

/** The installations that stand for folders of somebody else. */
export function besideFolder(env: Env): string {
  return join(repairFolder(env), 'installed')
}

/** One lock per backend. */
export function lockPath(backend: Backend, env: Env): string {
  return join(cacheFolder(env), 'bitnet_locks', `${backend.name}.lock`)
}

// Names a folder, and guards nothing: no reason to load a cryptographic hash.
function shortDigest(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 0x9e3779b1)
    low = Math.imul(low ^ code, 0x5f356495)
  }
  const mixed = [high ^ (low >>> 13), low ^ (high >>> 16)]
  return mixed.map((part) => (part >>> 0).toString(36).padStart(7, '0')).join('')
}
