// A whole machine in memory: it does what the test says, when the test says it.
import type { Host } from '../../graph/host.ts'
import { MemoryClock } from './memory-clock.ts'
import { MemoryDisk } from './memory-disk.ts'
import { MemoryLocks } from './memory-locks.ts'
import { MemoryShell } from './memory-shell.ts'
import { MemoryWatcher } from './memory-watcher.ts'

export interface MemoryHost extends Host {
  readonly disk: MemoryDisk
  readonly shell: MemoryShell
  readonly locks: MemoryLocks
  readonly watcher: MemoryWatcher
  readonly clock: MemoryClock
  /** Tests write here between runs. */
  readonly env: Record<string, string | undefined>
  readonly facts: Map<string, string>
}

/** `/bin` holds sh and a few programs; PATH is `/opt/bin:/bin`. */
export function memoryHost(): MemoryHost {
  const clock = new MemoryClock()
  const disk = new MemoryDisk(clock)
  const facts = new Map([['cpu', 'cpu-1']])
  for (const name of ['sh', 'cat', 'echo', 'true', 'false', 'exit', 'rm'])
    disk.write(`/bin/${name}`, `${name} 1`, 0o755)
  disk.makeFolder('/opt/bin')
  const path = '/opt/bin:/bin'
  return {
    disk,
    shell: new MemoryShell(disk, clock, path),
    locks: new MemoryLocks(clock),
    watcher: new MemoryWatcher(disk),
    clock,
    env: { PATH: path, HOME: '/home/me' },
    fact: (name) => facts.get(name),
    facts,
    mark: 'mark-1',
    cores: 4,
  }
}
