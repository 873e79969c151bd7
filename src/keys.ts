// Single keys from the terminal, without Enter; and the terminal as it was on every way out: an end, a signal,
// an error that nobody caught, Ctrl-Z.
import { readFileSync, writeSync } from 'node:fs'

import { keyReader, LEAVES_PASTE, MARKS_PASTE } from './key-reader.ts'
import { whenSuspended } from './suspension.ts'

export interface Keys {
  /** Brings the terminal back; nothing is heard any more. */
  readonly close: () => void
}

export interface KeyOptions {
  readonly onKey: (key: string) => void
  /** Before the process stops (Ctrl-Z), or ends without `close`. */
  readonly onLeave: () => void
  /** The process goes on in the foreground. */
  readonly onReturn: () => void
}

const INTERRUPT = '\x03'
const SUSPEND = '\x1a'
const QUIT = '\x1c'
const BACKGROUND_MS = 500
const ignore = (): void => {}

/** Listens for keys; undefined where there is no terminal. */
export function listenForKeys(options: KeyOptions): Keys | undefined {
  const { stdin } = process
  if (!stdin.isTTY) return undefined
  let later: NodeJS.Timeout | undefined
  const leave = (): void => {
    clearTimeout(later)
    options.onLeave()
    stdin.pause()
    stdin.setRawMode(false)
    toTerminal(LEAVES_PASTE)
  }
  const enter = (): void => {
    clearTimeout(later)
    // Whoever reads from a terminal that belongs to another job is stopped. Of `bg` and then `fg` nobody
    // tells us.
    later = isInForeground() ? undefined : setTimeout(enter, BACKGROUND_MS).unref()
    if (later !== undefined) return
    stdin.setRawMode(true)
    toTerminal(MARKS_PASTE)
    stdin.resume()
    options.onReturn()
  }
  const read = keyReader()
  const hear = (bytes: Buffer): void => {
    for (const key of read(bytes.toString('latin1')))
      if (key === INTERRUPT) process.kill(process.pid, 'SIGINT')
      else if (key === QUIT) process.kill(process.pid, 'SIGQUIT')
      // All of the job: a shell waits for npx, and npx for us.
      else if (key === SUSPEND) process.kill(0, 'SIGTSTP')
      else options.onKey(key)
  }
  // The terminal is gone. Not everybody who is told by the kernel tells us.
  const lose = (): void => void process.kill(process.pid, 'SIGHUP')
  const forget = whenSuspended({ onLeave: leave, onReturn: enter })
  process.on('SIGCONT', enter)
  process.on('exit', leave)
  stdin.on('data', hear).on('end', lose).on('error', lose)
  enter()
  return {
    close: () => {
      forget()
      process.off('SIGCONT', enter)
      process.off('exit', leave)
      stdin.off('data', hear)
      stdin.off('end', lose).off('error', lose)
      stdin.off('error', ignore).on('error', ignore)
      leave()
    },
  }
}

// At once also where the process ends with it.
function toTerminal(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // The terminal is gone.
  }
}

// The group that the terminal belongs to is the 8th field of a process, its own group the 5th; the name,
// in parentheses, may hold anything. Elsewhere than on Linux nobody says, and it is taken to be ours.
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[2] === fields[5]
  } catch {
    return true
  }
}
