// This process becomes another program: same pid, same open streams. An execve that fails aborts Node with
// exit 134, so whatever can be known beforehand is asked first.
import { accessSync, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

import { platformOf } from '../../tasks/platform.ts'

/** Whether this system can replace a running process. Windows cannot. */
export function canBecome(platform: NodeJS.Platform): boolean {
  return platformOf(platform).canExec && typeof process.execve === 'function'
}

/**
 * Replaces this process. Returns only when that is not to be: with what the system would have said
 * (`code` as ENOENT, EACCES, ENOEXEC), or because `signal` is aborted.
 */
export async function become(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Error> {
  // What is still buffered in a pipe would be lost with this image.
  await Promise.all([drained(process.stdout), drained(process.stderr)])
  try {
    signal?.throwIfAborted()
    // As late as can be: between this look and the call there is nothing but the call.
    requireProgram(program)
    process.execve?.(program, [program, ...args], { ...env })
    return new Error('this system has no exec()')
  } catch (error) {
    return error as Error
  }
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) return resolve()
    stream.write('', () => resolve())
  })
}

// ELF; Mach-O with 64 and 32 bits; a Mach-O file for several processors.
const MAGIC = ['7f454c46', 'cffaedfe', 'cefaedfe', 'cafebabe']

/** @throws what an execve of it would fail with */
function requireProgram(path: string): void {
  accessSync(path, constants.X_OK)
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(4)
    if (!fstatSync(file).isFile()) throw systemError('EACCES', 'permission denied', path)
    readSync(file, start, 0, 4, 0)
    if (!MAGIC.includes(start.toString('hex')))
      throw systemError('ENOEXEC', 'exec format error', path)
  } finally {
    closeSync(file)
  }
}

function systemError(code: string, text: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${text}, execve '${path}'`), { code })
}
