// How a source is fetched: one step that tries the mirrors in order and checks the pin.
import type { Command } from '../graph/index.ts'
import { refuseOddRef, refuseOddRepository } from './address.ts'
import type { Backend, Mirror, Submodule } from './backend.ts'
import type { RepairOptions } from './options.ts'
import { step } from './places.ts'

/** What the fetch step is told; all of it decides what is fetched and so is part of the key. */
export interface FetchOrder {
  readonly ref: string
  /** The tree that must come; undefined when the person chose the ref. */
  readonly tree?: string
  readonly mirrors: readonly Mirror[]
  readonly sources: readonly string[]
  readonly submodules: readonly SubmoduleOrder[]
}

export interface SubmoduleOrder {
  readonly path: string
  readonly tree?: string
  /** Tried in order; undefined: the address in .gitmodules. */
  readonly urls?: readonly string[]
  readonly sources: readonly string[]
}

/** Variables that choose the way and not the result: they reach the step and are not in the key. */
export const FETCH_VARIABLES = [
  'BITNET_TASKS_FETCH',
  'BITNET_TASKS_OFFLINE',
  'BITNET_TASKS_CONNECT_TIMEOUT',
  'BITNET_TASKS_STALL_TIMEOUT',
  'BITNET_TASKS_FETCH_TIMEOUT',
  'SSH_AUTH_SOCK',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
  'NPM_CONFIG_REGISTRY',
  'npm_config_registry',
  'NPM_CONFIG_USERCONFIG',
  'npm_config_userconfig',
  // npm's own settings of the machine: found from its node, which under npx is another one.
  'npm_config_globalconfig',
  'npm_config_cafile',
  'npm_config_cache',
  'XDG_CACHE_HOME',
] as const

export function fetchSource(backend: Backend, into: string, options: RepairOptions): Command {
  return step('fetch-source', [into], fetchOrder(backend, options))
}

function fetchOrder(backend: Backend, options: RepairOptions): FetchOrder {
  const url = options.repository?.[backend.name]
  if (url !== undefined) refuseOddRepository(url, backend.repositoryVariable)
  const ref = options.ref?.[backend.name]
  if (ref !== undefined) refuseOddRef(ref)
  const mirrors: readonly Mirror[] =
    url !== undefined
      ? [{ kind: 'git', url }]
      : ref !== undefined
        ? backend.mirrors.filter((mirror) => mirror.kind === 'git')
        : backend.mirrors
  const pin = ref === undefined ? backend.pin : { ref }
  const own = options.submoduleRepository
  const submodules = backend.submodules.map((one) =>
    submoduleOrder(one, { ref, isOurs: url === undefined, own: own?.[one.path] }),
  )
  return { ...pin, mirrors, sources: backend.sources.map(plain), submodules }
}

interface Choice {
  readonly ref: string | undefined
  /** Whether the repository around it is one of ours. */
  readonly isOurs: boolean
  readonly own: string | undefined
}

// At the pin we know where it is and what of it a build reads; of another commit we know neither.
function submoduleOrder(
  { path, repositoryVariable, tree, mirrors, sources }: Submodule,
  { ref, isOurs, own }: Choice,
): SubmoduleOrder {
  if (own !== undefined) refuseOddRepository(own, repositoryVariable)
  const isPinned = ref === undefined
  const urls = own !== undefined ? [own] : isPinned && isOurs ? mirrors.map(({ url }) => url) : []
  return {
    path,
    ...(isPinned ? { tree, sources: sources.map(plain) } : { sources: ['**', '!models/**'] }),
    ...(urls.length > 0 && { urls }),
  }
}

// A glob may say that nothing need match it; git never minds.
function plain(glob: string): string {
  return glob.replace(/\?$/, '')
}
