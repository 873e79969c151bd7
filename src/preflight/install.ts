// Installing is a transaction. The live name is a link to a generation, a complete folder beside it;
// a new generation is staged, made durable, validated where it lies, and only then the link is switched
// by one rename. At every instant the live name is the whole old installation or the whole new one.
//
//   ~/.cache/llama_cpp -> .llama_cpp.generations/3f2a…      the live name
//   ~/.cache/.llama_cpp.generations/transaction.json        a staged generation that awaits its verdict
import * as fs from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

import { PLATFORM } from '../../tasks/platform.ts'
import { forgetAside, isAside, moveAside, movedAside, putBack } from './aside.ts'
import { detect, MANIFEST, type Manifest } from './detect.ts'
import { flushFolder, flushTree, writeDurably } from './durable.ts'
import { linkHistory } from './history.ts'
import { type BuildFacts, PROVENANCE, provenanceText } from './provenance.ts'
import { currentFolder, storeOf } from './store.ts'

/** A generation that is complete and not yet live. */
export interface Staged {
  readonly version: 1
  readonly generation: string
  readonly folder: string
  /** ISO 8601: when the repair began. */
  readonly startedAt: string
}

export interface StageOrder {
  readonly live: string
  /** The finished build: lib, include, bin. */
  readonly prefix: string
  readonly manifest: Omit<Manifest, 'files' | 'version'>
  /** detect-constants.json and the like, laid beside it. */
  readonly extra: readonly string[]
  /** What it was made of and by. */
  readonly facts: BuildFacts
  readonly startedAt: Date
}

/** The staged generation that awaits its verdict, if any. A damaged note counts as none. */
export function stagedAt(live: string): Staged | undefined {
  try {
    const staged = JSON.parse(fs.readFileSync(join(storeOf(live), NOTE), 'utf8')) as Staged
    const isOurs = staged.version === 1 && dirname(staged.folder) === storeOf(live)
    return isOurs && fs.existsSync(join(staged.folder, MANIFEST)) ? staged : undefined
  } catch {
    return undefined
  }
}

/** Copies a finished build into a new generation and makes it durable. The live name is not touched. */
export function stage(order: StageOrder): Staged {
  const { live, prefix, manifest } = order
  const store = storeOf(live)
  const folder = join(store, manifest.generation)
  fs.mkdirSync(store, { recursive: true, mode: 0o755 })
  // The same content may be live already (forced, or damaged): a generation is never edited in place.
  const into = currentFolder(live) === folder ? `${folder}.2` : folder
  fs.rmSync(into, { recursive: true, force: true })
  fs.cpSync(prefix, into, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  for (const file of order.extra)
    fs.cpSync(file, join(into, basename(file)), { preserveTimestamps: true })
  linkBuildFolder(into)
  linkHistory(into)
  fs.writeFileSync(join(into, PROVENANCE), provenanceText(into, order.facts))
  const files = checkedFiles(into)
  const whole: Manifest = { version: 1, ...manifest, files }
  fs.writeFileSync(join(into, MANIFEST), `${JSON.stringify(whole, null, 2)}\n`)
  flushTree(into)
  const startedAt = order.startedAt.toISOString()
  const staged: Staged = { version: 1, generation: manifest.generation, folder: into, startedAt }
  writeDurably(join(store, NOTE), `${JSON.stringify(staged)}\n`)
  return staged
}

/** Makes a staged generation live and clears away what it replaces. Returns the folder of an older tool, if one was moved aside. */
export function commit(live: string, staged: Staged): string | undefined {
  const store = storeOf(live)
  const aside = moveAside(live, store)
  const link = join(store, `.link.${process.pid}`)
  fs.rmSync(link, { force: true })
  fs.symlinkSync(relative(dirname(live), staged.folder), link)
  fs.renameSync(link, live)
  flushFolder(dirname(live))
  fs.rmSync(join(store, NOTE), { force: true })
  sweep(live)
  return aside
}

/** What a roll back could not put in order. */
export interface Leftover {
  readonly path: string
  /** Where it belongs; without it, it is to go. */
  readonly belongs?: string
}

/**
 * Drops a staged generation; the live name was never touched, save that a moved folder comes back.
 * Returns what it could not drop or put back: the rest is done all the same.
 */
export function rollBack(live: string, staged: Staged): readonly Leftover[] {
  const store = storeOf(live)
  const left: Leftover[] = []
  const attempt = (act: () => void, leftover: Leftover): void => {
    try {
      act()
    } catch {
      left.push(leftover)
    }
  }
  const aside = movedAside(store)
  if (aside) attempt(() => putBack(live, store), { path: aside, belongs: live })
  const note = join(store, NOTE)
  attempt(() => fs.rmSync(note, { force: true }), { path: note })
  if (currentFolder(live) !== staged.folder)
    attempt(() => fs.rmSync(staged.folder, { recursive: true, force: true }), {
      path: staged.folder,
    })
  return left
}

/** Finishes what a crash in the middle of a switch left. Call it under the lock. */
export function recover(live: string): void {
  const store = storeOf(live)
  if (!fs.existsSync(store)) return
  putBack(live, store)
  if (stagedAt(live) === undefined) {
    fs.rmSync(join(store, NOTE), { force: true })
    sweep(live)
  }
}

/**
 * Asked before anything is built: a build takes minutes.
 *
 * @throws what the system says of a folder in which the installation could not be made
 */
export function refuseUnwritable(live: string): void {
  for (const folder of [dirname(live), storeOf(live)]) {
    let place = folder
    while (!fs.existsSync(place) && dirname(place) !== place) place = dirname(place)
    fs.accessSync(place, fs.constants.W_OK | fs.constants.X_OK)
  }
}

// xtask of BitNet-rs looks for the folders of its RPATH below build/ alone, and bitnet-sys wants build/ to
// be there. Without this a `cargo run` that has none of our variables would lose the libraries.
function linkBuildFolder(folder: string): void {
  if (PLATFORM.name === 'win32') return
  fs.mkdirSync(join(folder, 'build'), { recursive: true })
  fs.symlinkSync('../lib', join(folder, 'build', 'lib'))
}

const NOTE = 'transaction.json'

// Generations that are neither live nor staged, and links that a kill left.
function sweep(live: string): void {
  const store = storeOf(live)
  const keep = currentFolder(live)
  const staged = stagedAt(live)?.folder
  for (const name of fs.readdirSync(store)) {
    const path = join(store, name)
    const isKept = path === keep || path === staged || name === NOTE || isAside(name)
    if (!isKept) fs.rmSync(path, { recursive: true, force: true })
  }
  forgetAside(store)
}

// What detection looks at: libraries, the tool and the constants; headers are not checked each time.
function checkedFiles(folder: string): Manifest['files'] {
  const names = fs.readdirSync(join(folder, 'lib')).map((name) => `lib/${name}`)
  const tools = fs.existsSync(join(folder, 'bin'))
    ? fs.readdirSync(join(folder, 'bin')).map((n) => `bin/${n}`)
    : []
  return [...names, ...tools].sort().map((path) => {
    const { size, mtimeMs } = fs.statSync(join(folder, path))
    return { path, size, mtimeMs }
  })
}

/** Whether what lies in a staged generation is what its manifest says. */
export function isWhole(staged: Staged, backend: Manifest['backend']): boolean {
  return detect(backend, staged.folder).state === 'available'
}
