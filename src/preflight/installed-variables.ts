// The variables with which other programs find what is installed.
import { BACKENDS } from '../../tasks/backends.ts'
import { PLATFORM } from '../../tasks/platform.ts'
import { liveFolder } from '../folders.ts'
import { detect } from './detect.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface InstalledVariables {
  readonly plain: ReadonlyMap<string, string>
  /** The loader's path, and what comes before that which is in it. */
  readonly search: SearchPath
}

export interface SearchPath {
  readonly name: string
  readonly folders: readonly string[]
}

/** What `env` prints; undefined when nothing is installed. */
export function installedVariables(env: Env): InstalledVariables | undefined {
  const available = Object.values(BACKENDS).flatMap((backend) => {
    const folder = liveFolder(backend, env)
    return detect(backend.name, folder).state === 'available' ? [{ backend, folder }] : []
  })
  const folders = available.map(({ folder }) => `${folder}/lib`)
  if (folders[0] === undefined) return undefined
  const plain = new Map(available.map(({ backend, folder }) => [backend.folderVariable, folder]))
  // BitNet-rs reads this one alone when it is set: its detection ignores LLAMA_CPP_DIR.
  plain.set('BITNET_CROSSVAL_LIBDIR', folders[0])
  return { plain, search: { name: PLATFORM.loaderVariable, folders } }
}

/** An environment with them in it, as a shell has it that has evaluated what `env` prints. */
export function withVariables(
  env: Env,
  { plain, search }: InstalledVariables,
): Record<string, string> {
  // Windows calls it Path as often as PATH.
  const name = Object.keys(env).find((one) => one.toUpperCase() === search.name) ?? search.name
  const before = env[name]
  // An empty part would mean the working directory.
  const path = [...search.folders, ...(before ? [before] : [])].join(PLATFORM.separator)
  return { ...env, ...Object.fromEntries(plain), [name]: path } as Record<string, string>
}
