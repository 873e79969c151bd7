// The real machine.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'

import type { Clock, Host } from '../host.ts'
import { disk } from './disk.ts'
import { locks } from './lock.ts'
import { shell } from './shell.ts'

/** This machine, with the environment that the process was started with. */
export function machine(env: Readonly<Record<string, string | undefined>> = process.env): Host {
  const mark = `${process.pid}-${Math.round(performance.timeOrigin)}`
  return {
    disk: disk(),
    shell: shell(mark, env['PATH']),
    locks: locks(),
    clock: clock(),
    env,
    fact,
    mark,
    cores: availableParallelism(),
  }
}

function clock(): Clock {
  let boot: string | undefined
  return {
    now: () => performance.timeOrigin + performance.now(),
    nowNs: () => BigInt(Date.now()) * 1_000_000n,
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
    return `unknown-${process.pid}-${performance.timeOrigin}`
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
