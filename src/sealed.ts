// The shortest way through a run: everything was fresh at the last look, and all is as it was then.
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { checkSeal, machine } from '../graph/index.ts'
import { PACKAGE } from './package.ts'

const NAMES = ['bitnet.tasks.ts', 'bitnet.tasks.mts', 'bitnet.tasks.js', 'bitnet.tasks.mjs']

/** The nearest graph file of a user, or undefined for the shipped graph. */
export function findGraphFile(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const name = NAMES.find((candidate) => existsSync(join(folder, candidate)))
    // The file in our own checkout is the shipped graph itself.
    if (name !== undefined) return real(folder) === real(PACKAGE) ? undefined : join(folder, name)
    if (dirname(folder) === folder) return undefined
  }
}

/** Where the state of a user's graph lies. */
export function stateFolderOf(file: string): string {
  return join(dirname(file), '.bitnet-tasks')
}

/** How many nodes of the targets are fresh, if the seal of the last look still holds. */
export function sealedCount(file: string, targets: readonly string[]): number | undefined {
  return checkSeal(stateFolderOf(file), sealKey(file, targets), machine(process.env))
}

/** All that a look depends on and is no file. */
export function sealKey(file: string, targets: readonly string[]): string {
  return JSON.stringify([file, ...targets])
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
