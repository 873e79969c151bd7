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
const MOST_MS = 10_000
const SUM_BYTES = 4
const DAY_MS = 24 * 3600 * 1000

/**
 * Requires a CommonJS module of ours, of ASCII alone and without `import()`. The code lies at `kept` and a sum of
 * the text. Trouble with it is no trouble: the module is compiled.
 */
function requireCompiled(filename: string, kept: string): unknown {
  const source = fs.readFileSync(filename)
  const path = `${kept}-${crc32(source).toString(16)}`
  const cachedData = read(path)
  const script = new Script(wrap(source.toString('latin1')), {
    filename,
    ...(cachedData && { cachedData }),
  })
  if (!cachedData || script.cachedDataRejected)
    process.once('exit', (code) => {
      if (code === 0 && performance.now() < MOST_MS) keep(path, kept, script)
    })
  const module = { exports: {} }
  const run = script.runInThisContext()
  const own = [createRequire(filename), module, filename, dirname(filename)]
  run.call(module.exports, module.exports, ...own)
  return module.exports
}

function read(path: string): Buffer | undefined {
  try {
    const bytes = fs.readFileSync(path)
    const code = bytes.subarray(SUM_BYTES)
    return bytes.readUInt32LE(0) === crc32(code) ? code : undefined
  } catch {
    return undefined
  }
}

function keep(path: string, kept: string, script: import('node:vm').Script): void {
  try {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    removeOld(kept)
    const code = script.createCachedData()
    const sum = Buffer.alloc(SUM_BYTES)
    sum.writeUInt32LE(crc32(code))
    const young = `${path}.${process.pid}`
    fs.writeFileSync(young, Buffer.concat([sum, code]), { mode: 0o600 })
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
