// What somebody else has put where an installation goes (a folder of an older tool, a link to another disk)
// is moved into the store first: the rename that follows would not go over a folder, and would lose a link.
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'

import { writeDurably } from './durable.ts'
import { currentFolder } from './store.ts'

const ASIDE = 'aside'

/** Moves it, with a note; where to, if there was anything. */
export function moveAside(live: string, store: string): string | undefined {
  const stat = fs.lstatSync(live, { throwIfNoEntry: false })
  if (stat === undefined || currentFolder(live) !== undefined) return undefined
  if (stat.isDirectory() && fs.readdirSync(live).length === 0) {
    fs.rmdirSync(live)
    return undefined
  }
  const aside = join(store, `${ASIDE}-${new Date().toISOString().replace(/[:.]/g, '-')}`)
  writeDurably(join(store, `${ASIDE}.json`), JSON.stringify({ aside }))
  fs.renameSync(live, aside)
  return aside
}

/** Killed between the move and the switch: the older folder gets its name back. */
export function putBack(live: string, store: string): void {
  const aside = movedAside(store)
  const isGone = fs.lstatSync(live, { throwIfNoEntry: false }) === undefined
  if (aside !== undefined && isGone) fs.renameSync(aside, live)
  forgetAside(store)
}

/** Where the note says that it was moved to. A torn note: the move had not happened, for the note is durable before it. */
export function movedAside(store: string): string | undefined {
  try {
    const text = fs.readFileSync(join(store, `${ASIDE}.json`), 'utf8')
    const { aside } = JSON.parse(text) as { aside: string }
    return dirname(aside) === store && fs.existsSync(aside) ? aside : undefined
  } catch {
    return undefined
  }
}

/** What was moved stays there; the switch has followed. */
export function forgetAside(store: string): void {
  fs.rmSync(join(store, `${ASIDE}.json`), { force: true })
}

/** Whether it is the name of something moved, or of the note about it. */
export function isAside(name: string): boolean {
  return name.startsWith(ASIDE)
}
