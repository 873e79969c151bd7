// One at a time writes into a state folder; whoever comes after one that was killed ends what it left.
import { MARK } from './environment.ts'
import { GraphError } from './error.ts'
import type { Host, Lock, LockOptions, LockOwner } from './host.ts'
import { obstacle } from './own-file.ts'
import type { Session } from './state.ts'

/**
 * Does something under the lock of the state folder. `lost` aborts when another machine took it over.
 *
 * @throws GraphError 'locked', 'cancelled', 'state-unwritable'
 */
export async function underStateLock<T>(
  session: Session,
  options: Omit<LockOptions, 'mark'>,
  work: (lost: AbortSignal) => Promise<T> | T,
): Promise<T> {
  const lock = await acquired(session, options)
  try {
    if (lock.inheritedFrom) await clearAfter(lock.inheritedFrom.mark, session)
    return await work(lock.lost)
  } finally {
    await lock.release()
  }
}

async function acquired(session: Session, options: Omit<LockOptions, 'mark'>): Promise<Lock> {
  const { host, stateFolder } = session
  const path = stateLock(session)
  const onWait = (owner: LockOwner | undefined): void => {
    if (isAbove(owner, host)) throw startedByHolder(path)
    options.onWait?.(owner)
  }
  try {
    return await host.locks.acquire(path, { ...options, onWait, mark: host.mark })
  } catch (error) {
    if ((error as GraphError).code !== 'state-unwritable') throw error
    throw obstacle(host.disk, stateFolder, 'folder') ?? obstacle(host.disk, path, 'file') ?? error
  }
}

// Whatever a run starts has its mark: who waits for the one that waits for it waits for ever.
function isAbove(owner: LockOwner | undefined, { env }: Host): boolean {
  return owner !== undefined && `${env[MARK]}.`.startsWith(`${owner.mark}.`)
}

function startedByHolder(path: string): GraphError {
  return new GraphError(
    `the run that holds the lock '${path}' has started this one, and waits for it`,
    {
      code: 'locked',
      place: path,
      hint: 'let the node need what this one would make; a run within a run needs a graph file of its own',
    },
  )
}

export function stateLock({ stateFolder }: Session): string {
  return `${stateFolder}/lock`
}

// A killed engine leaves processes, and files that they print into.
async function clearAfter(mark: string, { host, stateFolder }: Session): Promise<void> {
  await host.shell.endStrays(mark)
  const logs = `${stateFolder}/logs`
  for (const name of host.disk.list(logs) ?? [])
    if (name.startsWith('.spool-') || name.endsWith('.running'))
      host.disk.removeFile(`${logs}/${name}`)
}
