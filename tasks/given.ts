// What takes the place of fetch, configure and compile where a person gave sources or libraries.
import { basename } from 'node:path'

import { argv, type Place } from '../graph/index.ts'
import type { Backend, BackendName } from './backend.ts'
import type { ProbeChoices } from './cmake.ts'
import type { GivenLibraries } from './options.ts'
import { givenPlace, step, stepFile } from './places.ts'
import { PLATFORM } from './platform.ts'

/** What the step link-libraries is told. */
export interface LinkOrder {
  readonly prefix: string
  /** Names in the prefix, and the files below the given folder that they lead to. */
  readonly links: readonly { readonly name: string; readonly target: string }[]
  /** Folders below the given one. */
  readonly headers: readonly string[]
}

/** A tree that lies on this machine is looked at, and left as it is. */
export function useTree({ name: backend, submodules, includes }: Backend) {
  const place = givenPlace(backend)
  const answer = `sources/${backend}.local.json`
  const headers = [...new Set(includes.map(({ from }) => `${from}/llama.h`))]
  return {
    // Whether it is there is the step's question: it says where it looked.
    inputs: [place('CMakeLists.txt?'), stepFile('check-source')],
    outputs: [answer],
    clean: false,
    run: step('check-source', [
      place(''),
      answer,
      ...submodules.map(({ path }) => path),
      '--',
      ...headers,
    ]),
  }
}

/** An archive takes the place of a clone: it is unpacked to where a fetch would put the tree. */
export function unpackArchive({ name: backend, submodules }: Backend, archive: string) {
  const file = basename(archive)
  return {
    inputs: [
      givenPlace(backend)(file.replace(/[*?[\]{}()!\\]/g, '\\$&')),
      stepFile('unpack-source'),
    ],
    outputs: [`sources/${backend}/**`],
    clean: false,
    run: step('unpack-source', [
      givenPlace(backend)(file),
      `sources/${backend}`,
      ...submodules.map(({ path }) => path),
    ]),
  }
}

/** Libraries that are built are linked to, not copied: they stay what they are and whose they are. */
export function useLibraries(backend: BackendName, given: GivenLibraries, prefix: string) {
  const place = givenPlace(backend)
  const order: LinkOrder = { prefix, links: linksTo(given), headers: given.headers }
  const headers = given.headers.flatMap((folder) =>
    ['llama*.h?', 'bitnet*.h?', 'ggml*.h?', 'gguf.h?'].map((name) => place(`${folder}/${name}`)),
  )
  return {
    inputs: [
      ...givenFiles(backend, given),
      ...headers,
      ...['link-libraries', 'check-libraries'].map(stepFile),
    ],
    outputs: [
      `${prefix}/lib/**`,
      ...(given.headers.length > 0 ? [`${prefix}/include/**`, `${prefix}/ggml/include/**`] : []),
    ],
    run: step('link-libraries', [place('')], order),
  }
}

/** The libraries themselves. Links to them say where they are, and not what. */
export function givenFiles(backend: BackendName, given: GivenLibraries): readonly Place[] {
  const targets = new Set(linksTo(given).map(({ target }) => target))
  return [...targets].map(givenPlace(backend))
}

/** Given libraries by base name, as their names say. */
export function givenBases({ libraries }: GivenLibraries): readonly string[] {
  const bases = libraries.flatMap(({ files }) => files).map(PLATFORM.libraryBase)
  return [...new Set(bases)].filter((base) => base !== undefined).sort()
}

/** All libraries of an installation that links to given ones: these, and the shim where they have no such library. */
export function givenWithShim({ shim }: Backend, given: GivenLibraries): readonly string[] {
  const bases = givenBases(given)
  return shim === undefined || bases.includes(shim.library) ? bases : [...bases, shim.library]
}

/** The loader takes each of them, before anything is compiled against them. */
export function loadLibraries(backend: BackendName, given: GivenLibraries) {
  const plain = linksTo(given).filter(({ name }) => name === PLATFORM.library(baseOf(name)))
  const files = plain.map(({ target }) => givenPlace(backend)(target))
  return {
    inputs: [...givenFiles(backend, given), stepFile('load-libraries')],
    facts: ['cpu'],
    run: step('load-libraries', files),
  }
}

/** They may find each other only by the variable that `env` gives to programs. */
export function loaderPath({ path, libraries }: GivenLibraries): Readonly<Record<string, string>> {
  // On Windows it is PATH itself.
  if (PLATFORM.origin === undefined) return {}
  const folders = libraries.map(({ folder }) => `${path}/${folder}`)
  return { [PLATFORM.loaderVariable]: folders.join(PLATFORM.separator) }
}

/** A node whose work is done already. */
export function nothing(what: string, { title }: { readonly title: string }) {
  return { title: `${what} nothing: ${title} is built`, run: argv('cmake', '-E', 'true') }
}

/** How bitnet-probe is compiled against them. */
export function probeOf(given: GivenLibraries): ProbeChoices {
  // Each by its name: one that finds no other by itself is found by the program.
  return { hasHeaders: given.headers.length > 0, libraries: givenBases(given) }
}

// Of two folders the first wins, as the loader has it. Linkers and BitNet-rs want the name without a
// version: where only libllama.so.0 lies there, it gets that name as well.
function linksTo({ libraries }: GivenLibraries): LinkOrder['links'] {
  const links = new Map<string, string>()
  for (const { folder, files } of libraries)
    for (const file of files) if (!links.has(file)) links.set(file, `${folder}/${file}`)
  for (const [file, target] of [...links].sort(([a], [b]) => a.length - b.length)) {
    const plain = PLATFORM.library(baseOf(file))
    if (!links.has(plain)) links.set(plain, target)
  }
  return [...links].map(([name, target]) => ({ name, target })).sort(byName)
}

function baseOf(file: string): string {
  return PLATFORM.libraryBase(file) ?? file
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
