// Ctrl-Z: all that is ours gives the terminal back and stops what it runs, then we stand still until `fg`. One
// listener for all: while there is another one the system does not stop us.

export interface Suspended {
  /** Before we stand still. */
  readonly onLeave: () => void
  /** We go on: in the foreground, or behind a shell (`bg`). */
  readonly onReturn: () => void
}

const all = new Set<Suspended>()

/** Tells of Ctrl-Z, the last one first and of its end the first one first, until what it returns is called. */
export function whenSuspended(one: Suspended): () => void {
  if (all.size === 0) process.on('SIGTSTP', suspend)
  all.add(one)
  return () => {
    all.delete(one)
    if (all.size === 0) process.off('SIGTSTP', suspend)
  }
}

function suspend(): void {
  const told = [...all]
  for (const one of told.toReversed()) one.onLeave()
  process.off('SIGTSTP', suspend)
  // We stand still within this call until somebody continues us.
  process.kill(process.pid, 'SIGTSTP')
  process.on('SIGTSTP', suspend)
  for (const one of told) one.onReturn()
}
