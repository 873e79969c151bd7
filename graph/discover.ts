// What a node read beside what it declares: the files that its commands wrote into its depfile.
import { dirname, normalize } from 'node:path'

import { parseDepfile } from './depfile.ts'
import { outputFiles } from './look.ts'
import { isNinjaDeps, parseNinjaDeps } from './ninja-deps.ts'
import type { Node } from './node.ts'
import type { Memory } from './state.ts'
import type { World } from './world.ts'

/** Names of the discovered inputs as they stand in a key, sorted; declared inputs and outputs are none. */
export function discover(node: Node, memory: Memory): readonly string[] {
  const { world } = memory
  const { depfile, cwd } = node.spec
  if (depfile === undefined) return []
  const text = world.host.disk.readText(world.path(depfile)) ?? ''
  const isNinja = isNinjaDeps(text)
  // A compiler names files as its command did; ninja names them from its own folder.
  const beside = dirname(world.path(depfile))
  const around = world.path(cwd ?? '')
  const folders = isNinja ? [beside, around] : [around, beside]
  const named = isNinja ? parseNinjaDeps(text) : parseDepfile(text)
  const declared = new Set(world.inputs(node).map((file) => file.path))
  for (const path of outputFiles(node, memory)) declared.add(world.path(path))
  const paths = named.map((name) => plain(pathOf(name, folders, world), world))
  const within = `${world.folder}/`
  const names = paths
    .filter((path) => !declared.has(path))
    .map((path) => (path.startsWith(within) ? path.slice(within.length) : path))
  return [...new Set(names)].sort()
}

// Where nothing is, and something from the other folder, the commands went there: a name of nothing would
// leave an edit of that unseen.
function pathOf(name: string, folders: readonly string[], { host: { disk } }: World): string {
  if (name.startsWith('/')) return name
  const paths = folders.map((folder) => `${folder}/${name}`)
  return paths.find((path) => disk.lstat(path) !== undefined) ?? (paths[0] as string)
}

// `out/../src/a.h` is `src/a.h`, unless `out` is a link to somewhere else.
function plain(path: string, { host: { disk } }: World): string {
  const flat = normalize(path)
  if (flat === path || !path.includes('/../')) return flat
  const [stat, other] = [disk.stat(path), disk.stat(flat)]
  return stat && other && stat.ino === other.ino && stat.dev === other.dev ? flat : path
}
