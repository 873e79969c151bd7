// Ends a child and everything below it.
import { spawnSync } from 'node:child_process'

/** The child's process group, and its descendants that have made groups of their own. */
export function killTree(pid: number): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'])
    return
  }
  // The tests of the host start commands in groups of their own, as the product does. Read the
  // table first: once the child is dead, its children's parent is init.
  for (const descendant of descendants(pid)) kill(descendant)
  killGroup(pid)
}

/** What is left of the group of a child that has ended. */
export function killGroup(pid: number): void {
  if (process.platform !== 'win32') kill(-pid)
}

function descendants(pid: number): readonly number[] {
  const table = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).stdout ?? ''
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const below = (parent: number): number[] =>
    rows.flatMap(([child = 0, itsParent]) =>
      itsParent === parent && child > 0 ? [child, ...below(child)] : [],
    )
  return below(pid)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
