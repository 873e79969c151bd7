// How a source is fetched: one step that tries the mirrors in order and checks the pin.
import { argv, type Command } from '../graph/index.ts'
import type { Backend, Mirror } from './backends.ts'
import type { RepairOptions } from './options.ts'
import { step } from './places.ts'

/** What the fetch step is told; all of it decides what is fetched and so is part of the key. */
export interface FetchOrder {
  readonly ref: string
  /** The tree that must come; undefined when the person chose the ref. */
  readonly tree?: string
  readonly mirrors: readonly Mirror[]
  readonly sources: readonly string[]
}

/** Variables that choose the way and not the result: they reach the step and are not in the key. */
export const FETCH_VARIABLES = [
  'BITNET_TASKS_FETCH',
  'BITNET_TASKS_OFFLINE',
  'SSH_AUTH_SOCK',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
  'NPM_CONFIG_REGISTRY',
  'npm_config_registry',
  'NPM_CONFIG_USERCONFIG',
  'npm_config_userconfig',
  'npm_config_cache',
  'XDG_CACHE_HOME',
] as const

export function fetchSource(backend: Backend, into: string, options: RepairOptions): Command {
  return argv(...step('fetch-source'), into, JSON.stringify(fetchOrder(backend, options)))
}

function fetchOrder(backend: Backend, options: RepairOptions): FetchOrder {
  const url = options.repository?.[backend.name]
  const mirrors: readonly Mirror[] =
    url !== undefined
      ? [{ kind: 'git', url }]
      : options.ref !== undefined
        ? backend.mirrors.filter((mirror) => mirror.kind === 'git')
        : backend.mirrors
  const pin = options.ref === undefined ? backend.pin : { ref: options.ref }
  return { ...pin, mirrors, sources: backend.sources }
}
