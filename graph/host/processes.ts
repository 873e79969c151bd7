// Process groups and strays: whatever a command started ends with it.
import { readdirSync, readFileSync } from 'node:fs'

const POLL_MS = 10

/** Sends a signal to a whole group; false when nobody is left in it. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    // EPERM: somebody is left whom we may not signal (a zombie of another user on macOS).
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** TERM, then after `graceMs` KILL; resolves when the group is empty. */
export async function endGroup(pid: number, graceMs: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return
  if (await isEmpty(pid, graceMs)) return
  signalGroup(pid, 'SIGKILL')
  await isEmpty(pid, 5000)
}

/** Kills every process whose environment holds the mark; says how many there were. Linux only. */
export async function killMarked(name: string, mark: string): Promise<number> {
  let killed = 0
  // One that is just forking shows up in the next round.
  for (let round = 0; round < 20; round++) {
    const marked = markedProcesses(name, mark)
    if (marked.length === 0) break
    for (const pid of marked) {
      try {
        process.kill(pid, 'SIGKILL')
        killed++
      } catch {
        // It ended by itself.
      }
    }
    await pause(POLL_MS)
  }
  return killed
}

function markedProcesses(name: string, mark: string): number[] {
  if (process.platform !== 'linux' || mark === '') return []
  const found: number[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue
    try {
      const environ = readFileSync(`/proc/${entry}/environ`, 'latin1')
      const value = environ.split('\0').find((row) => row.startsWith(`${name}=`))
      const isMarked = value === `${name}=${mark}` || value?.startsWith(`${name}=${mark}.`)
      if (isMarked && !isZombie(entry)) found.push(Number(entry))
    } catch {
      // It ended, or is not ours to look at.
    }
  }
  return found
}

function isZombie(pid: string): boolean {
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
}

/** What setTimeout may be given: it takes more than 24 days for no time at all. */
export function timerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1)
}

async function isEmpty(pid: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs
  while (isAnyAlive(pid)) {
    if (performance.now() > end) return false
    await pause(POLL_MS)
  }
  return true
}

// A zombie answers to signals too, and where the first process of a container reaps nobody's
// children it answers for ever.
function isAnyAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && isAliveIn(group, entry))
}

function isAliveIn(group: number, pid: string): boolean {
  try {
    // `pid (name) state parent group …`, and the name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X'
  } catch {
    return false
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
