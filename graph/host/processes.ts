// Processes as the kernel shows them: who lives, who started whom, whose environment holds a word.
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Ids are used again; with the time of its start one is unique for a boot. */
  readonly started: string
}

/** One for all that look at the same time: a look is a read of two files for each process. */
export class ProcessTable {
  private rows: readonly ProcessRow[] | undefined
  private isFresh = false
  // A process keeps the environment that it was started with.
  private readonly words = new Map<string, string>()

  /**
   * All that live, as they were at the first look of this turn of the event loop. Zombies are left out:
   * they answer to signals, and where the first process of a container reaps nobody's children they answer
   * for ever. Undefined where there is no /proc.
   */
  look(): readonly ProcessRow[] | undefined {
    if (!this.isFresh) this.lookAgain()
    return this.rows
  }

  /** Forgets what it has seen. */
  lookAgain(): void {
    this.rows = process.platform === 'linux' ? readProcesses() : undefined
    this.isFresh = true
    setImmediate(() => {
      this.isFresh = false
    }).unref()
    // Most of them are of processes that have ended.
    if (this.words.size > 4 * (this.rows?.length ?? 0)) this.words.clear()
  }

  /** The value of a variable in the environment of a process; empty where it is not set. */
  variable(name: string, { pid, started }: ProcessRow): string {
    const key = `${name} ${pid} ${started}`
    const known = this.words.get(key)
    if (known !== undefined) return known
    const all = environmentOf(pid)
    const value = all.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
    // While it is just becoming another program there is nothing to read.
    if (all.length > 0) this.words.set(key, value)
    return value
  }
}

function readProcesses(): readonly ProcessRow[] {
  return readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? rowOf(entry) : []))
}

function rowOf(entry: string): readonly ProcessRow[] {
  try {
    // `pid (name) state parent group session …`, and the name may hold anything.
    const stat = readFileSync(`/proc/${entry}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state = '', parent, group, session] = fields
    if (/[ZX]/.test(state)) return []
    const numbers = { parent: Number(parent), group: Number(group), session: Number(session) }
    return [{ pid: Number(entry), ...numbers, started: fields[19] as string }]
  } catch {
    // It ended.
    return []
  }
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').filter(Boolean)
  } catch {
    // It ended, or is not ours to look at.
    return []
  }
}

/** Sends a signal to a process, to a whole group by its negative number; false when nobody is there. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch (error) {
    // EPERM: somebody is left whom we may not signal (a zombie of another user on macOS).
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What setTimeout may be given: it takes more than 24 days for no time at all. */
export function timerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1)
}
