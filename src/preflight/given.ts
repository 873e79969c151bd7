// What a person has put where an installation goes: libraries that are built, a source tree, or an
// archive of one. It is used as it is, and never moved, switched, cleaned or deleted.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

import type { Backend } from '../../tasks/backends.ts'
import type { Given, GivenLibraries } from '../../tasks/options.ts'
import { holding, LIBRARY_FOLDERS, lookInto } from './search.ts'

/** What a folder holds of a backend: libraries count before sources, a tree before an archive. */
export function givenIn(backend: Backend, folder: string): Given | undefined {
  return librariesIn(folder) ?? sourcesIn(backend, folder)
}

/**
 * A source tree, in the folder or alone in it (as `tar xzf main.tar.gz -C FOLDER` leaves it), or else the
 * one archive that lies there.
 */
export function sourcesIn(backend: Backend, folder: string): Given | undefined {
  const entries = entriesOf(folder)
  const only = entries.length === 1 && entries[0]?.isDirectory() ? entries[0].name : undefined
  const tree = [folder, ...(only === undefined ? [] : [join(folder, only)])].find((path) =>
    isTree(backend, path),
  )
  if (tree !== undefined) return { kind: 'source', path: tree }
  const archives = entries.filter((one) => one.isFile() && isArchive(one.name))
  const archive = archives.length === 1 ? archives[0] : undefined
  return archive && { kind: 'archive', path: join(folder, archive.name) }
}

/** Whether a file is an archive that can be unpacked, by its name. */
export function isArchive(name: string): boolean {
  return /\.(?:tar\.gz|tgz)$/.test(name)
}

/** Whether libraries of a backend lie there, by their names alone: an older tool has built here. */
export function holdsLibraries(folder: string): boolean {
  return LIBRARY_FOLDERS.some((below) => lookInto(join(folder, below)).libraries.length > 0)
}

// Every backend links these two; what else lies beside them comes along.
const NEEDED = ['llama', 'ggml']

function librariesIn(folder: string): GivenLibraries | undefined {
  const places = holding(
    NEEDED,
    LIBRARY_FOLDERS.map((below) => join(folder, below)),
  )
  if (places === undefined) return undefined
  const libraries = places.map((place) => ({
    folder: relative(folder, place.folder),
    files: place.libraries.flatMap(({ file, trouble }) => (trouble === undefined ? [file] : [])),
  }))
  return { kind: 'libraries', path: folder, libraries, headers: headersIn(folder) }
}

const HEADERS = [
  'include',
  'ggml/include',
  '3rdparty/llama.cpp/include',
  '3rdparty/llama.cpp/ggml/include',
]

// All or nothing: a llama.h without the ggml.h that it includes compiles no program.
function headersIn(folder: string): readonly string[] {
  const having = (file: string): readonly string[] =>
    HEADERS.filter((below) => existsSync(join(folder, below, file))).slice(0, 1)
  const [llama, ggml] = [having('llama.h'), having('ggml.h')]
  return llama.length === 0 || ggml.length === 0 ? [] : [...new Set([...llama, ...ggml])]
}

// A clone that broke off has a CMakeLists.txt, and not the headers of its submodule.
function isTree(backend: Backend, path: string): boolean {
  const has = (file: string): boolean =>
    statSync(join(path, file), { throwIfNoEntry: false })?.isFile() === true
  return has('CMakeLists.txt') && backend.includes.some(({ from }) => has(`${from}/llama.h`))
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
