// A module whose compiled code is kept when its work is done. Node's own compile cache keeps what was
// compiled when a module was loaded: functions that are called later are compiled anew by every process,
// a tenth of the time of a run of one task. Wrong code would be worse than slow code: what is taken is whole
// and was made of this very text; V8 itself refuses what another V8, or one with other flags, has made.
const { createRequire, wrap }: typeof import('node:module') = require('node:module')
const fs: typeof import('node:fs') = require('node:fs')
const { dirname }: typeof import('node:path') = require('node:path')
const { Script }: typeof import('node:vm') = require('node:vm')
const { crc32 }: typeof import('node:zlib') = require('node:zlib')

// V8 lets go of the code of functions that have not been called for a while.
const MOST_MS = 3000
// A command that works that much longer than the one whose code is kept (its help, say, or a look that found
// nothing to do) has called more; what was kept stays among it.
const MORE_WORK = 1.5
// A slip of the pen makes no file.
const WRONG_USE = 2
// A sum of the code, and for how many milliseconds the process had worked that kept it.
const HEAD_BYTES = 8
const DAY_MS = 24 * 3600 * 1000

/**
 * Requires a CommonJS module of ours, of ASCII alone and without `import()`. The code lies at `kept` and a sum of
 * the text. Trouble with it is no trouble: the module is compiled.
 */
function requireCompiled(filename: string, kept: string): unknown {
  const source = fs.readFileSync(filename)
  const path = `${kept}-${crc32(source).toString(16)}`
  const { workMs, ...found } = read(path)
  const script = new Script(wrap(source.toString('latin1')), { filename, ...found })
  const enough = script.cachedDataRejected ? 0 : workMs * MORE_WORK
  process.once('exit', (code) => {
    const worked = process.cpuUsage().user / 1000
    if (code !== WRONG_USE && worked > enough && performance.now() < MOST_MS)
      keep(path, kept, { script, worked })
  })
  const module = { exports: {} }
  const run = script.runInThisContext()
  const own = [createRequire(filename), module, filename, dirname(filename)]
  run.call(module.exports, module.exports, ...own)
  return module.exports
}

function read(path: string): { readonly cachedData?: Buffer; readonly workMs: number } {
  try {
    const bytes = fs.readFileSync(path)
    const cachedData = bytes.subarray(HEAD_BYTES)
    if (bytes.readUInt32LE(0) === crc32(cachedData))
      return { cachedData, workMs: bytes.readUInt32LE(4) }
  } catch {
    // There is none, or none that can be read.
  }
  return { workMs: 0 }
}

function keep(
  path: string,
  kept: string,
  { script, worked }: { script: import('node:vm').Script; worked: number },
): void {
  try {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    removeOld(kept)
    const code = script.createCachedData()
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32LE(crc32(code))
    head.writeUInt32LE(worked, 4)
    const young = `${path}.${process.pid}`
    fs.writeFileSync(young, Buffer.concat([head, code]), { mode: 0o600 })
    fs.renameSync(young, path)
  } catch {
    // A full disk, somebody else's folder: it stays as slow as it was.
  }
}

// Those of other builds of the program.
function removeOld(kept: string): void {
  const folder = dirname(kept)
  for (const name of fs.readdirSync(folder)) {
    const path = `${folder}/${name}`
    if (path.startsWith(`${kept}-`) && fs.statSync(path).mtimeMs < Date.now() - DAY_MS)
      fs.rmSync(path)
  }
}

module.exports = { requireCompiled }
