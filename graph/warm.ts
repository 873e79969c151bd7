// What who watches keeps from one run to the next, so that a save waits for no file of ours: journal and
// snapshot as they were left, as long as nobody else has written the journal.
import { identityOf } from './identity.ts'
import { Journal } from './journal.ts'
import type { Snapshot } from './snapshot.ts'
import { keepSnapshot, type Memory, recall, type Session } from './state.ts'
import { World } from './world.ts'

/** The memory of one state folder. */
export class WarmMemory {
  private journal: Journal | undefined
  private snapshot: Snapshot | undefined
  private left: string | undefined

  /** What is remembered, and the machine as it is now. */
  recall(session: Session): Memory {
    const { host, stateFolder, graph } = session
    if (this.snapshot === undefined) {
      const { journal, world } = recall(session)
      this.journal = journal
      this.snapshot = world.snapshot
      this.left = this.identity(session)
    }
    if (this.journal === undefined || this.left !== this.identity(session)) {
      this.left = this.identity(session)
      this.journal = new Journal(`${stateFolder}/journal`, host.disk, host.clock)
    }
    const world = new World({ ...session, roots: graph.roots }, this.snapshot)
    return { graph, journal: this.journal, world }
  }

  /** A run of ours has ended; what it wrote is known. */
  keep(session: Session): void {
    this.left = this.identity(session)
  }

  /** What was learned of files goes to the disk. */
  save(session: Session): void {
    if (this.snapshot !== undefined) keepSnapshot(session, this.recall(session))
  }

  private identity({ host, stateFolder }: Session): string {
    return identityOf(host.disk.stat(`${stateFolder}/journal`))
  }
}
