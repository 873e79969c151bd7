// The real machine.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { delimiter, isAbsolute, resolve } from 'node:path'

import type { Clock, Host, Locks, Shell, Watcher } from '../host.ts'
import { disk } from './disk.ts'
import { which } from './which.ts'

/**
 * This machine, with the environment that the process was started with.
 *
 * @example const host = machine({ ...process.env, LC_ALL: 'C' })
 */
export function machine(given: Readonly<Record<string, string | undefined>> = process.env): Host {
  const env = withFullPath(given)
  const mark = `${process.pid}-${Date.now()}`
  return {
    disk: disk(),
    shell: lazyShell(mark, env['PATH']),
    locks: lazyLocks(),
    watcher: lazyWatcher(),
    clock: clock(),
    env,
    fact,
    mark,
    cores: availableParallelism(),
    load: () => loadavg()[0] as number,
    tokens: async (path) => (await import('./tokens.ts')).tokenPipe(path),
    parentTokens: async () => {
      const flags = env['MAKEFLAGS']
      if (!flags?.includes('--jobserver-')) return undefined
      return (await import('./tokens.ts')).inheritedPipe(flags)
    },
  }
}

// A folder of PATH that is not absolute would be another one wherever a command runs, and none of them the one in
// which its program is looked for: it counts from where we were started, for both. The empty one goes.
function withFullPath(env: Host['env']): Host['env'] {
  const path = env['PATH']
  if (!path?.split(delimiter).some((part) => !isAbsolute(part))) return env
  const folders = path.split(delimiter).filter((part) => part !== '')
  return { ...env, PATH: folders.map((part) => resolve(part)).join(delimiter) }
}

// Whoever finds everything fresh starts no process and takes no lock: what that needs loads late.
function lazyShell(mark: string, path: string | undefined): Shell {
  let made: Shell | undefined
  const real = async (): Promise<Shell> => {
    const { shell } = await import('./shell.ts')
    // Only after the wait: two that ask at once must not get a shell each.
    made ??= shell(mark, path)
    return made
  }
  let closings = 0
  return {
    run: async (command) => (await real()).run(command),
    warmUp: async (env, logs) => {
      const before = closings
      const { warmUp } = await real()
      if (closings === before) warmUp(env, logs)
    },
    capture: async (words, options) => (await real()).capture(words, options),
    which: (name, own) => which(name, own ?? path ?? ''),
    endStrays: async (deadMark) => (await real()).endStrays(deadMark),
    killNow: () => made?.killNow(),
    pause: () => made?.pause() ?? (() => {}),
    rest: () => made?.rest(),
    close: () => {
      closings++
      made?.close()
    },
  }
}

function lazyLocks(): Locks {
  return {
    acquire: async (path, options) => (await import('./lock.ts')).locks().acquire(path, options),
    holder: async (path) => (await import('./lock.ts')).locks().holder(path),
  }
}

function lazyWatcher(): Watcher {
  return {
    watch: (options) => {
      const made = import('./watcher.ts').then(({ watcher }) => watcher().watch(options))
      return {
        set: async (folders) => (await made).set(folders),
        close: async () => (await made).close(),
      }
    },
  }
}

// `performance` would load 8 modules of Node's for the same two numbers.
function clock(): Clock {
  let boot: string | undefined
  const start = Date.now()
  const startNs = process.hrtime.bigint()
  return {
    now: () => start + Number(process.hrtime.bigint() - startNs) / 1e6,
    fileNow: () => Date.now(),
    bootId: () => {
      boot ??= readBootId()
      return boot
    },
    after: (ms, call) => {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
  }
}

// Where the kernel gives no id, every start of ours counts as another boot: outputs that were not
// fsynced are then read again, which is slow and right.
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return `unknown-${process.pid}-${Date.now()}`
  }
}

const FACTS: Readonly<Record<string, () => string>> = {
  /** What `-march=native` depends on. */
  cpu: () => {
    const wanted = /^(vendor_id|cpu family|model|stepping|flags|Features|CPU \w+)\s*: (.*)$/gm
    try {
      const first = readFileSync('/proc/cpuinfo', 'latin1').split('\n\n')[0] as string
      const rows = [...first.matchAll(wanted)].map((match) => match[2])
      return [process.arch, ...rows].join('; ')
    } catch {
      return [process.arch, cpus()[0]?.model ?? 'unknown'].join('; ')
    }
  },
  os: () => `${process.platform} ${process.arch}`,
}

function fact(name: string): string | undefined {
  return Object.hasOwn(FACTS, name) ? FACTS[name]?.() : undefined
}
