// Hears of changes through chokidar: one instance for each folder, which hears of that folder alone. Which
// folders matter is known to the engine from the disk; chokidar's own idea of a tree is not asked for,
// since it has holes after a burst and where a folder was removed and made again.
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { watch as chokidar, type FSWatcher } from 'chokidar'

import type { Watch, Watcher } from '../host.ts'

type Options = Parameters<Watcher['watch']>[0]

interface Listening {
  /** Which folder it is: the name may stand for another one by now. */
  readonly identity: string
  readonly chokidar: FSWatcher
  /** The folder was removed or moved away: this hears nothing any more. */
  isDead: boolean
}

// More at once are no quicker and cost memory: chokidar looks at every file of a folder once.
const AT_ONCE = 4

export function watcher(): Watcher {
  return { watch: (options) => new FolderWatch(options) }
}

class FolderWatch implements Watch {
  private readonly options: Options
  private readonly listening = new Map<string, Listening>()
  private last: Promise<unknown> = Promise.resolve()
  private isClosed = false

  constructor(options: Options) {
    this.options = options
  }

  set(folders: ReadonlySet<string>): Promise<boolean> {
    const done = this.last.then(() => this.change(folders))
    this.last = done.catch(() => {})
    return done
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.last
    await Promise.all([...this.listening.keys()].map((folder) => this.leave(folder)))
  }

  private async change(folders: ReadonlySet<string>): Promise<boolean> {
    const missing: string[] = []
    for (const [folder, { isDead, identity }] of this.listening)
      if (isDead || !folders.has(folder) || identity !== identityOf(folder))
        await this.leave(folder)
    for (const folder of folders) if (!this.listening.has(folder)) missing.push(folder)
    let next = 0
    const some = async (): Promise<void> => {
      while (next < missing.length && !this.isClosed) await this.listen(missing[next++] as string)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, some))
    return missing.length > 0
  }

  private async listen(folder: string): Promise<void> {
    const { onHint, onTrouble } = this.options
    const own = chokidar(folder, {
      depth: 0,
      ignored: (path) => path !== folder,
      ignoreInitial: true,
      atomic: false,
    })
    const one: Listening = { identity: identityOf(folder), chokidar: own, isDead: false }
    this.listening.set(folder, one)
    own.on('raw', (_, name) => {
      // So the kernel tells that the folder itself has gone; also what happens to a child of its name.
      const isOwn = name === basename(folder)
      if (isOwn) one.isDead = true
      onHint(name && !isOwn ? `${folder}/${name}` : folder)
    })
    own.on('error', (error) => {
      const errno = (error as NodeJS.ErrnoException).code ?? 'unknown'
      onTrouble({ errno, folder })
    })
    await new Promise<void>((resolve) => own.on('ready', resolve))
  }

  private async leave(folder: string): Promise<void> {
    const one = this.listening.get(folder)
    this.listening.delete(folder)
    await one?.chokidar.close()
  }
}

function identityOf(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false })
  return stat === undefined ? 'absent' : `${stat.dev}:${stat.ino}`
}
