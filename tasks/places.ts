// Roots outside the cache that commands and inputs name, so that no key holds where they lie.
import { dirname } from 'node:path'

import { type Place, type Roots, root, type Word } from '../graph/index.ts'
import { PLATFORM } from './platform.ts'

/** Programs of ours that tasks run in a child process. */
const steps = root('steps')
const node = root('node')

/** Sources of the consumer tool. */
export const probeSource = root('probe')

/** The tree given with --source. */
export const localSource = root('source')

/** In a checkout steps are .ts, in dist they are .js. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

export function stepFile(name: string): Place {
  return steps(`${name}${EXTENSION}`)
}

/** The words that run a step with this Node, whichever version it is: a newer Node is no reason to fetch again. */
export function step(name: string): readonly Word[] {
  return [node(PLATFORM.program('node')), stepFile(name)]
}

export function roots(source: string | undefined): Roots {
  const here = import.meta.dirname
  // The bundler puts this file anywhere in dist.
  const dist = /^(.*)[\\/]dist(?:[\\/]|$)/.exec(here)?.[1]
  const top = EXTENSION === '.js' && dist !== undefined ? dist : dirname(here)
  return {
    steps: EXTENSION === '.js' ? `${top}/dist/tasks/steps` : `${top}/tasks/steps`,
    probe: `${top}/tasks/probe`,
    node: dirname(process.execPath),
    ...(source === undefined ? {} : { source }),
  }
}
