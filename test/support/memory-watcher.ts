// A watcher in memory: it hears of each change of the memory disk at once, unless the test makes it deaf.
import { posix } from 'node:path'

import type { Watch, Watcher } from '../../graph/host.ts'
import type { MemoryDisk } from './memory-disk.ts'

export class MemoryWatcher implements Watcher {
  /** What is watched now. */
  folders: ReadonlySet<string> = new Set()
  /** Changes of which nobody hears, as the kernel drops them. */
  isDeaf: (path: string) => boolean = () => false
  /** Every hint that was given. */
  readonly hints: string[] = []
  /** It takes a moment until what is asked for is listened in. */
  ready: Promise<void> = Promise.resolve()
  /** Fails for a folder, with an errno. */
  fault: (folder: string) => string | undefined = () => undefined
  private readonly disk: MemoryDisk

  constructor(disk: MemoryDisk) {
    this.disk = disk
  }

  watch({ onHint, onTrouble }: Parameters<Watcher['watch']>[0]): Watch {
    this.disk.onChange = (path) => {
      if (!this.folders.has(posix.dirname(path)) || this.isDeaf(path)) return
      this.hints.push(path)
      onHint(path)
    }
    let asked: ReadonlySet<string> = new Set()
    return {
      set: async (folders) => {
        const added = [...folders].filter((folder) => !asked.has(folder))
        asked = folders
        await this.ready
        this.folders = new Set([...folders].filter((folder) => this.fault(folder) === undefined))
        for (const folder of added) {
          const errno = this.fault(folder)
          if (errno !== undefined) onTrouble({ errno, folder })
        }
        return added.length > 0
      },
      close: async () => {
        this.folders = new Set()
        this.disk.onChange = () => {}
      },
    }
  }
}
