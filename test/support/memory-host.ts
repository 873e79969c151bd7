// A whole machine in memory: it does what the test says, when the test says it.
import type { Host, TokenPipe } from '../../graph/host.ts'
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
  /** The load average; tests write here. */
  loadNow: number
  /** Bytes in the pipe of the run that is under way; undefined while there is none. */
  tokensLeft: number | undefined
  /** A make that has so many tokens to give has started us. */
  parentTokensLeft: number | undefined
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
  const host: MemoryHost = {
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
    loadNow: 0,
    load: () => host.loadNow,
    tokensLeft: undefined,
    tokens: async (path) => {
      host.tokensLeft = 0
      return tokenPipe(host, path)
    },
    parentTokensLeft: undefined,
    parentTokens: async () =>
      host.parentTokensLeft === undefined
        ? undefined
        : pipeOf(host, 'parentTokensLeft', '/proc/make', () => {}),
  }
  return host
}

function tokenPipe(host: MemoryHost, path: string): TokenPipe {
  return pipeOf(host, 'tokensLeft', path, () => {
    host.tokensLeft = undefined
  })
}

function pipeOf(
  host: MemoryHost,
  left: 'tokensLeft' | 'parentTokensLeft',
  path: string,
  close: () => void,
): TokenPipe {
  const add = (count: number): void => {
    host[left] = (host[left] ?? 0) + count
  }
  return {
    path,
    take: () => {
      if (!host[left]) return false
      add(-1)
      return true
    },
    put: add,
    empty: () => add(-(host[left] ?? 0)),
    close,
  }
}
