// What mostly waits, as three retries of a network do, is begun before the tests, and waits while they work.

/** The same work; it is no unhandled rejection that nobody asks for its end yet. */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {})
  return work
}
