// Against which installation the xtask of a checkout is built.
import { BACKENDS } from '../../tasks/backends.ts'
import { liveFolder } from '../folders.ts'
import { detect } from './detect.ts'
import { stagedAt } from './install.ts'

/** Folders of installations; undefined where there is none. */
export interface Installations {
  /**
   * What cargo gets as BITNET_CPP_DIR: the backend with libbitnet, which holds a libllama of its own,
   * else llama.cpp.
   */
  readonly root: string | undefined
  readonly llamaRoot: string | undefined
}

/** What is staged, else what is live and whole. */
export function installations(): Installations {
  const folders = Object.values(BACKENDS).map((backend) => {
    const live = liveFolder(backend, process.env)
    const isWhole = detect(backend.name, live).state === 'available'
    const folder = stagedAt(live)?.folder ?? (isWhole ? live : undefined)
    return { folder, hasBitnet: backend.constants.hasBitnet }
  })
  const folderOf = (hasBitnet: boolean): string | undefined =>
    folders.find((one) => one.hasBitnet === hasBitnet && one.folder !== undefined)?.folder
  const llamaRoot = folderOf(false)
  return { root: folderOf(true) ?? llamaRoot, llamaRoot }
}
