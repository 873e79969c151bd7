// A disk in memory: files, folders and links with modes, times and inode numbers. It stamps what
// is written with the clock's file time, so that racy edits can be made at will.
import { posix } from 'node:path'

import { digestBytes } from '../../graph/digest.ts'
import type { AppendFile, DigestedFile, Disk, FileStat, GlobResult } from '../../graph/host.ts'
import type { MemoryClock } from './memory-clock.ts'
import { globBase, globRegExp } from './memory-glob.ts'

interface Entry {
  readonly kind: 'file' | 'folder' | 'link'
  readonly ino: number
  bytes: Uint8Array
  target: string
  mode: number
  mtimeMs: number
  ctimeMs: number
  /** Names in a folder. */
  readonly names: Set<string>
}

const NOTHING = new Uint8Array()

export class MemoryDisk implements Disk {
  /** Files and folders that were fsynced. */
  readonly flushed: string[] = []
  /** Files whose content was digested. */
  readonly digested: string[] = []
  /** How many of them at once. */
  readonly readAtOnce: number[] = []
  /** Gives an errno to make a call fail. */
  fault: (operation: string, path: string) => string | undefined = () => undefined
  /** Told of every change, as the kernel tells a watcher. */
  onChange: (path: string) => void = () => {}
  private readonly clock: MemoryClock
  private readonly entries = new Map<string, Entry>()
  private inodes = 100
  private links = 0
  private temporary = 0

  constructor(clock: MemoryClock) {
    this.clock = clock
    this.entries.set('/', this.entry('folder', 0o755))
  }

  // What a test does to files.

  /** As an editor that writes in place: the inode stays. Makes the folders above. */
  write(path: string, content: string | Uint8Array, mode?: number): void {
    this.makeFolder(posix.dirname(path))
    this.put(path, content, mode)
  }

  /** As an editor that renames a new file over the old one. */
  replace(path: string, content: string | Uint8Array): void {
    const mode = this.stat(path)?.mode
    this.write(`${path}~`, content, mode)
    this.rename(`${path}~`, path)
  }

  /** New times, same bytes. */
  touch(path: string): void {
    const entry = this.demand('touch', path)
    entry.mtimeMs = entry.ctimeMs = this.clock.fileTime()
    this.onChange(path)
  }

  /** `utimes`: sets the mtime; the kernel stamps the ctime. */
  setMtime(path: string, mtimeMs: number): void {
    const entry = this.demand('utimes', path)
    entry.mtimeMs = mtimeMs
    entry.ctimeMs = this.clock.fileTime()
  }

  chmod(path: string, mode: number): void {
    const entry = this.demand('chmod', path)
    entry.mode = mode
    entry.ctimeMs = this.clock.fileTime()
    this.onChange(path)
  }

  link(path: string, target: string): void {
    this.makeFolder(posix.dirname(path))
    this.removeFile(path)
    const entry = this.entry('link', 0o777)
    entry.target = target
    this.links++
    this.add(path, entry)
  }

  /** Other bytes under the same identity, as a power loss or a bad disk leaves them. */
  corrupt(path: string, content: string | Uint8Array): void {
    this.demand('corrupt', path).bytes = asBytes(content)
  }

  /** Every file below a folder with its text, sorted. */
  tree(folder: string): Readonly<Record<string, string>> {
    const found = this.walk(folder).filter((path) => this.lstat(path)?.kind !== 'folder')
    return Object.fromEntries(
      found
        .sort()
        .map((path) => [posix.relative(folder, path), this.readText(path) ?? '-> nothing']),
    )
  }

  // What the engine asks of it.

  stat(path: string): FileStat | undefined {
    return this.asStat(this.find(path))
  }

  lstat(path: string): FileStat | undefined {
    return this.asStat(this.find(path, false))
  }

  readLink(path: string): string {
    const entry = this.find(path, false)
    if (entry?.kind !== 'link') throw failure('EINVAL', 'readlink', path)
    return entry.target
  }

  readText(path: string): string | undefined {
    const bytes = this.readBytes(path)
    return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
  }

  readBytes(path: string): Uint8Array | undefined {
    this.mayFail('read', path)
    const entry = this.find(path)
    if (entry?.kind === 'folder') throw failure('EISDIR', 'read', path)
    return entry?.bytes
  }

  readTail(path: string, bytes: number): string {
    const all = this.readBytes(path) ?? NOTHING
    return Buffer.from(all.subarray(Math.max(0, all.length - bytes))).toString('utf8')
  }

  readFrom(path: string, offset: number, bytes: number): { text: string; next: number } {
    const piece = (this.readBytes(path) ?? NOTHING).subarray(offset, offset + bytes)
    for (let cut = 0; cut <= Math.min(3, piece.length); cut++) {
      const whole = piece.subarray(0, piece.length - cut)
      try {
        const text = new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(whole)
        return { text, next: offset + whole.length }
      } catch {
        // It ends within a character: take a byte less.
      }
    }
    return { text: Buffer.from(piece).toString('utf8'), next: offset + piece.length }
  }

  digest(path: string): DigestedFile {
    this.mayFail('digest', path)
    const entry = this.demand('digest', path)
    if (entry.kind !== 'file') throw failure('EINVAL', 'digest', path)
    this.digested.push(path)
    return { stat: this.stat(path) as FileStat, digest: digestBytes(entry.bytes) }
  }

  lstatMany(paths: readonly string[]): Iterable<FileStat | undefined> {
    return paths.map((path) => this.lstat(path))
  }

  digestMany(paths: readonly string[]): Iterable<DigestedFile | undefined> {
    this.readAtOnce.push(paths.length)
    return paths.map((path) => {
      const stat = this.lstat(path)
      return stat?.kind === 'file' ? this.digest(path) : undefined
    })
  }

  realPath(path: string): string | undefined {
    const real = this.resolve(path, true)
    return this.entries.has(real) ? real : undefined
  }

  writeWhole(
    path: string,
    content: string | Uint8Array,
    options: { durable?: boolean } = {},
  ): void {
    const temporary = `${path}.${this.temporary++}.tmp`
    this.makeFolder(posix.dirname(path))
    this.put(temporary, content, 0o600)
    this.rename(temporary, path)
    if (options.durable) this.flush([path])
  }

  writeNew(path: string, content: Uint8Array, mode: number): void {
    if (this.lstat(path) !== undefined) throw failure('EEXIST', 'open', path)
    this.put(path, content, mode)
  }

  copyNew(from: string, to: string, mode: number): void {
    const bytes = this.readBytes(from)
    if (bytes === undefined) throw failure('ENOENT', 'copyfile', from)
    // As a full disk does: what fits is there.
    if (this.fault('copy', to) !== undefined)
      this.put(to, bytes.subarray(0, bytes.length / 2), 0o644)
    this.mayFail('copy', to)
    this.writeNew(to, bytes, mode)
  }

  makeLink(path: string, target: string): void {
    if (this.lstat(path) !== undefined) throw failure('EEXIST', 'symlink', path)
    this.mayFail('symlink', path)
    this.link(path, target)
  }

  append(path: string): AppendFile {
    this.makeFolder(posix.dirname(path))
    this.mayFail('append', path)
    const old = this.readBytes(path) ?? NOTHING
    if (old.length > 0 && old.at(-1) !== 10) this.put(path, Buffer.concat([old, Buffer.from('\n')]))
    if (this.find(path) === undefined) this.put(path, '', 0o600)
    let isOpen = true
    return {
      write: (text) => {
        if (!isOpen) throw failure('EBADF', 'write', path)
        this.put(path, Buffer.concat([this.readBytes(path) ?? NOTHING, Buffer.from(text)]))
      },
      sync: async () => {
        if (!isOpen) throw failure('EBADF', 'fsync', path)
        this.flushed.push(path)
      },
      close: () => {
        isOpen = false
      },
    }
  }

  makeFolder(path: string, options: { private?: boolean } = {}): void {
    const real = this.resolve(path, true)
    const there = this.entries.get(real)
    if (there?.kind === 'folder') return
    if (there) throw failure('EEXIST', 'mkdir', path)
    this.makeFolder(posix.dirname(real))
    this.mayFail('mkdir', path)
    this.add(real, this.entry('folder', options.private ? 0o700 : 0o755))
  }

  removeFile(path: string): void {
    const real = this.resolve(path, false)
    const entry = this.entries.get(real)
    if (entry === undefined) return
    if (entry.kind === 'folder') throw failure('EISDIR', 'unlink', path)
    this.mayFail('unlink', path)
    this.take(real)
  }

  remove(path: string): void {
    const real = this.resolve(path, false)
    if (this.entries.has(real)) this.mayFail('unlink', path)
    for (const inner of this.walk(real).reverse()) this.take(inner)
    if (this.entries.has(real)) this.take(real)
  }

  rename(from: string, to: string): void {
    this.mayFail('rename', to)
    const [source, target] = [this.resolve(from, false), this.resolve(to, false)]
    const entry = this.entries.get(source)
    if (entry === undefined) throw failure('ENOENT', 'rename', from)
    if (entry.kind === 'folder') return this.moveFolder(source, target)
    this.take(source)
    if (this.entries.has(target)) this.take(target)
    if (entry.kind === 'link') this.links++
    entry.ctimeMs = this.clock.fileTime()
    this.add(target, entry)
  }

  private moveFolder(source: string, target: string): void {
    const inner = this.walk(source).map((path) => [path, this.entries.get(path) as Entry] as const)
    const folder = this.entries.get(source) as Entry
    this.take(source)
    this.add(target, folder)
    for (const [path] of inner) this.entries.delete(path)
    for (const [path, entry] of inner) this.entries.set(target + path.slice(source.length), entry)
  }

  list(path: string): readonly string[] | undefined {
    this.mayFail('scandir', path)
    const entry = this.find(path)
    return entry?.kind === 'folder' ? [...entry.names] : undefined
  }

  flush(paths: readonly string[]): void {
    for (const path of paths) this.mayFail('fsync', path)
    this.flushed.push(...paths)
  }

  glob(patterns: readonly string[], ignore: readonly string[], cwd: string): GlobResult {
    const files = new Set<string>()
    const folders = new Set<string>()
    const refused = ignore.map(globRegExp)
    for (const pattern of patterns) {
      const { base, isDeep } = globBase(pattern)
      const start = base === '' ? cwd : `${cwd}/${base}`
      folders.add(start)
      const wanted = globRegExp(pattern)
      for (const path of this.walk(start)) {
        this.mayFail('scandir', path)
        const name = path.slice(cwd.length + 1)
        if (this.lstat(path)?.kind === 'folder') {
          if (isDeep) folders.add(path)
        } else if (wanted.test(name) && !refused.some((minus) => minus.test(name))) files.add(name)
      }
    }
    return { files: [...files].sort(), folders: [...folders] }
  }

  private put(path: string, content: string | Uint8Array, mode?: number): void {
    this.mayFail('write', path)
    const real = this.resolve(path, true)
    let entry = this.entries.get(real)
    if (entry?.kind === 'folder') throw failure('EISDIR', 'open', path)
    if (entry === undefined) {
      entry = this.entry('file', mode ?? 0o644)
      this.add(real, entry)
    } else if (mode !== undefined) entry.mode = mode
    entry.bytes = asBytes(content)
    entry.mtimeMs = entry.ctimeMs = this.clock.fileTime()
    this.onChange(real)
  }

  private entry(kind: Entry['kind'], mode: number): Entry {
    const now = this.clock.fileTime()
    const ino = this.inodes++
    return {
      kind,
      ino,
      bytes: NOTHING,
      target: '',
      mode,
      mtimeMs: now,
      ctimeMs: now,
      names: new Set(),
    }
  }

  private add(real: string, entry: Entry): void {
    const folder = this.entries.get(posix.dirname(real))
    if (folder === undefined) throw failure('ENOENT', 'open', real)
    if (folder.kind !== 'folder') throw failure('ENOTDIR', 'open', real)
    this.entries.set(real, entry)
    folder.names.add(posix.basename(real))
    folder.mtimeMs = folder.ctimeMs = this.clock.fileTime()
    this.onChange(real)
  }

  private take(real: string): void {
    if (this.entries.get(real)?.kind === 'link') this.links--
    this.entries.delete(real)
    const folder = this.entries.get(posix.dirname(real)) as Entry
    folder.names.delete(posix.basename(real))
    folder.mtimeMs = folder.ctimeMs = this.clock.fileTime()
    this.onChange(real)
  }

  /** Everything below a folder; links are not followed. */
  private walk(folder: string): string[] {
    const entry = this.entries.get(folder)
    if (entry?.kind !== 'folder') return []
    return [...entry.names].flatMap((name) => {
      const path = folder === '/' ? `/${name}` : `${folder}/${name}`
      return [path, ...this.walk(path)]
    })
  }

  private find(path: string, follow = true): Entry | undefined {
    return this.entries.get(this.resolve(path, follow))
  }

  private demand(operation: string, path: string): Entry {
    const entry = this.find(path)
    if (entry === undefined) throw failure('ENOENT', operation, path)
    return entry
  }

  private resolve(path: string, follow: boolean): string {
    const flat = posix.normalize(path).replace(/(?<=.)\/$/, '')
    if (this.links === 0) return flat
    let real = ''
    const names = flat.split('/').slice(1)
    for (const [i, name] of names.entries()) {
      const next = `${real}/${name}`
      const entry = this.entries.get(next)
      if (entry?.kind !== 'link' || (i === names.length - 1 && !follow)) real = next
      else {
        const target = posix.resolve(real === '' ? '/' : real, entry.target)
        const rest = names.slice(i + 1).join('/')
        return this.resolve(rest === '' ? target : `${target}/${rest}`, follow)
      }
    }
    return real === '' ? '/' : real
  }

  private asStat(entry: Entry | undefined): FileStat | undefined {
    if (entry === undefined) return undefined
    const { kind, mtimeMs, ctimeMs, ino, mode } = entry
    return { kind, size: entry.bytes.length, mtimeMs, ctimeMs, ino, dev: 1, mode }
  }

  private mayFail(operation: string, path: string): void {
    const errno = this.fault(operation, path)
    if (errno !== undefined) throw failure(errno, operation, path)
  }
}

function asBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content
}

function failure(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code, path })
}
