// A program: the backend works. Runs bitnet-probe of a prefix and has it load each library, in
// children, so that a crash is an answer. Usage: revalidate PREFIX [ANSWER]
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'

const prefix = resolve(process.argv[2] ?? '')
const answer = process.argv[3]
const tool =
  ['bitnet-probe', 'bitnet-probe.exe']
    .map((name) => join(prefix, 'bin', name))
    .find((path) => fs.existsSync(path)) ?? join(prefix, 'bin/bitnet-probe')

interface ProbeAnswer {
  readonly constants: Readonly<Record<string, unknown>>
  readonly libraries: readonly { readonly name: string; readonly path: string | null }[]
  readonly error?: string
}

try {
  const said = ask<ProbeAnswer>([])
  for (const { name, path } of said.libraries)
    if (path === null || !isInside(path))
      throw new Error(
        `${name} was loaded from ${path ?? 'nowhere'}, not from ${join(prefix, 'lib')}`,
      )
  const lib = join(prefix, 'lib')
  const files = libraryFiles(lib)
  ask(['--load', ...files.map((name) => join(lib, name))])
  if (answer !== undefined) {
    fs.mkdirSync(dirname(answer), { recursive: true })
    const names = said.libraries.map(({ name }) => name).sort()
    const text = JSON.stringify(
      { version: 1, constants: said.constants, libraries: names, loaded: files },
      null,
      2,
    )
    fs.writeFileSync(answer, `${text}\n`)
  }
} catch (error) {
  process.stderr.write(`revalidate: ${(error as Error).message}\n`)
  process.exitCode = 1
}

// The loader finds the libraries by the embedded RPATH alone: LD_LIBRARY_PATH would hide a wrong one.
function ask<T>(args: readonly string[]): T {
  const { LD_LIBRARY_PATH: _, DYLD_LIBRARY_PATH: __, ...env } = process.env
  const { stdout, stderr, status, signal, error } = spawnSync(tool, args, { env, encoding: 'utf8' })
  if (error) throw new Error(`${tool} cannot be run: ${error.message}`)
  const said = parsed(stdout)
  if (status === 0 && said !== undefined) return said as T
  const how = signal ?? `exit code ${status}`
  const last = stderr.trim().split('\n').at(-1)?.replace(`${tool}: `, '')
  const why = (said as { error?: string } | undefined)?.error ?? last
  throw new Error(`${tool} failed (${how}): ${why}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// In the prefix, or a library of somebody else to which it links.
function isInside(path: string): boolean {
  const real = fs.realpathSync(path)
  const lib = join(prefix, 'lib')
  return (
    real.startsWith(`${fs.realpathSync(prefix)}/`) ||
    fs.readdirSync(lib).some((name) => fs.realpathSync(join(lib, name)) === real)
  )
}

// Of a chain of links the file at its end, or the first link to one that lies elsewhere.
function libraryFiles(lib: string): readonly string[] {
  const seen = new Set<string>()
  return fs
    .readdirSync(lib)
    .sort()
    .filter((name) => {
      const path = join(lib, name)
      const isOwnLink = fs.lstatSync(path).isSymbolicLink() && !isAbsolute(fs.readlinkSync(path))
      return !isOwnLink && seen.size !== seen.add(fs.realpathSync(path)).size
    })
}
