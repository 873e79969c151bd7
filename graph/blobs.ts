// Files by their content. A name says digest and size, as the Remote Execution API names content; what
// does not fit its name goes into quarantine and is never handed out.
import type { Disk } from './host.ts'

/** `<sha256>-<size>` */
export type BlobName = string

export class Blobs {
  private readonly disk: Disk
  private readonly folder: string

  constructor(disk: Disk, folder: string) {
    this.disk = disk
    this.folder = folder
  }

  /** Takes a file over, unless it is there; the bytes that this took. Throws what the disk throws. */
  put(from: string, name: BlobName): number {
    const { disk, folder } = this
    if (this.has(name)) return 0
    const path = blobPath(folder, name)
    if (disk.lstat(path) !== undefined) quarantine(disk, folder, path)
    const part = `${path}.part`
    disk.makeFolder(path.slice(0, path.lastIndexOf('/')), { private: true })
    // Left by one that was killed.
    disk.remove(part)
    try {
      // Not writable: nobody edits it by mistake.
      disk.copyNew(from, part, 0o400)
      disk.rename(part, path)
    } catch (error) {
      disk.remove(part)
      throw error
    }
    return sizeIn(name)
  }

  /** Whether it lies here, by its size alone. */
  has(name: BlobName): boolean {
    const stat = this.disk.lstat(blobPath(this.folder, name))
    return stat?.kind === 'file' && Number(stat.size) === sizeIn(name)
  }

  /** Where it lies, digested now; undefined when it does not lie here, or no longer. */
  check(name: BlobName): string | undefined {
    const { disk, folder } = this
    const path = blobPath(folder, name)
    if (disk.lstat(path) === undefined) return undefined
    if (this.has(name) && disk.digest(path).digest === name.slice(0, 64)) return path
    quarantine(disk, folder, path)
    return undefined
  }
}

export function blobPath(folder: string, name: BlobName): string {
  return `${folder}/cas/${name.slice(0, 2)}/${name}`
}

function sizeIn(name: BlobName): number {
  return Number(name.slice(65))
}

/** Moves away what is not what its name says; whoever wants to know why can look at it. */
export function quarantine(disk: Disk, folder: string, path: string): void {
  const into = `${folder}/quarantine`
  const name = path.slice(path.lastIndexOf('/') + 1)
  disk.makeFolder(into, { private: true })
  disk.remove(`${into}/${name}`)
  disk.rename(path, `${into}/${name}`)
}
