// What the engine asks of the machine. The core never touches node:fs or a process itself:
// it is given a Host, which is the real machine or, in tests, one in memory with its own clock.

/**
 * A changed identity means that the content may have changed. Times are in milliseconds since 1970, true to a
 * quarter of a microsecond: nanoseconds would cost a third more, and hide nothing less, for what is trusted
 * was 50 ms old when it was looked at.
 */
export interface FileStat {
  readonly kind: 'file' | 'folder' | 'link' | 'special'
  /** Bytes. */
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly ino: number
  readonly dev: number
  /** Permissions alone. */
  readonly mode: number
}

/** What a file was when it was opened, before its first byte was read, and the digest of what it held. */
export interface DigestedFile {
  readonly stat: FileStat
  readonly digest: string
  /** What it held, where one alone is asked for that is small. */
  readonly content?: Uint8Array
}

export interface GlobResult {
  /** Matched files, relative to the folder, sorted by code unit. */
  readonly files: readonly string[]
  /** Every folder that was looked into, absolute: while none changed, the result stands. */
  readonly folders: readonly string[]
}

/** Paths are absolute. Methods are synchronous: a stat loop in Node is three times as fast so. */
export interface Disk {
  /** Follows links. Undefined when nothing is there. */
  stat(path: string): FileStat | undefined
  /** Does not follow the last link. */
  lstat(path: string): FileStat | undefined
  /** `lstat` of many, in their order, on all cores where it is much; undefined also for what cannot be asked. */
  lstatMany(paths: readonly string[]): Iterable<FileStat | undefined>
  readLink(path: string): string
  /** Undefined when nothing is there. */
  readText(path: string): string | undefined
  /** Undefined when nothing is there. */
  readBytes(path: string): Uint8Array | undefined
  /** The last `bytes` of a text file; '' when nothing is there. */
  readTail(path: string, bytes: number): string
  /** At most `bytes` of a file from `offset`, whole UTF-8 characters; '' at its end. */
  readFrom(path: string, offset: number, bytes: number): { text: string; next: number }
  /** SHA-256 of the content, hex; links are followed. Throws when it is no regular file. */
  digest(path: string): DigestedFile
  /** The same of many, in their order, as `lstatMany`; undefined for what is a link, no regular file or unreadable. */
  digestMany(paths: readonly string[]): Iterable<DigestedFile | undefined>
  /** With every link followed; undefined when nothing is there. */
  realPath(path: string): string | undefined
  /** Whole or not at all: temporary name, then rename. `durable` adds fsync of file and folder. */
  writeWhole(path: string, content: string | Uint8Array, options?: { durable?: boolean }): void
  /** Makes a file where nothing is, with exactly these permissions; throws EEXIST. */
  writeNew(path: string, content: Uint8Array, mode: number): void
  /** The same with another file's content: shares its blocks where the file system can. */
  copyNew(from: string, to: string, mode: number): void
  /** Makes a symbolic link with this text. */
  makeLink(path: string, target: string): void
  /** Opens for appending; makes the folder. */
  append(path: string): AppendFile
  /** With all its parents. `private`: for our user alone. */
  makeFolder(path: string, options?: { private?: boolean }): void
  /** Removes a file or link; nothing there is fine. Throws for a folder. */
  removeFile(path: string): void
  /** Removes a file, link or whole folder; nothing there is fine. */
  remove(path: string): void
  rename(from: string, to: string): void
  /** Names in a folder, unsorted; undefined when it is no folder. */
  list(path: string): readonly string[] | undefined
  /** fsync of files and of the folders that hold them. */
  flush(paths: readonly string[]): void
  /** Globs below `cwd`: dot files match, links are not followed, only files are returned. */
  glob(patterns: readonly string[], ignore: readonly string[], cwd: string): GlobResult
}

export interface AppendFile {
  write(text: string): void
  /** Asks the kernel to make it durable; resolves when it is. */
  sync(): Promise<void>
  close(): void
}

export interface Spawn {
  /** A line for /bin/sh. */
  readonly text: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** stdout and stderr of the command are appended here, at its end at the latest. */
  readonly log: string
  /** Told of the file that grows while the command runs, if that is not the log itself. */
  readonly onSpool?: (file: string) => void
  /** Told when the command ended, by the clock of files. */
  readonly onEnd?: (endMs: number) => void
  /** A FIFO that the command finds open, to read and to write, as these two descriptors. */
  readonly tokens?: { readonly path: string; readonly read: number; readonly write: number }
  /** Milliseconds; then the whole process group is ended. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export type Exit =
  | { readonly how: 'exited'; readonly code: number }
  | { readonly how: 'signalled'; readonly signal: string }
  | { readonly how: 'timed-out' }
  | { readonly how: 'cancelled' }
  /** The command could not be started. */
  | { readonly how: 'not-started'; readonly errno: string; readonly message: string }

export interface Captured {
  readonly exit: Exit
  readonly stdout: string
  readonly stderr: string
}

export interface Shell {
  /** Runs one command to its end in its own process group; never rejects. */
  run(spawn: Spawn): Promise<Exit>
  /** Starts now what the first command with this environment would wait for; its log will lie in this folder. */
  warmUp(env: Readonly<Record<string, string>>, logs: string): void
  /** Runs a short program and keeps what it prints (at most 1 MiB of each stream). */
  capture(
    words: readonly string[],
    options: {
      cwd: string
      env: Readonly<Record<string, string>>
      timeoutMs: number
      signal?: AbortSignal
    },
  ): Promise<Captured>
  /** Absolute path of a program on PATH, or in the folders of `path`; or undefined. */
  which(name: string, path?: string): string | undefined
  /** Ends what an engine that died left running; its mark is in the lock's owner record. */
  endStrays(mark: string): Promise<number>
  /** Ends all that runs, at once: the second Ctrl-C. */
  killNow(): void
  /**
   * Stops all that runs, until what comes back is called: Ctrl-Z. Time limits do not count the time between.
   * Call nothing else meanwhile.
   */
  pause(): () => void
  /** Removes the files of helpers that wait for the next command: a kill while nothing runs leaves none. */
  rest(): void
  /** Releases long-lived helpers. */
  close(): void
}

/** Jobs that the tools of several nodes share, as bytes in a FIFO: GNU make's jobserver. */
export interface TokenPipe {
  readonly path: string
  /** Takes one without waiting; false when there is none. */
  take(): boolean
  put(count: number): void
  /** Takes all there are. */
  empty(): void
  /** Removes it, if it was made here. */
  close(): void
}

/** Who holds a lock, for the message of the one who waits. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
  readonly purpose: string
  /** Found in the environment of every process that the owner started. */
  readonly mark: string
}

export interface Lock {
  /** Aborts when the lock was lost while held (another machine took it over). */
  readonly lost: AbortSignal
  /** The owner record that a dead holder left behind, if the lock was taken over from one. */
  readonly inheritedFrom: LockOwner | undefined
  release(): Promise<void>
  /** Releases what was not used: the next holder inherits what this one would have. */
  giveBack(): Promise<void>
}

export interface LockOptions {
  readonly purpose: string
  readonly mark: string
  /** False: fail at once when it is held. */
  readonly wait: boolean
  /** Milliseconds to wait at most; undefined waits for ever. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Called once when waiting begins. */
  readonly onWait?: (owner: LockOwner | undefined) => void
}

export interface Locks {
  /** Throws GraphError 'locked' (held and not waiting, or timed out) or 'cancelled'. */
  acquire(path: string, options: LockOptions): Promise<Lock>
  /** Who holds it, as far as that is written down: a question, which takes and makes nothing. */
  holder(path: string): Promise<LockOwner | undefined>
}

/**
 * Hears of changes. A hint says that something may have changed; that none comes says nothing: the
 * kernel drops what it has no room for, and some file systems tell nobody.
 */
export interface Watcher {
  watch(options: {
    /** A path in a watched folder, or the folder itself where it is not known which. */
    readonly onHint: (path: string) => void
    /** Folders cannot be watched, as for want of room in the kernel's table. */
    readonly onTrouble: (trouble: { readonly errno: string; readonly folder: string }) => void
  }): Watch
}

export interface Watch {
  /**
   * Watches these folders, without those below them, and no others. Resolves, when all are watched,
   * with whether one was not before: nobody has heard what changed in it until now.
   */
  set(folders: ReadonlySet<string>): Promise<boolean>
  close(): Promise<void>
}

export interface Clock {
  /** Milliseconds since 1970, with fractions. */
  now(): number
  /** Milliseconds since 1970, on the clock that file times come from. */
  fileNow(): number
  /** Changes with every start of the machine. */
  bootId(): string
  /** Calls back after `ms`; returns how to cancel. */
  after(ms: number, call: () => void): () => void
}

export interface Host {
  readonly disk: Disk
  readonly shell: Shell
  readonly locks: Locks
  readonly watcher: Watcher
  readonly clock: Clock
  /** The environment that the person started us with. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Facts of the machine that may decide an output, as 'cpu'. Undefined for an unknown name. */
  fact(name: string): string | undefined
  /** In the environment of every process started by this engine. */
  readonly mark: string
  readonly cores: number
  /** How many processes ran or wanted to run, on average over the last minute; 0 where nobody counts. */
  load(): number
  /** Makes a pipe for tokens, without any; rejects with the errno of a disk that knows no FIFO. */
  tokens(path: string): Promise<TokenPipe>
  /** The pipe of the make that started us and shares its jobs; undefined where there is none. */
  parentTokens(): Promise<TokenPipe | undefined>
}
