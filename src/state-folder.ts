// What lies in the state folder of a user's graph beside what the engine keeps there: a line that keeps it
// out of version control, and the types for editors.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { PACKAGE } from './package.ts'

/** Refers from a graph file to the types, so that an editor knows them without any set-up. */
export const TYPES_REFERENCE = '/// <reference path="./.bitnet-tasks/types.d.ts" />'

/** The folder beside a graph file, in which the states of all graphs of that folder lie. */
export function besideGraph(graphFile: string): string {
  return join(dirname(graphFile), '.bitnet-tasks')
}

/** Writes what is missing; a folder that refuses costs only comfort. */
export function furnish(graphFile: string): void {
  const folder = besideGraph(graphFile)
  try {
    // First, and before a folder is made: the graph may have gone, with all around it.
    const text = readFileSync(graphFile, 'utf8')
    keepOut(folder)
    if (text.includes('.bitnet-tasks/types.d.ts')) writeTypes(folder)
  } catch {
    // Read-only, or gone.
  }
}

/** As cargo does with target/: the folder ignores itself. */
export function keepOut(stateFolder: string): void {
  const path = join(stateFolder, '.gitignore')
  if (existsSync(path)) return
  mkdirSync(stateFolder, { recursive: true })
  writeFileSync(path, '*\n')
}

// What an author writes with; the rest of the API is for programs, which install the package.
const VALUES = ['argv', 'defineGraph', 'probe', 'root', 'sh', 'task', 'titled'] as const
const TYPES = ['Command', 'Graph', 'Place', 'Ref', 'TaskSpec', 'ProbeSpec'] as const

const REPAIR = ['repairGraph', 'repairTasks', 'prefixOf', 'cmakeInputs', 'cmakeRoots'] as const

/** Whether TypeScript finds the package from a folder by itself. */
export function isInstalledFor(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules/bitnet-tasks/package.json'))) return true
  const above = dirname(folder)
  return above !== folder && isInstalledFor(above)
}

/**
 * Declares the modules for whoever has no `node_modules/bitnet-tasks`, and names where this program lies. Where the
 * package is installed it declares nothing: what is declared here would hide the rest of the API.
 */
export function writeTypes(stateFolder: string): void {
  const text = isInstalledFor(dirname(stateFolder)) ? INSTALLED : declarations()
  const path = join(stateFolder, 'types.d.ts')
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  mkdirSync(stateFolder, { recursive: true })
  writeFileSync(path, text)
}

const INSTALLED = `// Written by bitnet-tasks, for editors. The package is installed here, with its own types.
export {}
`

function declarations(): string {
  // A type, and no import of ours.
  const typesOf = (file: string): string =>
    ['import', `(${JSON.stringify(`${PACKAGE}/dist/${file}`)})`].join('')
  const api = typesOf('graph/index.js')
  const repair = typesOf('bitnet.tasks.js')
  return `// Written by bitnet-tasks, for editors.
declare module 'bitnet-tasks' {
  type Api = typeof ${api}
${VALUES.map((name) => `  export const ${name}: Api['${name}']`).join('\n')}
${TYPES.map((name) => `  export type ${name} = ${api}.${name}`).join('\n')}
}
declare module 'bitnet-tasks/repair' {
  type Api = typeof ${repair}
${REPAIR.map((name) => `  export const ${name}: Api['${name}']`).join('\n')}
  export type RepairTasks = ${repair}.RepairTasks
}
`
}
