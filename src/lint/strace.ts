// Which files a command touched, read from what strace wrote of it. What it could not see is said, never
// guessed: a trace with a gap proves nothing.
import { basename, isAbsolute, normalize, resolve } from 'node:path'

import { MakeReading } from './make-reading.ts'
import { type Call, Talks } from './talks.ts'

/** What a trace shows; absolute paths. */
export interface Touched {
  readonly reads: ReadonlySet<string>
  readonly writes: ReadonlySet<string>
  /** Files and folders under their old and their new name. */
  readonly renamed: ReadonlySet<string>
  /** Folders of which it asked what is in them. */
  readonly lists: ReadonlySet<string>
  /** The same by programs that look up names so: in where they stand, or in where the names lie. */
  readonly lookups: ReadonlySet<string>
  /** Folders that it made. */
  readonly folders: ReadonlySet<string>
  /** Why the trace is not the whole truth; undefined when it is. */
  readonly gap: string | undefined
}

// Files by name, and what makes processes: each of these must be seen for a path to be known. States are
// asked for by make alone, as far as this matters.
const CALLS =
  'process,open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,' +
  'symlink,symlinkat,link,linkat,truncate,chmod,fchmodat,mknod,mknodat,chdir,fchdir,bind,connect,' +
  'getdents,getdents64,io_uring_setup,chroot,open_by_handle_at,stat,newfstatat,statx'

/** The words that run a line for /bin/sh under strace. */
export function traced(text: string, into: string): readonly string[] {
  const show = ['-f', '-y', '-s', '65536', '-e', 'signal=none', '-e', `trace=${CALLS}`]
  return ['strace', ...show, '-e', NO_RING, '-o', into, '/bin/sh', '-c', text]
}

// Every Node makes a ring when it starts. As if the system had none, programs use the calls that are seen.
const NO_RING = 'inject=io_uring_setup:error=ENOSYS'

const BLIND: ReadonlySet<string> = new Set(['io_uring_setup', 'chroot', 'open_by_handle_at'])

/** Reads a trace whose first process began in `cwd`. */
export function readTrace(text: string, cwd: string): Touched {
  const { calls, gap } = callsOf(text)
  const reads = new Set<string>()
  const writes = new Set<string>()
  const renamed = new Set<string>()
  const made = new Set<string>()
  const listed = { lists: new Set<string>(), lookups: new Set<string>() }
  const processes = new Processes(calls, cwd)
  const talks = new Talks(calls)
  const makes = new MakeReading()
  let hole = gap
  for (const call of calls) {
    const isRefused = call.result.startsWith('-1')
    if (BLIND.has(call.name) && !isRefused)
      hole ??= `a program used ${call.name}, past which strace cannot see`
    hole ??= talks.gapOf(call)
    if (isRefused || call.result.startsWith('?')) continue
    if (call.name === 'chdir' || call.name === 'fchdir') processes.move(call)
    const at = (index: number): string => processes.path(call, index)
    if (call.name.startsWith('execve')) processes.become(call.pid, at(0))
    const program = processes.program(call.pid)
    if (MAKE.test(program)) makes.see(call)
    if (call.name.startsWith('getdents')) {
      const isLookup = MAKE.test(program) ? !makes.isReading(call.pid) : PYTHON.test(program)
      listed[isLookup ? 'lookups' : 'lists'].add(openFolder(call))
    } else if (call.name.startsWith('mkdir')) made.add(at(0))
    else touch(call, at, reads, writes)
    if (call.name.startsWith('rename')) for (const i of [0, 1]) renamed.add(at(i))
  }
  return { reads, writes, renamed, ...listed, folders: made, gap: hole }
}

// make keeps lists of the folders of its targets and prerequisites, python of those from which it imports.
const MAKE = /^g?make$/
const PYTHON = /^(?:python[\d.]*|pypy[\d.]*)$/

// `getdents64(3</w/src>, 0x55d0 /* 5 entries */, 32768)`
function openFolder({ args }: Call): string {
  return unescaped(/^\d+<((?:[^>\\]|\\.)*)>/.exec(args)?.[1] ?? '')
}

function touch(
  { name, args, result }: Call,
  at: (index: number) => string,
  reads: Set<string>,
  writes: Set<string>,
): void {
  switch (name) {
    case 'open':
    case 'openat':
    case 'openat2': {
      if (/O_DIRECTORY|O_PATH/.test(args)) return
      const real = /^\d+<(.*)>$/s.exec(result)?.[1]
      const path = real === undefined ? at(0) : unescaped(real)
      if (/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(args)) writes.add(path)
      if (!args.includes('O_WRONLY')) reads.add(path)
      return
    }
    case 'execve':
    case 'execveat':
      reads.add(at(0))
      return
    case 'rename':
    case 'renameat':
    case 'renameat2':
      writes.add(at(0))
      writes.add(at(1))
      return
    case 'link':
    case 'linkat':
      reads.add(at(0))
      writes.add(at(1))
      return
    case 'symlink':
    case 'symlinkat':
      writes.add(at(1))
      return
    case 'unlinkat':
      if (!args.includes('AT_REMOVEDIR')) writes.add(at(0))
      return
    case 'creat':
    case 'unlink':
    case 'truncate':
    case 'chmod':
    case 'fchmodat':
    case 'mknod':
    case 'mknodat':
      writes.add(at(0))
      return
    default:
      // Folders are made and removed on the way; what counts are the files in them.
      return
  }
}

// Where each process stands, and what it is: it begins as the one that made it.
class Processes {
  private readonly cwds = new Map<number, string>()
  private readonly programs = new Map<number, string>()
  private readonly parents = new Map<number, number>()

  constructor(calls: readonly Call[], cwd: string) {
    const [first] = calls
    if (first !== undefined) this.cwds.set(first.pid, cwd)
    for (const { pid, name, result } of calls)
      if (/^(?:clone3?|v?fork)$/.test(name) && /^\d+$/.test(result))
        this.parents.set(Number(result), pid)
  }

  // A path that is relative to an open folder carries that folder: `AT_FDCWD</a>, "b"`.
  path({ pid, args }: Call, index: number): string {
    const [, folder, name = ''] = [...args.matchAll(PATH)][index] ?? []
    return resolve(folder === undefined ? this.cwd(pid) : unescaped(folder), unescaped(name))
  }

  move({ pid, name, args }: Call): void {
    const open = name === 'fchdir' ? /^\d+<(.*)>$/s.exec(args)?.[1] : undefined
    const to =
      open === undefined ? unescaped([...args.matchAll(PATH)][0]?.[2] ?? '') : unescaped(open)
    this.cwds.set(pid, isAbsolute(to) ? normalize(to) : resolve(this.cwd(pid), to))
  }

  become(pid: number, program: string): void {
    this.programs.set(pid, basename(program))
  }

  program(pid: number): string {
    const parent = this.parents.get(pid)
    return this.programs.get(pid) ?? (parent === undefined ? '' : this.program(parent))
  }

  private cwd(pid: number): string {
    const known = this.cwds.get(pid)
    if (known !== undefined) return known
    const parent = this.parents.get(pid)
    const cwd = parent === undefined ? '/' : this.cwd(parent)
    this.cwds.set(pid, cwd)
    return cwd
  }
}

function callsOf(text: string): { calls: readonly Call[]; gap: string | undefined } {
  const calls: Call[] = []
  const open = new Map<number, string>()
  const alive = new Set<number>()
  let gap = text.trim() === '' ? 'strace wrote nothing' : undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    const head = /^(\d+) +(.*)$/s.exec(line)
    if (head === null) {
      gap ??= `a line of the trace cannot be read: ${line.slice(0, 80)}`
      continue
    }
    const [pid, rest] = [Number(head[1]), head[2] as string]
    alive.add(pid)
    if (/^\+\+\+ (?:exited with|killed by)/.test(rest)) alive.delete(pid)
    if (/^(?:\+\+\+|---|strace: )/.test(rest)) continue
    const begun = /^(.*) <unfinished \.\.\.>$/s.exec(rest)?.[1]
    if (begun !== undefined) {
      open.set(pid, begun)
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest)?.[1]
    const whole = resumed === undefined ? rest : `${open.get(pid) ?? ''}${resumed}`
    const parts = /^(\w+)\((.*)\) += (.*?)(?: \([^()]*\))?$/s.exec(whole)
    if (parts === null) continue
    calls.push({
      pid,
      name: parts[1] as string,
      args: parts[2] as string,
      result: parts[3] as string,
    })
  }
  if (alive.size > 0)
    gap ??= `${alive.size === 1 ? '1 process was' : `${alive.size} processes were`} not seen to the end`
  return { calls, gap }
}

const PATH = /(?:(?:AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"(?:\.\.\.)?/g

// strace writes bytes as C does: \303\244, \n, \".
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  const bytes: number[] = []
  for (const [, code, octal, plain] of text.matchAll(
    /\\(?:([abfnrtv"\\])|([0-7]{1,3}))|([^\\]+)/gs,
  )) {
    if (plain !== undefined) bytes.push(...Buffer.from(plain))
    else
      bytes.push(
        octal === undefined ? (CODES[code as string] as number) : Number.parseInt(octal, 8),
      )
  }
  return Buffer.from(bytes).toString('utf8')
}

const CODES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  '\\': 92,
}
