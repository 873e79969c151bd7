// Which processes of a run live: told by what is in their environment, as /proc shows it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface Process {
  readonly pid: number
  readonly command: string
}

/** The mark that the run which holds, or last held, the backend's lock gives to all it starts. */
export function markOf(home: string): string {
  const lock = readFileSync(join(home, '.cache/bitnet_locks/llama.lock'), 'utf8')
  return (JSON.parse(lock) as { mark: string }).mark
}

/** The processes that carry a mark, or one made from it. */
export function marked(mark: string): readonly Process[] {
  return living(new RegExp(`(^|\\0)GRAPH_RUN_MARK=${mark}(\\.\\d+)*\\0`))
}

/** The processes whose HOME it is. */
export function inHomeOf(home: string): readonly Process[] {
  return living(new RegExp(`(^|\\0)HOME=${home}\\0`))
}

/** The processes that are run from below a folder, or about something in it. */
export function about(folder: string): readonly Process[] {
  return living(/^/).filter(({ command }) => command.includes(folder))
}

/** Waits for a process with that HOME whose command line fits. */
export function appears(home: string, command: RegExp): Promise<Process> {
  return one(() => inHomeOf(home).find((process) => command.test(process.command)))
}

/** Waits for a process that is run from below a folder, or is about something in it. */
export function appearsAbout(folder: string): Promise<Process> {
  return one(() => about(folder)[0])
}

/** The processes with that HOME that are left when 5 s have passed: what was killed takes a moment to be gone. */
export async function leftIn(home: string): Promise<readonly Process[]> {
  let left = inHomeOf(home)
  for (let turn = 0; left.length > 0 && turn < 250; turn++) {
    await pause(20)
    left = inHomeOf(home)
  }
  return left
}

/** Waits until what fits is all stopped, as by Ctrl-Z, or is all going on. */
export async function untilAll(
  state: 'stopped' | 'going on',
  home: string,
  command: RegExp,
): Promise<readonly Process[]> {
  for (let turn = 0; turn < 1500; turn++) {
    const found = inHomeOf(home).filter((process) => command.test(process.command))
    const isSo = ({ pid }: Process): boolean => isStopped(pid) === (state === 'stopped')
    if (found.length > 0 && found.every(isSo)) return found
    await pause(20)
  }
  throw new Error(`in 30 s they were not all ${state}`)
}

function isStopped(pid: number): boolean {
  try {
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

/** Kills what is left with that HOME: what a test that failed has started. */
export function killAllIn(home: string): void {
  for (const { pid } of inHomeOf(home))
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended by itself.
    }
}

async function one(look: () => Process | undefined): Promise<Process> {
  for (let turn = 0; turn < 1500; turn++) {
    const found = look()
    if (found) return found
    await pause(20)
  }
  throw new Error('in 30 s no such process appeared')
}

function living(environment: RegExp): readonly Process[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      // Of a zombie both are empty.
      if (!environment.test(readFileSync(`/proc/${pid}/environ`, 'latin1'))) return []
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
      return [{ pid: Number(pid), command }]
    } catch {
      return []
    }
  })
}
