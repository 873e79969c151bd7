// Where the cache of a graph lies: opened for a run, closed after it.
import { Cache } from './cache.ts'
import { noteGrowth } from './growth.ts'
import { isRefusal } from './node-failure.ts'
import type { Session } from './state.ts'
import type { Place } from './sweep.ts'

export function cachePlace({ host, stateFolder }: Session): Place {
  return { disk: host.disk, clock: host.clock, folder: `${stateFolder}/cache` }
}

/**
 * The cache of a graph; nothing is read or written before it is asked.
 *
 * @example const cache = openCache(session)
 */
export function openCache(session: Session): Cache {
  return new Cache(session.host, cachePlace(session).folder, session.graph.cache)
}

/** Also brings it within its limits, when that is due. What the disk refuses here waits for a later run. */
export function closeCache(session: Session, cache: Cache): void {
  try {
    cache.close()
    noteGrowth(cachePlace(session), cache)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}
