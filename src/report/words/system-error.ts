// What the system refused, in words: what was tried, with which file, and the next step.
import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'

import { type GraphError, quote } from '../../../graph/index.ts'
import { PLATFORM } from '../../../tasks/platform.ts'

export interface SystemErrorText {
  readonly message: string
  readonly hint: string
}

/** Of an error that Node made of a failed system call. */
export function systemErrorText(error: NodeJS.ErrnoException): SystemErrorText {
  const { code = '', syscall = '', path, message } = error
  const what = /^[A-Z0-9]+: ([^,]+),/.exec(message)?.[1]
  if (path === undefined || what === undefined)
    return { message, hint: hintOf(code, undefined) ?? 'look at what the message names' }
  const tried = TRIED[syscall] ?? `use (${syscall})`
  return {
    message: `cannot ${tried} '${path}': ${what} (${code})`,
    hint: hintOf(code, path) ?? `look at it: ${PLATFORM.showOwner(quote(nearest(path).path))}`,
  }
}

const TRIED: Readonly<Record<string, string>> = {
  open: 'open',
  read: 'read',
  readlink: 'read',
  write: 'write',
  stat: 'look at',
  lstat: 'look at',
  access: 'look at',
  scandir: 'list',
  opendir: 'list',
  mkdir: 'make',
  mkdtemp: 'make',
  symlink: 'make',
  link: 'make',
  rename: 'rename',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  copyfile: 'copy',
  chmod: 'change',
  utime: 'change',
}

/** The hint of an error: the engine cannot tell whose a file is, nor how this system gives it back. */
export function nextStep({ code, errno, place, hint }: GraphError): string | undefined {
  if (code !== 'state-unwritable' || place === undefined) return hint
  return (errno && OF_THE_SYSTEM.includes(errno) && hintOf(errno, place)) || hint
}

const OF_THE_SYSTEM = ['EACCES', 'EPERM', 'EROFS']

// What helps against an errno at a path; undefined where there is nothing better than to look.
function hintOf(code: string, path: string | undefined): string | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return path === undefined ? undefined : permissionHint(path)
    case 'ENOSPC':
    case 'EDQUOT':
      return `free some space${path === undefined ? '' : ` on the disk of ${quote(dirname(path))}`}`
    case 'EROFS':
      return 'that disk is mounted read-only: mount it writable, or work on another one'
    case 'EMFILE':
    case 'ENFILE':
      return 'allow more open files: ulimit -n 4096'
    default:
      return undefined
  }
}

// What a run with sudo left in the state of a graph is the commonest of these.
function permissionHint(path: string): string {
  const there = nearest(path)
  const state = /^.*?[\\/]\.bitnet-tasks(?=[\\/]|$)/.exec(there.path)?.[0]
  if (state === undefined) return `see whose it is: ${PLATFORM.showOwner(quote(there.path))}`
  if (there.owner === process.getuid?.())
    return `make it readable and writable: chmod -R u+rwX ${quote(state)}`
  const who = there.owner === 0 ? 'root' : `another user (${there.owner})`
  return `it belongs to ${who}; take it back: ${PLATFORM.takeOver(quote(state))}`
}

interface There {
  readonly path: string
  readonly owner: number
}

// What may be seen of it: the file itself, or the folder that refuses.
function nearest(path: string): There {
  for (let at = path; ; at = dirname(at)) {
    try {
      return { path: at, owner: lstatSync(at).uid }
    } catch (error) {
      if (at === dirname(at)) throw error
    }
  }
}
