// A module whose compiled code is kept when its work is done. Node's own compile cache keeps what was
// compiled when a module was loaded: functions that are called later are compiled anew by every process,
// a tenth of the time of a run of one task. Wrong code would be worse than slow code: what is taken is whole
// and was made of this very text; V8 itself refuses what another V8, or one with other flags, has made.
const { createRequire, wrap }: typeof import('node:module') = require('node:module')
const fs: typeof import('node:fs') = require('node:fs')
const { dirname }: typeof import('node:path') = require('node:path')
const { Script }: typeof import('node:vm') = require('node:vm')
const { crc32 }: typeof import('node:zlib') = require('node:zlib')

// V8 lets go of the code of functions that have not been called for some collections of garbage.
const MOST_MS = 3000
// A command that works that much longer than the one whose code is kept (a look that found nothing to do, say)
// has called more; what was kept stays among it.
const MORE_WORK = 1.5
// Whatever the wrong command is called, there is one file for it.
const WRONG_USE = 2
const USAGE = 'usage'
// A sum of the code, and for how many milliseconds the command had worked of which it was kept.
const HEAD_BYTES = 8
const DAY_MS = 24 * 3600 * 1000

interface Kept {
  readonly name: string
  readonly code: Buffer
  readonly workMs: number
}

/**
 * Requires a CommonJS module of ours, of ASCII alone and without `import()`. Its code lies in `folder`, in a file
 * for each command. Trouble with that is no trouble: the module is compiled.
 */
function requireCompiled(filename: string, folder: string, command: string): unknown {
  const source = fs.readFileSync(filename)
  const sum = crc32(source).toString(16)
  const pathOf = (name: string): string => `${folder}/${name}-${sum}`
  const found = read(command, pathOf) ?? read(USAGE, pathOf)
  const text = wrap(source.toString('latin1'))
  const script = new Script(text, { filename, ...(found && { cachedData: found.code }) })
  const kept = script.cachedDataRejected ? undefined : found
  const begun = process.cpuUsage()
  process.once('exit', (code) => {
    const name = code === WRONG_USE ? USAGE : command
    const workMs = process.cpuUsage(begun).user / 1000
    const hasDoneMore = kept?.name !== command || workMs > kept.workMs * MORE_WORK
    const isWanted = name === USAGE ? kept === undefined : hasDoneMore
    if (!isWanted || workMs > MOST_MS) return
    keep(pathOf(name), { name, code: script.createCachedData(), workMs })
  })
  const module = { exports: {} }
  const run = script.runInThisContext()
  const own = [createRequire(filename), module, filename, dirname(filename)]
  run.call(module.exports, module.exports, ...own)
  return module.exports
}

function read(name: string, pathOf: (name: string) => string): Kept | undefined {
  try {
    const bytes = fs.readFileSync(pathOf(name))
    const code = bytes.subarray(HEAD_BYTES)
    const isWhole = bytes.readUInt32LE(0) === crc32(code)
    return isWhole ? { name, code, workMs: bytes.readUInt32LE(4) } : undefined
  } catch {
    return undefined
  }
}

function keep(path: string, { name, code, workMs }: Kept): void {
  try {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    removeOld(dirname(path), name)
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32LE(crc32(code))
    head.writeUInt32LE(workMs, 4)
    const young = `${path}.${process.pid}`
    fs.writeFileSync(young, Buffer.concat([head, code]), { mode: 0o600 })
    fs.renameSync(young, path)
  } catch {
    // A full disk, somebody else's folder: it stays as slow as it was.
  }
}

// Those of other builds of the program.
function removeOld(folder: string, command: string): void {
  for (const name of fs.readdirSync(folder)) {
    const path = `${folder}/${name}`
    if (name.startsWith(`${command}-`) && fs.statSync(path).mtimeMs < Date.now() - DAY_MS)
      fs.rmSync(path)
  }
}

module.exports = { requireCompiled }
