// Roots outside the cache that commands and inputs name, so that no key holds where they lie.
import { dirname } from 'node:path'

import {
  argv,
  type Command,
  type Place,
  type Roots,
  root,
  titled,
  type Word,
} from '../graph/index.ts'
import type { BackendName } from './backends.ts'
import type { RepairOptions } from './options.ts'
import { PLATFORM } from './platform.ts'

/** Programs of ours that tasks run in a child process. */
const steps = root('steps')
const node = root('node')

/** Sources of the consumer tool. */
export const probeSource = root('probe')

/** Sources of the libbitnet that we make where upstream makes none. */
export const shimSource = root('shim')

/** Below what a person gave of a backend in place of a fetch. */
export function givenPlace(backend: BackendName): (path: string) => Place {
  return root(givenRoot(backend))
}

/** Name of that root. */
export function givenRoot(backend: BackendName): string {
  return `given-${backend}`
}

/** In a checkout steps are .ts, in dist they are .js. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

export function stepFile(name: string): Place {
  return steps(`${name}${EXTENSION}`)
}

/** All that fetch-source is made of: in dist its file names its parts by their content. */
export function fetchFiles(): readonly Place[] {
  const step = stepFile('fetch-source')
  return EXTENSION === '.js' ? [step] : [step, root('fetch')('*.ts')]
}

/**
 * Runs a step with this Node, whichever version it is: a newer Node is no reason to fetch again.
 *
 * @param words what it is told; messages show those that are text
 * @param order more of that, as JSON behind them
 */
export function step(name: string, words: readonly Word[], order?: object): Command {
  const told = order === undefined ? words : [...words, JSON.stringify(order)]
  const shown = words.filter((word) => typeof word === 'string' && word !== '')
  const program = node(PLATFORM.program('node'))
  return titled([name, ...shown].join(' '), argv(program, stepFile(name), ...told))
}

export function roots(given: RepairOptions['given'] = {}): Roots {
  const here = import.meta.dirname
  // The bundler puts this file anywhere in dist.
  const dist = /^(.*)[\\/]dist(?:[\\/]|$)/.exec(here)?.[1]
  const top = EXTENSION === '.js' && dist !== undefined ? dist : dirname(here)
  return {
    steps: EXTENSION === '.js' ? `${top}/dist/tasks/steps` : `${top}/tasks/steps`,
    fetch: `${top}/tasks/fetch`,
    probe: `${top}/tasks/probe`,
    shim: `${top}/tasks/shim`,
    node: dirname(process.execPath),
    ...Object.fromEntries(
      Object.entries(given).map(([name, one]) => [
        givenRoot(name as BackendName),
        one.kind === 'archive' ? dirname(one.path) : one.path,
      ]),
    ),
  }
}
