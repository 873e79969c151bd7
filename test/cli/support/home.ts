// Temporary homes: every test has its own, and nothing of it is left.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The body of a test that is given an empty home. */
export function inHome(body: (home: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const home = newFolder()
    try {
      await body(home)
    } finally {
      removeFolder(home)
    }
  }
}

/** A new empty folder. Its path is real: what the program prints of it can be compared. */
export function newFolder(): string {
  return fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'bitnet-cli-')))
}

export function removeFolder(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** Copies a home with its times and links: the state of a repair, without repairing again. */
export function copyHome(from: string, to: string): void {
  execFileSync('cp', ['-a', `${from}/.`, to])
}

/** Takes the installation of llama.cpp away; what a repair has fetched and built for it stays. */
export function uninstall(home: string): void {
  fs.rmSync(join(home, '.cache/llama_cpp'))
  removeFolder(join(home, '.cache/.llama_cpp.generations'))
}

/** One line per file, link and folder below it, with content, mode and modification time. */
export function digestOf(folder: string): string {
  const hash = createHash('sha256')
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  for (const name of names) {
    const path = join(folder, name)
    const stat = fs.lstatSync(path)
    const content = stat.isSymbolicLink()
      ? fs.readlinkSync(path)
      : stat.isFile()
        ? fs.readFileSync(path)
        : ''
    hash.update(`${name}\0${stat.mode}\0${stat.mtimeMs}\0`).update(content).update('\0')
  }
  return hash.digest('hex')
}

/** A folder for PATH with links to the programs that are named, and no others. */
export function toolFolder(into: string, names: readonly string[]): string {
  fs.mkdirSync(into, { recursive: true })
  for (const name of names) {
    const found = (process.env['PATH'] ?? '')
      .split(':')
      .map((folder) => join(folder, name))
      .find((path) => fs.existsSync(path))
    if (found === undefined) throw new Error(`this test needs '${name}' on PATH`)
    fs.symlinkSync(found, join(into, name))
  }
  return into
}
