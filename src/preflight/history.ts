// The log of repairs: one line of JSON for each, whatever became of it. It lies beside the state, where a
// repair that fails can reach it too; every generation carries a link to it, so that
// `~/.cache/bitnet_cpp/.repair.log` shows it whichever generation is live.
import * as fs from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

import { machine } from '../../graph/index.ts'
import type { BackendName, Device } from '../../tasks/backends.ts'
import type { FailureClass } from '../../tasks/failure.ts'
import { repairFolder } from '../folders.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface HistoryEntry {
  readonly version: 1
  /** ISO 8601: when the repair ended. */
  readonly at: string
  readonly backend: BackendName
  readonly device: Device
  readonly mode: 'auto' | 'never' | 'always'
  readonly outcome: Outcome
  readonly exitCode: number
  /** Of a failure. */
  readonly class: FailureClass | null
  /** Of a failure: the line that says what is wrong. */
  readonly cause: string | null
  readonly seconds: number
  /** What was fetched: ref, commit and from where. */
  readonly source: Readonly<Record<string, string>> | null
  /** What is live now. */
  readonly generation: string | null
}

/** `unchanged`: what was installed is what the repair would have made. */
export type Outcome = 'repaired' | 'unchanged' | 'failed' | 'rejected' | 'interrupted'

/** Name of the link in an installation. */
export const HISTORY_LINK = '.repair.log'

/** The log; `.1` beside it holds what came before. */
export function historyFile(env: Env): string {
  return join(repairFolder(env), 'repair.log')
}

/**
 * Appends one repair. A history that cannot be written takes nothing from the repair: it is answered
 * with what the system said, and never thrown.
 */
export function appendHistory(
  entry: Omit<HistoryEntry, 'version'>,
  env: Env = process.env,
): string | undefined {
  const file = historyFile(env)
  const whole: HistoryEntry = { version: 1, ...entry, cause: entry.cause?.slice(0, CAUSE) ?? null }
  try {
    // Its own way says ENOENT of a disk that is mounted read-only.
    machine(env).disk.makeFolder(dirname(file))
    rotate(file)
    appendLine(file, JSON.stringify(whole))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The repairs of the log, oldest first. Lines that a crash tore are left out. */
export function readHistory(env: Env = process.env): readonly HistoryEntry[] {
  const file = historyFile(env)
  return [`${file}.1`, file].flatMap(linesOf).flatMap(entryOf)
}

/** The same for who does without it: a log that cannot be read says nothing. */
export function knownHistory(env: Env = process.env): readonly HistoryEntry[] {
  try {
    return readHistory(env)
  } catch {
    return []
  }
}

/** How long a repair is likely to take: the median of the last five that compiled. Undefined at first. */
export function usualSeconds(
  history: readonly HistoryEntry[],
  backend: BackendName,
  device: Device,
): number | undefined {
  const times = history
    .filter((entry) => entry.outcome === 'repaired')
    .filter((entry) => entry.backend === backend && entry.device === device)
    .slice(-5)
    .map(({ seconds }) => seconds)
    .sort((a, b) => a - b)
  return times[Math.floor(times.length / 2)]
}

/**
 * Makes the log readable by way of a generation. Where links need a right that the person lacks (Windows)
 * there is none, and `bitnet-tasks history` is the way to it.
 */
export function linkHistory(generation: string, env: Env = process.env): void {
  const file = historyFile(env)
  try {
    fs.mkdirSync(dirname(file), { recursive: true })
    // Relative, and between real folders: both may be copied together, and either may lie behind a link.
    const target = join(
      relative(fs.realpathSync(generation), fs.realpathSync(dirname(file))),
      basename(file),
    )
    fs.symlinkSync(target, join(generation, HISTORY_LINK))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPERM' && code !== 'EEXIST') throw error
  }
}

const CAUSE = 300
// About 600 repairs in each of the two files.
const LIMIT = 256 * 1024

function rotate(file: string): void {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size >= LIMIT) fs.renameSync(file, `${file}.1`)
}

// One write at the end of the file: two repairs at once do not mix their lines.
function appendLine(file: string, line: string): void {
  const log = fs.openSync(file, 'a+', 0o644)
  try {
    fs.writeSync(log, `${isTorn(log) ? '\n' : ''}${line}\n`)
  } finally {
    fs.closeSync(log)
  }
}

// A crash in the middle of a line must not cost the next one too.
function isTorn(log: number): boolean {
  const { size } = fs.fstatSync(log)
  const last = Buffer.alloc(1)
  return size > 0 && fs.readSync(log, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a
}

function linesOf(file: string): readonly string[] {
  try {
    return fs.readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    // Of a folder that is read like a file the system names no path.
    throw Object.assign(error as Error, { path: file })
  }
}

function entryOf(line: string): readonly HistoryEntry[] {
  try {
    const entry = JSON.parse(line) as HistoryEntry
    return entry?.version === 1 && typeof entry.at === 'string' ? [entry] : []
  } catch {
    return []
  }
}
