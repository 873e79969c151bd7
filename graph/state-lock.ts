// One at a time writes into a state folder; whoever comes after one that was killed ends what it left.
import type { LockOptions } from './host.ts'
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
  const { host } = session
  const lock = await host.locks.acquire(stateLock(session), { ...options, mark: host.mark })
  try {
    if (lock.inheritedFrom) await clearAfter(lock.inheritedFrom.mark, session)
    return await work(lock.lost)
  } finally {
    await lock.release()
  }
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
