// One holder at a time, on this machine and on others that share the folder. The kernel's lock is
// the lower layer: exact, and free the moment its holder dies. proper-lockfile is the upper one,
// for shared file systems, where the kernel's lock may not reach the other machine. Alone it would
// not do: it lets two waiters take one stale lock, and a killed holder blocks for ten seconds.

import {
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { quote } from '../command.ts'
import { GraphError } from '../error.ts'
import type { Lock, LockOptions, LockOwner, Locks } from '../host.ts'
import type { KernelLock } from './kernel-lock.ts'
import { flockProgram, readSmallFile, tryKernelLock } from './kernel-lock.ts'
import {
  describeSelf,
  type OwnerRecord,
  ownerOf,
  parseOwner,
  readOwner,
  whereabouts,
} from './lock-owner.ts'

export function locks(flock = flockProgram()): Locks {
  return { acquire: (path, options) => acquire(path, options, flock), holder }
}

// The file of the lock for this machine, the record for others. Both outlive one who was killed.
async function holder(path: string): Promise<LockOwner | undefined> {
  return [path, `${path}.owner`]
    .map(readOwner)
    .find((owner) => owner && whereabouts(owner) !== 'dead')
}

async function acquire(path: string, options: LockOptions, flock: string | false): Promise<Lock> {
  const { wait, signal, onWait } = options
  const deadline = performance.now() + (options.timeoutMs ?? Number.POSITIVE_INFINITY)
  let kernel: KernelLock | undefined
  let isTold = false
  try {
    for (let turn = 0; ; turn += 1) {
      signal?.throwIfAborted()
      const asked = kernel ?? tryKernelLock(path, flock, signal)
      // Ahead, while flock(1) runs.
      const { lockSync } = await loadProperLockfile()
      kernel = await asked
      const lock = kernel && tryLockfile(path, kernel, { ...options, lockSync })
      if (lock) return lock
      // On this machine the lock file itself names the holder; another machine left its record.
      const owner = (kernel ? undefined : readOwner(path)) ?? readOwner(`${path}.owner`)
      const left = deadline - performance.now()
      if (!wait || left <= 0) throw lockedBy(path, owner)
      // One who has only just taken it has not yet said who it is.
      if (!isTold) isTold = tell(owner, turn, onWait)
      await sleep(Math.min(left, pollMs(turn)), undefined, { signal })
    }
  } catch (error) {
    kernel?.close()
    throw signal?.aborted ? cancelled(path, error) : unwritable(path, error)
  }
}

const TURNS_FOR_A_NAME = 3

function tell(owner: LockOwner | undefined, turn: number, onWait: LockOptions['onWait']): boolean {
  if (owner === undefined && turn < TURNS_FOR_A_NAME) return false
  onWait?.(owner && ownerOf(owner))
  return true
}

// One try costs 3 ms of flock(1): soon at first, then four times a second. The jitter keeps those
// who began to wait together from trying together.
function pollMs(turn: number): number {
  return Math.min(250, 40 * 1.3 ** turn) * (0.75 + Math.random() / 2)
}

// Called with the kernel's lock held. Undefined when another machine holds the folder.
function tryLockfile(
  path: string,
  kernel: KernelLock,
  { purpose, mark, lockSync }: LockOptions & ProperLockfile,
): Lock | undefined {
  const record = `${path}.owner`
  const before = readOwner(record)
  const named = readSmallFile(path)
  const isLeftOver = whereabouts(before ?? parseOwner(named)) === 'dead'
  const lost = new AbortController()
  const self = JSON.stringify(describeSelf(purpose, mark))
  // The lock file names us before '.held' is made: if we are killed between that and the record,
  // the next one still knows whose left-over it is.
  kernel.write(self)
  const unlock = takeHeld(path, { lockSync, isLeftOver, onCompromised: () => lost.abort() })
  if (!unlock) {
    kernel.write(named ?? '')
    return undefined
  }
  try {
    writeRecord(record, self)
  } catch (error) {
    unlock()
    throw error
  }
  const inheritedFrom = whereabouts(before) === 'alive' ? undefined : before
  let released: Promise<void> | undefined
  const release = async (passedOn?: OwnerRecord) => {
    const found = readSmallFile(record)
    // The record goes first: once '.held' is gone another machine may write its own.
    if (found === self)
      tolerate(() => (passedOn ? writeRecord(record, JSON.stringify(passedOn)) : rmSync(record)))
    // proper-lockfile looks every 2 s. In between, a robber's record tells that '.held' is not
    // ours any more, and its unlock would remove the robber's.
    const isRobbed = lost.signal.aborted || (found !== self && parseOwner(found) !== undefined)
    if (!isRobbed) tolerate(unlock)
    tolerate(() => kernel.write(''))
    kernel.close()
  }
  return {
    lost: lost.signal,
    inheritedFrom,
    release: () => (released ??= release()),
    giveBack: () => (released ??= release(inheritedFrom)),
  }
}

// Only the holder writes here, so one temporary name will do; 'wx' follows no link.
function writeRecord(record: string, text: string): void {
  rmSync(`${record}.new`, { force: true })
  writeFileSync(`${record}.new`, text, { flag: 'wx', mode: 0o600 })
  renameSync(`${record}.new`, record)
}

// All that it calls. By itself it copies the whole of node:fs, whose getters load streams and promises: 2 ms.
const CALLS = { mkdirSync, statSync, rmdirSync, utimesSync }

interface HeldOptions extends ProperLockfile {
  readonly isLeftOver: boolean
  readonly onCompromised: () => void
}

function takeHeld(
  path: string,
  { lockSync, isLeftOver, onCompromised }: HeldOptions,
): (() => void) | undefined {
  // Touched every 2 s; another machine may take it over after 10 s without.
  const times = { stale: 10_000, update: 2_000, retries: 0 }
  const held = { lockfilePath: `${path}.held`, realpath: false, onCompromised, fs: CALLS }
  const take = () => undefinedIfHeld(() => lockSync(path, { ...times, ...held }))
  const unlock = take()
  if (unlock || !isLeftOver) return unlock
  tolerate(() => rmdirSync(held.lockfilePath))
  return take()
}

function undefinedIfHeld<T>(take: () => T): T | undefined {
  try {
    return take()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error
    return undefined
  }
}

// Of it the synchronous call, which does not go by way of Node's thread pool: its threads have yet to be made.
type ProperLockfile = Pick<typeof import('proper-lockfile'), 'lockSync'>

// Loaded when first needed. As a package it brings signal-exit 3, which listens to every signal and, when
// our own `once` listener is the only other one, ends the process at once, in the middle of our orderly
// stop. So that is unloaded; a '.held' left behind is taken over by what follows.
async function loadProperLockfile(): Promise<ProperLockfile> {
  const isLoadedByOthers = '__signal_exit_emitter__' in process
  const { default: module } = await import('proper-lockfile')
  if (!isLoadedByOthers && '__signal_exit_emitter__' in process) {
    const ask = createRequire(createRequire(import.meta.url).resolve('proper-lockfile'))
    tolerate(() => ask('signal-exit').unload())
  }
  return module
}

function tolerate(act: () => void): void {
  try {
    act()
  } catch {}
}

function lockedBy(path: string, owner: LockOwner | undefined): GraphError {
  const who = owner && `process ${owner.pid} on '${owner.host}'`
  const detail = owner ? ` (${who}, since ${owner.since}: ${owner.purpose})` : ''
  return new GraphError(`another run holds the lock '${path}'${detail}`, {
    code: 'locked',
    place: path,
    hint: `run again when it has ended${who ? `, or end ${who}` : ''}`,
  })
}

function cancelled(path: string, cause: unknown): GraphError {
  const message = `cancelled while waiting for the lock '${path}'`
  return new GraphError(message, { code: 'cancelled', place: path, cause })
}

function unwritable(path: string, cause: unknown): unknown {
  const { code: errno, syscall } = cause as NodeJS.ErrnoException
  if (cause instanceof GraphError || typeof errno !== 'string') return cause
  const other = syscall === 'mkdir' && UNMADE.includes(errno) ? noFolder(dirname(path)) : undefined
  // Of a link to nothing the system says that nothing is there.
  if (other)
    return new GraphError(`cannot make the folder '${other}': EEXIST`, {
      ...{ code: 'state-unwritable', place: other, errno: 'EEXIST', cause },
      hint: `move away what is there: mv ${quote(other)} ${quote(`${other}.away`)}`,
    })
  const hint = unwritableHint(errno, dirname(path))
  const options = { code: 'state-unwritable', place: path, hint, errno, cause } as const
  return new GraphError(`cannot make the lock '${path}': ${errno}`, options)
}

const UNMADE = ['EEXIST', 'ENOTDIR', 'ENOENT', 'ELOOP']

// What lies where the folder, or one above it, should be.
function noFolder(path: string): string | undefined {
  const isThere = asked(() => lstatSync(path, { throwIfNoEntry: false })) !== undefined
  if (!isThere) return path === dirname(path) ? undefined : noFolder(dirname(path))
  return asked(() => statSync(path).isDirectory()) ? undefined : path
}

function asked<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

// A folder in the place of a file of ours, or the other way round.
const OCCUPIED = ['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY', 'ELOOP', 'EINVAL']

function unwritableHint(errno: string, folder: string): string {
  if (errno === 'EMFILE' || errno === 'ENFILE') return 'allow more open files: ulimit -n 4096'
  if (OCCUPIED.includes(errno)) return `look at what is there: ls -la ${quote(folder)}`
  if (errno === 'EAGAIN') return 'allow more processes: ulimit -u 4096, or end some'
  const isFull = errno === 'ENOSPC' || errno === 'EDQUOT'
  return isFull
    ? `free some space in ${quote(folder)}`
    : `make it writable: ls -ld ${quote(folder)}`
}
