// Where the libraries of the backends are looked for, and what lies there. The list is that of
// crossval/build.rs in BitNet-rs, in its order; what it makes of a name is in `seenAs`.
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { Backend } from '../../tasks/backends.ts'
import { PLATFORM } from '../../tasks/platform.ts'
import { namesIn } from '../folder-names.ts'
import { unfitFor } from '../library-file/image.ts'
import { libraryFile } from '../library-file/library-file.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Folders below a root in which libraries lie, in the order of BitNet-rs: its primary, embedded and fallback ones. */
export const LIBRARY_FOLDERS = [
  'build/3rdparty/llama.cpp/build/bin',
  'build/lib',
  'build/bin',
  'build/3rdparty/llama.cpp/src',
  'build/3rdparty/llama.cpp/ggml/src',
  'build',
  'lib',
] as const

export interface SearchList {
  /** Whose list it is. */
  readonly of: string
  /** The variable that decided, or the default. */
  readonly because: string
  readonly folders: readonly string[]
}

/** What BitNet-rs looks through when it is compiled. `base`: the folder of its crossval crate, where it runs. */
export function bitnetRsList(env: Env, base: string): SearchList {
  const only = env['BITNET_CROSSVAL_LIBDIR']
  // Alone as soon as it is set, even if it is empty or names nothing.
  if (only !== undefined)
    return {
      of: 'BitNet-rs',
      because: 'BITNET_CROSSVAL_LIBDIR',
      folders: only === '' ? [] : [resolve(base, only)],
    }
  const variable = ['BITNET_CPP_DIR', 'BITNET_CPP_PATH'].find((name) => env[name] !== undefined)
  const root = variable ? env[variable] : `${env['HOME'] ?? '.'}/.cache/bitnet_cpp`
  return {
    of: 'BitNet-rs',
    because: variable ?? 'default',
    folders: LIBRARY_FOLDERS.map((folder) => resolve(base, root ?? '', folder)),
  }
}

/** Where a backend may lie without our knowing: the list of BitNet-rs, then the folders of its own variable. */
export function searchList(backend: Backend, env: Env, base: string): readonly SearchList[] {
  const first = bitnetRsList(env, base)
  if (backend.folderVariable === 'BITNET_CPP_DIR') return [first]
  const chosen = env[backend.folderVariable]
  const root = chosen ? resolve(chosen) : join(env['HOME'] ?? '.', '.cache', backend.folder)
  const own = LIBRARY_FOLDERS.map((folder) => join(root, folder))
  return [
    first,
    { of: backend.title, because: chosen ? backend.folderVariable : 'default', folders: own },
  ]
}

export interface FoundLibrary {
  readonly file: string
  /** 'ggml-base' of libggml-base.so.0 */
  readonly base: string
  /** What keeps a program on this machine from loading it, to follow its name; undefined when nothing does. */
  readonly trouble: string | undefined
}

export interface Place {
  readonly folder: string
  readonly exists: boolean
  /** Those of the backends, by name. */
  readonly libraries: readonly FoundLibrary[]
}

/** Looks into one folder, and not below it. */
export function lookInto(folder: string): Place {
  const exists = statSync(folder, { throwIfNoEntry: false }) !== undefined
  const libraries = namesIn(folder).flatMap((file) => {
    const base = PLATFORM.libraryBase(file)
    const isOne = base !== undefined && /^(?:bitnet|llama|ggml)/.test(base)
    return isOne ? [{ file, base, trouble: troubleOf(join(folder, file)) }] : []
  })
  return { folder, exists, libraries }
}

/** What BitNet-rs takes a file for by its name alone: an empty file counts, libllama.so.0 does not. */
export function seenAs(file: string): 'bitnet' | 'llama' | undefined {
  const stem = /^(.+)\.(?:so|dylib|a)$/.exec(file)?.[1]
  if (stem === undefined) return undefined
  if (stem.startsWith('libbitnet')) return 'bitnet'
  return /^lib(?:llama|ggml)/.test(stem) ? 'llama' : undefined
}

/** Libraries without which a backend is not there (specification 003, AC6). */
export const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  bitnet: ['bitnet'],
  llama: ['llama', 'ggml'],
}

/** The folders of a list that together hold each of these libraries, loadable by this machine; undefined when one lacks. */
export function holding(
  bases: readonly string[],
  folders: readonly string[],
): readonly Place[] | undefined {
  const places = folders.map(lookInto)
  const has = (place: Place, base: string): boolean =>
    place.libraries.some((one) => one.base === base && one.trouble === undefined)
  if (!bases.every((base) => places.some((place) => has(place, base)))) return undefined
  return places.filter((place) => bases.some((base) => has(place, base)))
}

function troubleOf(path: string): string | undefined {
  const found = libraryFile(path)
  if (found.is === 'other') return found.why
  return unfitFor(found.image, { format: PLATFORM.libraryFormat, machine: process.arch })
}
