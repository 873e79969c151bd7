// How a source is fetched: one step that tries the mirrors in order and checks the pin.
import { argv, type Command, GraphError } from '../graph/index.ts'
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
  // npm's own settings of the machine: found from its node, which under npx is another one.
  'npm_config_globalconfig',
  'npm_config_cafile',
  'npm_config_cache',
  'XDG_CACHE_HOME',
] as const

export function fetchSource(backend: Backend, into: string, options: RepairOptions): Command {
  return argv(...step('fetch-source'), into, JSON.stringify(fetchOrder(backend, options)))
}

function fetchOrder(backend: Backend, options: RepairOptions): FetchOrder {
  const url = options.repository?.[backend.name]
  if (url !== undefined) refuseOddRepository(url, backend.repositoryVariable)
  if (options.ref !== undefined) refuseOddRef(options.ref)
  const mirrors: readonly Mirror[] =
    url !== undefined
      ? [{ kind: 'git', url }]
      : options.ref !== undefined
        ? backend.mirrors.filter((mirror) => mirror.kind === 'git')
        : backend.mirrors
  const pin = options.ref === undefined ? backend.pin : { ref: options.ref }
  return { ...pin, mirrors, sources: backend.sources }
}

// `ext::sh -c …` starts a shell, `-…` and a host `-…` are options; and what is in the key is in the
// journal and on the screen, so a password must not be. Refused before anything has started.
function refuseOddRepository(url: string, variable: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const isOdd = /^-|[\x00-\x1f\x7f]|^[\w+.-]+::|^ssh:\/\/(?:[^/]*@)?-/i.test(url)
  const hasSecret = /^https?:\/\/[^/?#]*@|^[\w+.-]+:\/\/[^/@]*:[^/]*@/i.test(url)
  if (isOdd) throw refused(variable, url, 'this is no address of a repository')
  if (hasSecret)
    throw refused(variable, url.replace(/\/\/[^/]*@/, '//***@'), 'it holds a name or a password')
}

// `--upload-pack=CMD` as a ref runs CMD. The rest are signs that no name of a ref can hold.
function refuseOddRef(ref: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/^[-+]|[\x00-\x20\x7f:*?^~[\\]/.test(ref)) throw refused('--ref', ref, 'this is no ref')
}

function refused(option: string, value: string, why: string): GraphError {
  return new GraphError(`${option} ${JSON.stringify(value).slice(0, 200)} is refused: ${why}`, {
    code: 'bad-file',
    place: option,
    hint: 'give a plain address, tag or commit; or clone it by hand and give --source DIR',
  })
}
