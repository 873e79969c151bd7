// What needs no more than a look is answered here, before the program is loaded: a preflight that finds
// everything in place, a run that finds everything as the last one left it, and what can follow on a command line.
import { existsSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'

import type { CheckedSeal } from '../graph/index.ts'
import { BACKEND_NAMES, BACKENDS, type BackendName } from '../tasks/backends.ts'
import { completion, fittingLines } from './completion.ts'
import { EXIT } from './exit-code.ts'
import { liveFolder } from './folders.ts'
import { rememberedNames } from './node-names.ts'
import { detect } from './preflight/detect.ts'
import { findWorkspace, toolState } from './preflight/workspace.ts'
import { quickArgs } from './quick-args.ts'
import { print } from './report/print.ts'
import { availableCached } from './report/verdict-words.ts'
import { checkedSeal, findGraphFile, graphFileOf } from './sealed.ts'

export interface Quick {
  /** The exit code, when it could be answered; it has been printed then. */
  readonly code?: number | undefined
  /** What was found out on the way to no answer. */
  readonly checked?: CheckedSeal | undefined
}

export function answerQuickly(args: readonly string[]): Quick {
  try {
    return answer(args)
  } catch {
    // Whatever cannot be read, the program says it.
    return {}
  }
}

function answer(args: readonly string[]): Quick {
  if (args[0] === 'preflight') return { code: answerPreflight(args.slice(1)) }
  if (args[0] === 'run') return answerRun(args)
  // Asked by the completion scripts at each TAB.
  if (args[0] === '__complete') return { code: answerComplete(args.slice(1)) }
  // Without a command it is a run, of a graph that lies here.
  if (args[0] === undefined || args[0].startsWith('-'))
    return answerRun(['run', ...args], { ofAll: true })
  return {}
}

function answerRun(args: readonly string[], { ofAll = false } = {}): Quick {
  const asked = quickArgs(args)
  if (asked === undefined || !Object.keys(asked.flags).every(isOfWork)) return {}
  if (ofAll && asked.nodes.length > 0) return {}
  const { directory = '.', file, quiet } = asked.flags
  const here = workingFolder()
  if (here === undefined) return {}
  const folder = resolve(here, String(directory))
  const path = file === undefined ? graphFileIn(folder) : resolve(folder, String(file))
  const checked = path === undefined ? undefined : checkedSeal(path, asked.nodes)
  if (checked === undefined || checked.doubtful.size > 0) return { checked }
  if (!quiet) writeSync(2, `${checked.count} fresh\n`)
  return { code: EXIT.available }
}

// A folder that is not there would be answered with the graph of one above it.
function graphFileIn(folder: string): string | undefined {
  return existsSync(folder) ? findGraphFile(folder) : undefined
}

function answerComplete(words: readonly string[]): number | undefined {
  const found = completion(words)
  const all = found.of === 'words' ? found.all : keptNames(found.choices)
  if (all === undefined) return undefined
  print(fittingLines(all, found.last))
  return EXIT.available
}

function keptNames(choices: { folder: string; file?: string }): readonly string[] | undefined {
  const file = graphFileOf(choices)
  return file === undefined ? undefined : rememberedNames(file)
}

// Which graph, and how its work is done: nothing to ask of a run that has none.
const OF_WORK = 'directory file jobs keepGoing quiet color cache wait lockTimeout retry'.split(' ')

function isOfWork(flag: string): boolean {
  return OF_WORK.includes(flag)
}

// Only the plainest forms; every other spelling takes the long way and gets the same answer.
function answerPreflight(args: readonly string[]): number | undefined {
  if (process.env['BITNET_REPAIR_PARENT']) return undefined
  const names = backendsOf(args)
  if (names === undefined) return undefined
  const workspace = checkout()
  let answer = ''
  for (const name of names) {
    const text = ifAvailable(name, workspace)
    if (text === undefined) return undefined
    answer += text
  }
  print(answer)
  return EXIT.available
}

function ifAvailable(name: BackendName, workspace: string | undefined): string | undefined {
  const { title, constants } = BACKENDS[name]
  const found = detect(name, liveFolder(BACKENDS[name], process.env))
  if (found.state !== 'available') return undefined
  const wanted = { bitnet: constants.hasBitnet, llama: constants.hasLlama }
  const tool = workspace === undefined ? undefined : toolState(workspace, wanted, process.env)
  return tool?.state === 'disagree'
    ? undefined
    : availableCached(title, found.folder, found.manifest, tool)
}

function checkout(): string | undefined {
  const here = workingFolder()
  return here === undefined ? undefined : findWorkspace(here)
}

// Somebody may have removed it.
function workingFolder(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

// All of them, when none is named.
function backendsOf(args: readonly string[]): readonly BackendName[] | undefined {
  if (args.length === 0) return BACKEND_NAMES
  const [first = '', second] = args
  const name =
    args.length === 2 && first === '--backend'
      ? second
      : args.length === 1 && first.startsWith('--backend=')
        ? first.slice('--backend='.length)
        : undefined
  return name !== undefined && Object.hasOwn(BACKENDS, name) ? [name as BackendName] : undefined
}
